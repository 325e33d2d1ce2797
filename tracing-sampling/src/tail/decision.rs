//! Outcomes of policies, and how they are combined.

/// The outcome of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The policy keeps the trace.
    Sampled,
    /// The policy does not keep the trace. Another policy may keep it.
    NotSampled,
    /// An inverted condition keeps the trace. Only the rules of older Collectors distinguish this from
    /// [`Sampled`](Decision::Sampled).
    InvertSampled,
    /// An inverted condition drops the trace, even if another policy keeps it. Only the rules of older Collectors have
    /// this outcome.
    InvertNotSampled,
    /// The policy drops the trace, even if another policy keeps it.
    Dropped,
}

impl Decision {
    /// Returns the outcome of a policy of type `not`.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Sampled => Self::NotSampled,
            Self::NotSampled => Self::Sampled,
            other => other,
        }
    }

    /// Returns whether the outcome counts as a match within `and`, `drop` and `composite`.
    #[must_use]
    pub fn is_match(self) -> bool {
        matches!(self, Self::Sampled | Self::InvertSampled)
    }

    /// Combines the outcomes of all policies: dropped, then inverted not sampled, then sampled, then inverted sampled if
    /// no policy says not sampled. Returns whether the trace is kept, and the number of the policy that decided.
    #[must_use]
    pub fn combine(outcomes: &[Self]) -> (bool, Option<usize>) {
        let first = |wanted: Self| outcomes.iter().position(|outcome| *outcome == wanted);
        if let Some(by) = first(Self::Dropped).or_else(|| first(Self::InvertNotSampled)) {
            return (false, Some(by));
        }
        if let Some(by) = first(Self::Sampled) {
            return (true, Some(by));
        }
        match first(Self::InvertSampled) {
            Some(by) if first(Self::NotSampled).is_none() => (true, Some(by)),
            _ => (false, None),
        }
    }
}
