//! Checks of attributes.

use super::finding::LintProblem;
use super::registered::Deprecated;
use super::registry;
use crate::span::data::AnyValue;

/// The largest value that is not reported, in bytes.
pub(super) const MAX_BYTES: usize = 4096;

/// Calls `found` with the key and the problem of each attribute that has one.
pub(super) fn check(
    attributes: &[(String, AnyValue)],
    resource: &[(String, AnyValue)],
    found: &mut dyn FnMut(&str, LintProblem),
) {
    for (key, value) in attributes {
        let bytes = size(value);
        if bytes > MAX_BYTES {
            found(key, LintProblem::TooLarge { bytes });
        }
        if resource.iter().any(|(of, same)| of == key && same == value) {
            found(key, LintProblem::Duplicate { of: format!("{key} of the resource") });
        }
        match registry::find(key) {
            Some(registered) => {
                match registered.deprecated {
                    Some(Deprecated::RenamedTo(new)) => {
                        if attributes.iter().any(|(of, same)| of == new && same == value) {
                            found(key, LintProblem::Duplicate { of: new.to_owned() });
                        } else {
                            found(key, LintProblem::Deprecated { renamed_to: Some(new) });
                        }
                    }
                    Some(Deprecated::Obsolete) => found(key, LintProblem::Deprecated { renamed_to: None }),
                    None => {}
                }
                if !registered.value.accepts(value) {
                    found(key, LintProblem::WrongType { expected: registered.value.name() });
                }
            }
            None => {
                if let Some(namespace) = registry::reserved_namespace(key) {
                    found(key, LintProblem::UnknownInNamespace { namespace: namespace.to_owned() });
                }
            }
        }
    }
}

/// The size of the texts and bytes in a value.
fn size(value: &AnyValue) -> usize {
    match value {
        AnyValue::String(text) => text.len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::Array(values) => values.iter().map(size).sum(),
        _ => 8,
    }
}
