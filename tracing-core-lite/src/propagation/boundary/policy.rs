//! What happens to a trace at a boundary.

use super::Partner;

/// How the context of a received request or message is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundPolicy {
    /// The trace continues, with the sender's sampling decision, tracestate and baggage. The default.
    #[default]
    Trusted,
    /// The trace id continues, but the sampler decides as about a root, from randomness that is drawn for the request, so
    /// that the partner's choice of a trace id does not decide. Baggage and tracestate are accepted as agreed.
    Partner(Partner),
    /// A new trace starts, with a link to the sender's span. Its flags, tracestate and baggage are ignored.
    Public,
}

impl InboundPolicy {
    /// Returns a number that grows with the trust.
    pub(super) fn trust(&self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Partner(_) => 1,
            Self::Trusted => 2,
        }
    }

    /// Returns whether the sender is trusted.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted)
    }
}

impl From<Partner> for InboundPolicy {
    fn from(partner: Partner) -> Self {
        Self::Partner(partner)
    }
}

/// What a request or message carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboundPolicy {
    /// Ids, flags, tracestate and baggage. The default.
    #[default]
    Everything,
    /// Ids and flags, in the formats of the propagator: with W3C Trace Context, `traceparent` alone. No tracestate, no
    /// baggage, no tags of vendors.
    TraceparentOnly,
    /// Like [`TraceparentOnly`](Self::TraceparentOnly), with a random trace id and span id for each call. The client's span
    /// has them as attributes, so that its trace can be found by the ids that the receiver knows. The receiver cannot tell
    /// which calls belong together.
    Pseudonym,
    /// Nothing. Headers that the caller has set are removed.
    Nothing,
}

impl OutboundPolicy {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::TraceparentOnly => "traceparent",
            Self::Pseudonym => "pseudonym",
            Self::Nothing => "nothing",
        }
    }
}
