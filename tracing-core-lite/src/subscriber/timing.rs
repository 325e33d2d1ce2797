//! The time for which a span was entered, and the time for which it was not.

use crate::Recorder;
use crate::clock::Timestamp;

/// The busy time and the idle time of a span.
#[derive(Debug)]
pub(super) struct Timing {
    busy: u64,
    idle: u64,
    /// When the span was last entered by its first thread or left by its last one.
    since: Timestamp,
    /// The number of times that it is entered now.
    entered: u32,
}

impl Timing {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { busy: 0, idle: 0, since: start, entered: 0 }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: Timestamp) {
        if self.entered == 0 {
            self.idle += nanos(self.since, now);
            self.since = now;
        }
        self.entered += 1;
    }

    #[inline]
    pub(super) fn exit(&mut self, now: Timestamp) {
        self.entered = self.entered.saturating_sub(1);
        if self.entered == 0 {
            self.busy += nanos(self.since, now);
            self.since = now;
        }
    }

    pub(super) fn write(&self, span: &mut Recorder<'_>) {
        span.set("busy_ns", self.busy).set("idle_ns", self.idle);
    }
}

fn nanos(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}
