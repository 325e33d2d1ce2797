//! The attributes that the semantic conventions define.

use super::registered::Registered;
use super::registry_data::ATTRIBUTES;

/// Returns the registered attribute of this key. Templates match every key below theirs.
pub(super) fn find(key: &str) -> Option<&'static Registered> {
    let exact = |key: &str| {
        ATTRIBUTES.binary_search_by(|registered| registered.key.cmp(key)).ok().map(|at| &ATTRIBUTES[at])
    };
    exact(key).filter(|registered| !registered.template).or_else(|| {
        let dots = key.match_indices('.').map(|(at, _)| at);
        dots.rev().find_map(|at| exact(&key[..at]).filter(|registered| registered.template))
    })
}

/// Returns the first part of the key if the conventions define attributes below it. `user` and `session` are left to
/// applications too: their own attributes, such as `user.tier`, are common there.
pub(super) fn reserved_namespace(key: &str) -> Option<&str> {
    let (namespace, _) = key.split_once('.')?;
    let from = ATTRIBUTES.partition_point(|registered| registered.key < namespace);
    let below = ATTRIBUTES[from..].iter().take_while(|registered| registered.key.starts_with(namespace));
    let mut reserved = below.filter(|registered| registered.key[namespace.len()..].starts_with('.'));
    (!matches!(namespace, "user" | "session") && reserved.next().is_some()).then_some(namespace)
}
