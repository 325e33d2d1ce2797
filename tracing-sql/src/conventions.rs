//! Which names attributes have.

use tracing_core_lite::{Recorder, Value};

use crate::semconv::Name;

/// Which names attributes have: those of the stable conventions, the older ones, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conventions {
    /// `db.system.name`, `db.query.text`, `db.namespace`, `server.address`.
    #[default]
    Stable,
    /// `db.system`, `db.statement`, `db.name`, `net.peer.name`, and the stable name where there was none.
    Old,
    /// All of them, for the time of a change.
    Both,
}

impl Conventions {
    /// What `OTEL_SEMCONV_STABILITY_OPT_IN` asks for: both names for `database/dup`, the stable ones otherwise.
    #[must_use]
    pub fn from_env() -> Self {
        std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").map_or(Self::Stable, |list| Self::from_opt_in(&list))
    }

    fn from_opt_in(list: &str) -> Self {
        if list.split(',').any(|item| item.trim() == "database/dup") { Self::Both } else { Self::Stable }
    }

    /// Inlined for the usual case, in which the name is a constant of the code.
    #[inline(always)]
    pub(crate) fn set<'v>(self, span: &mut Recorder<'_>, name: Name, value: impl Into<Value<'v>>) {
        match self {
            Self::Stable => {
                span.set(name.stable, value);
            }
            _ => self.set_old(span, name, value.into()),
        }
    }

    #[cold]
    fn set_old(self, span: &mut Recorder<'_>, name: Name, value: Value<'_>) {
        for key in self.keys(name) {
            span.set(key, value);
        }
    }

    /// All names that the attribute has.
    pub(crate) fn keys(self, name: Name) -> impl Iterator<Item = &'static str> {
        let stable = (self != Self::Old || name.old.is_none()).then_some(name.stable);
        stable.into_iter().chain(name.old.filter(|_| self != Self::Stable))
    }

    #[inline(always)]
    pub(crate) fn set_some<'v, V: Into<Value<'v>>>(
        self,
        span: &mut Recorder<'_>,
        name: Name,
        value: Option<V>,
    ) {
        if let Some(value) = value {
            self.set(span, name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_for_those_who_ask_for_them() {
        for (list, expected) in [
            ("", Conventions::Stable),
            ("database", Conventions::Stable),
            ("http, database/dup", Conventions::Both),
            ("http/dup", Conventions::Stable),
        ] {
            assert_eq!(Conventions::from_opt_in(list), expected, "{list}");
        }
    }
}
