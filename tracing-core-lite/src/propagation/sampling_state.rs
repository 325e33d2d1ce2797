//! What a sender says about sampling besides the sampled flag.

/// What a sender says about sampling, in formats that say more than W3C Trace Context's sampled flag.
///
/// | state | B3 | Jaeger | X-Ray | Datadog | OT Trace |
/// |---|---|---|---|---|---|
/// | [`Deny`](Self::Deny) | `0` | `0` | `Sampled=0` | `0`, `-1` | `false` |
/// | [`Accept`](Self::Accept) | `1` | `1` | `Sampled=1` | `1` | `true` |
/// | [`Debug`](Self::Debug) | `d` | `3` | | `2` | |
/// | [`Deferred`](Self::Deferred) | absent | | `Sampled=?`, absent | absent | absent |
///
/// A span with a deferred parent is sampled as the sampler decides about roots. A span whose parent is in debug mode is
/// recorded and sampled, whatever the sampler says, and the mode is sent on with every span of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SamplingState {
    /// The trace is not sampled.
    Deny,
    /// The trace is sampled.
    Accept,
    /// The trace is sampled, and no sampler may reject it.
    Debug,
    /// The sender has not decided. The receiver does.
    Deferred,
}

impl SamplingState {
    /// Returns whether the state implies the sampled flag.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::Accept | Self::Debug)
    }
}
