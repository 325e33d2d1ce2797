//! The sums of what was timed.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a section does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Starts a span, which is recorded or not.
    Start { recorded: bool },
    /// Writes to a recorded span.
    Write,
    /// Ends a recorded span.
    End,
}

/// Called with the time that the start of a span took, for each start that is timed.
type OnStart = Box<dyn Fn(Duration) + Send + Sync>;

/// The sums of the timed sections of one engine.
#[derive(Default)]
pub(crate) struct Account {
    /// Nanoseconds in recorded spans and in others, extrapolated to all sections.
    recorded: AtomicU64,
    unrecorded: AtomicU64,
    /// Sections, extrapolated.
    sections: AtomicU64,
    samples: AtomicU64,
    on_start: OnceLock<OnStart>,
}

/// What an [`Account`] holds at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Time in recorded spans.
    pub(crate) recorded: Duration,
    /// Time in spans that were not recorded.
    pub(crate) unrecorded: Duration,
    /// Timed sections, and how many they stand for.
    pub(crate) samples: u64,
    pub(crate) sections: u64,
}

impl Account {
    /// Adds a section that took `time` and stands for `weight` sections.
    pub(super) fn add(&self, part: Part, time: Duration, weight: u32) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).saturating_mul(u64::from(weight));
        let sum = match part {
            Part::Start { recorded: false } => &self.unrecorded,
            Part::Start { recorded: true } | Part::Write | Part::End => &self.recorded,
        };
        sum.fetch_add(nanos, Ordering::Relaxed);
        self.sections.fetch_add(u64::from(weight), Ordering::Relaxed);
        self.samples.fetch_add(1, Ordering::Relaxed);
        if let (Part::Start { .. }, Some(on_start)) = (part, self.on_start.get()) {
            on_start(time);
        }
    }

    /// Sets what is called with each timed start. Only the first call counts.
    #[cfg_attr(not(feature = "self-metrics"), expect(dead_code))]
    pub(crate) fn on_start(&self, on_start: impl Fn(Duration) + Send + Sync + 'static) {
        let _ = self.on_start.set(Box::new(on_start));
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            recorded: Duration::from_nanos(self.recorded.load(Ordering::Relaxed)),
            unrecorded: Duration::from_nanos(self.unrecorded.load(Ordering::Relaxed)),
            samples: self.samples.load(Ordering::Relaxed),
            sections: self.sections.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.totals().fmt(f)
    }
}
