//! Which names attributes have.

/// Which names attributes have: those of the current conventions, the older ones, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conventions {
    /// `rpc.system.name`, and `rpc.method` with the full name of the method.
    #[default]
    Stable,
    /// `rpc.system`, `rpc.service`, and `rpc.method` without the service. Attributes that had no older name keep theirs.
    Old,
    /// `rpc.system.name`, `rpc.system`, `rpc.service`, and `rpc.method` with the full name of the method.
    Both,
}

impl Conventions {
    /// Returns what the environment variable `OTEL_SEMCONV_STABILITY_OPT_IN` selects: [`Both`](Self::Both) if its list
    /// contains `rpc/dup`, and [`Stable`](Self::Stable) otherwise.
    #[must_use]
    pub fn from_env() -> Self {
        std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").map_or(Self::Stable, |list| Self::from_opt_in(&list))
    }

    fn from_opt_in(list: &str) -> Self {
        if list.split(',').any(|item| item.trim() == "rpc/dup") { Self::Both } else { Self::Stable }
    }

    pub(super) fn has_stable(self) -> bool {
        self != Self::Old
    }

    pub(super) fn has_old(self) -> bool {
        self != Self::Stable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_adds_the_old_names() {
        for (list, expected) in [
            ("", Conventions::Stable),
            ("rpc", Conventions::Stable),
            ("http, rpc/dup", Conventions::Both),
            ("database/dup", Conventions::Stable),
        ] {
            assert_eq!(Conventions::from_opt_in(list), expected, "{list}");
        }
    }
}
