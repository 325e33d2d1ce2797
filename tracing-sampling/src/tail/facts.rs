//! The properties of a trace that policies compare.

use tracing_core_lite::pipeline::view::{SpanHead, StatusCode};
use tracing_core_lite::sampling::consistent::{OtTraceState, Randomness};

use super::size::CollectorSize;

/// 2⁵⁶: one more than the largest randomness.
pub(super) const LIMIT: u64 = 1 << 56;

/// The properties of a trace that policies compare. Each span is read once, when it arrives.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Conditions that some span or resource meets.
    pub(super) matched: u128,
    /// Start of the first span and end of the last, in nanoseconds since the Unix epoch; 0 if there is none.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) spans: u64,
    /// Bytes of the encoded spans.
    pub(super) bytes: u64,
    /// The highest threshold that a span arrived with.
    pub(super) threshold: u64,
    /// Explicit randomness of the trace (`rv`).
    pub(super) randomness: Option<u64>,
    /// Whether some span is marked as sampled.
    pub(super) sampled: bool,
    /// The size in the Collector, if something compares with it.
    pub(super) size: Option<Box<CollectorSize>>,
}

impl Facts {
    /// Returns the randomness of the trace.
    pub(super) fn randomness(&self, trace: u128) -> u64 {
        self.randomness.unwrap_or(trace as u64 & (LIMIT - 1))
    }

    /// Returns the size that the Collector's `bytes_limiting` counts.
    pub(super) fn size_in_collector(&self) -> u64 {
        self.size.as_ref().map_or(self.bytes, |size| size.outer())
    }

    /// Returns the size that `maximum_trace_size_bytes` bounds.
    pub(super) fn size_of_parts(&self) -> u64 {
        self.size.as_ref().map_or(self.bytes, |size| size.inner())
    }

    /// Adds a span, except for its conditions.
    #[inline]
    pub(super) fn add(&mut self, head: &SpanHead<'_>, bytes: usize) {
        if self.start == 0 || head.start_time_unix_nano < self.start {
            self.start = head.start_time_unix_nano;
        }
        if self.end == 0 || head.end_time_unix_nano > self.end {
            self.end = head.end_time_unix_nano;
        }
        self.spans += 1;
        self.bytes += bytes as u64;
        self.sampled |= head.is_sampled();
        if let Ok(trace_state) = head.trace_state()
            && !trace_state.is_empty()
        {
            self.add_trace_state(trace_state);
        }
    }

    fn add_trace_state(&mut self, trace_state: &str) {
        let Some(ot) = member(trace_state, "ot") else { return };
        let ot = OtTraceState::read(ot);
        if let Some(threshold) = ot.threshold() {
            self.threshold = self.threshold.max(threshold.get());
        }
        self.randomness = self.randomness.or(ot.randomness().map(Randomness::get));
    }

    /// Returns the time from the first start to the last end in whole milliseconds, rounded towards zero.
    #[allow(clippy::cast_possible_wrap)]
    pub(super) fn duration_millis(&self) -> i64 {
        (self.end as i64).saturating_sub(self.start as i64) / 1_000_000
    }
}

/// Returns the value of the first member with this key.
pub(super) fn member<'a>(trace_state: &'a str, key: &str) -> Option<&'a str> {
    trace_state.split(',').find_map(|member| member.trim().strip_prefix(key)?.strip_prefix('='))
}

/// Returns the bit of a status code.
pub(super) fn status_bit(status: StatusCode) -> u8 {
    match status {
        StatusCode::Ok => 2,
        StatusCode::Error => 4,
        _ => 1,
    }
}
