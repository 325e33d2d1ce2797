//! The conditions of a rule.

use std::fmt::{self, Display, Formatter};

use tracing_core_lite::SpanKind;
use tracing_core_lite::sampling::AttributeValue;

use super::facts::Facts;
use super::force::ForceRule;

/// A condition that a span satisfies or not.
#[derive(Debug)]
pub(super) enum Condition {
    Route(String),
    /// Without a slash at the end.
    PathPrefix(String),
    Method(String),
    Service(String),
    Name(String),
    Kind(SpanKind),
    Attribute(String, AttributeValue<'static>),
    Header {
        name: String,
        value: String,
    },
    Force(ForceRule),
}

impl Condition {
    #[inline]
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Route(route) => facts.route() == Some(route.as_str()),
            Self::PathPrefix(prefix) => facts.path().is_some_and(|path| is_below(path, prefix)),
            Self::Method(method) => facts.method() == Some(method.as_str()),
            Self::Service(service) => facts.input.service_name() == service,
            Self::Name(name) => facts.input.name == name,
            Self::Kind(kind) => facts.input.kind == kind,
            Self::Attribute(key, value) => facts.input.attribute(key).as_ref() == Some(value),
            Self::Header { name, value } => facts.input.header(name) == Some(value.as_bytes()),
            Self::Force(force) => force.applies_to(facts.input),
        }
    }

    /// Returns the header that the condition reads, unless a secret or the peer protects it.
    pub(super) fn header(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// Returns whether `path` is `prefix` or lies below it.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(route) => write!(f, "route={route}"),
            Self::PathPrefix(prefix) => write!(f, "path={prefix}/*"),
            Self::Method(method) => write!(f, "method={method}"),
            Self::Service(service) => write!(f, "service={service}"),
            Self::Name(name) => write!(f, "name={name}"),
            Self::Kind(kind) => write!(f, "kind={kind:?}"),
            Self::Attribute(key, value) => write!(f, "{key}={}", value.clone().into_text()),
            Self::Header { name, value } => write!(f, "{name}: {value}"),
            Self::Force(force) => write!(f, "force={}", force.key()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_prefix_ends_at_a_slash() {
        for (path, prefix, expected) in [
            ("/admin", "/admin", true),
            ("/admin/", "/admin", true),
            ("/admin/users", "/admin", true),
            ("/administrator", "/admin", false),
            ("/adm", "/admin", false),
            ("/x/admin", "/admin", false),
            ("/anything", "", true),
        ] {
            assert_eq!(is_below(path, prefix), expected, "{path} {prefix}");
        }
    }
}
