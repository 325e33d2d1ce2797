//! The choice between the stable and the older attribute names.

use super::AttributeName;
use crate::span::{Recorder, Value};

/// The names that attributes have: those of the stable conventions, the older ones, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conventions {
    /// `db.system.name`, `db.query.text`, `db.namespace`, `server.address`.
    #[default]
    Stable,
    /// `db.system`, `db.statement`, `db.name`, `net.peer.name`. Attributes without an older name keep the stable one.
    Old,
    /// Both names, for a migration.
    Both,
}

impl Conventions {
    /// Returns what `OTEL_SEMCONV_STABILITY_OPT_IN` asks for: [`Both`](Self::Both) if the list contains
    /// `database/dup`, otherwise [`Stable`](Self::Stable).
    #[must_use]
    pub fn from_env() -> Self {
        std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").map_or(Self::Stable, |list| Self::from_opt_in(&list))
    }

    fn from_opt_in(list: &str) -> Self {
        if list.split(',').any(|item| item.trim() == "database/dup") { Self::Both } else { Self::Stable }
    }

    /// Sets an attribute under each of its selected names.
    // Inlined because the name is a constant at every call.
    #[inline(always)]
    pub fn set<'v>(self, span: &mut Recorder<'_>, name: AttributeName, value: impl Into<Value<'v>>) {
        match self {
            Self::Stable => {
                span.set(name.stable, value);
            }
            _ => self.set_old(span, name, value.into()),
        }
    }

    /// Sets an attribute as [`set`](Self::set) does, if there is a value.
    #[inline(always)]
    pub fn set_some<'v, V: Into<Value<'v>>>(
        self,
        span: &mut Recorder<'_>,
        name: AttributeName,
        value: Option<V>,
    ) {
        if let Some(value) = value {
            self.set(span, name, value);
        }
    }

    #[cold]
    fn set_old(self, span: &mut Recorder<'_>, name: AttributeName, value: Value<'_>) {
        for key in self.keys(name) {
            span.set(key, value);
        }
    }

    /// Returns the selected names of an attribute.
    pub fn keys(self, name: AttributeName) -> impl Iterator<Item = &'static str> {
        let stable = (self != Self::Old || name.old.is_none()).then_some(name.stable);
        stable.into_iter().chain(name.old.filter(|_| self != Self::Stable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_selects_both_names() {
        for (list, expected) in [
            ("", Conventions::Stable),
            ("database", Conventions::Stable),
            ("http, database/dup", Conventions::Both),
            ("http/dup", Conventions::Stable),
        ] {
            assert_eq!(Conventions::from_opt_in(list), expected, "{list}");
        }
    }

    #[test]
    fn an_attribute_without_an_older_name_keeps_the_stable_one() {
        let renamed = AttributeName::renamed("new", "old");
        let unchanged = AttributeName::new("new");
        for (conventions, name, expected) in [
            (Conventions::Stable, renamed, vec!["new"]),
            (Conventions::Old, renamed, vec!["old"]),
            (Conventions::Both, renamed, vec!["new", "old"]),
            (Conventions::Old, unchanged, vec!["new"]),
            (Conventions::Both, unchanged, vec!["new"]),
        ] {
            assert_eq!(conventions.keys(name).collect::<Vec<_>>(), expected, "{conventions:?}");
        }
    }
}
