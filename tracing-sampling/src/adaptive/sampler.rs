//! A sampler with an adaptive rate.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_core_lite::sampling::SamplingInput;
use tracing_core_lite::sampling::consistent::Threshold;

use super::controller::Controller;
use super::settings::Settings;
use super::{AdaptiveState, Condition};
use crate::clock::Clock;
use crate::head::composable::{impl_sampler, threshold_of};
use crate::head::{ComposableSampler, Intent, intent_of_parent};
use crate::ticker::{self, Ticker};

/// A sampler whose rate follows the state of the system. See the [module](super).
///
/// It decides about roots only, and follows the threshold of a parent. Clones share the state.
#[derive(Debug, Clone)]
pub struct Adaptive {
    shared: Arc<Shared>,
    _ticker: Option<Arc<Ticker>>,
}

#[derive(Debug)]
struct Shared {
    threshold: AtomicU64,
    controller: Mutex<Controller>,
    clock: Box<dyn Clock>,
}

impl Adaptive {
    pub(super) fn new(mut settings: Settings) -> Self {
        let clock = std::mem::replace(&mut settings.clock, Box::new(crate::clock::SystemClock::default()));
        let controller = Controller::new(settings, clock.now());
        let threshold = AtomicU64::new(threshold_of(controller.state(clock.now()).rate).get());
        Self {
            shared: Arc::new(Shared { threshold, controller: Mutex::new(controller), clock }),
            _ticker: None,
        }
    }

    pub(super) fn started(settings: Settings) -> io::Result<Self> {
        let interval = settings.interval;
        let mut adaptive = Self::new(settings);
        let shared = Arc::downgrade(&adaptive.shared);
        let ticker =
            ticker::start("adaptive-sampling", shared, interval, |shared: &Shared| shared.evaluate())?;
        adaptive._ticker = Some(Arc::new(ticker));
        Ok(adaptive)
    }

    /// Reads the inputs and sets the rate, as at the end of an interval. For samplers without their own thread.
    pub fn evaluate(&self) {
        self.shared.evaluate();
    }

    /// Returns the current rate and the reason for it.
    #[must_use]
    pub fn state(&self) -> AdaptiveState {
        self.shared.lock().state(self.shared.clock.now())
    }

    /// Returns the share of new traces that is sampled.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.shared.threshold().probability()
    }

    /// Returns whether the storage is nearly full, for the
    /// [suspension](crate::head::ForceRule::with_suspension) of a force rule: forced traces are exempt from the rate, but
    /// not from a full storage.
    #[must_use]
    pub fn is_storage_full(&self) -> bool {
        self.shared.lock().is_on(Condition::Storage)
    }
}

impl Shared {
    fn evaluate(&self) {
        let now = self.clock.now();
        let rate = self.lock().evaluate(now);
        self.threshold.store(threshold_of(rate).get(), Relaxed);
    }

    fn threshold(&self) -> Threshold {
        Threshold::from_bits(self.threshold.load(Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, Controller> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ComposableSampler for Adaptive {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        match input.parent {
            Some(parent) => intent_of_parent(parent),
            None => Intent::new(self.shared.threshold()),
        }
    }

    fn description(&self) -> String {
        format!("Adaptive{{{}}}", self.rate())
    }
}

impl_sampler!(Adaptive);
