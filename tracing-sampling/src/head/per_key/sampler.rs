//! The sampler that shares a rate among keys.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tracing_core_lite::sampling::SamplingInput;
use tracing_core_lite::sampling::consistent::Threshold;

use super::key::{self, Field};
use super::schedule::Schedule;
use super::table::{Key, Table};
use crate::clock::{Clock, SystemClock};
use crate::head::composable::{ComposableSampler, Intent, impl_sampler, threshold_of};
use crate::head::parent_threshold;
use crate::head::rate::{Arrivals, Update};

const INTERVAL: Duration = Duration::from_secs(15);
const MAX_KEYS: usize = 500;

/// A sampler that samples a number of traces per second, shared among the values of some attributes, so that rare
/// operations are seen and frequent ones do not take the whole budget.
///
/// Each key has an exponential moving average of its arrivals, updated every 15 s: half of it is the latest interval. The
/// goal is divided in proportion to the logarithm of these averages, with at least one trace per interval for each key if
/// the goal allows it. An interval without arrivals changes nothing. At the start, and when the rate of all arrivals jumps,
/// the averages are updated earlier: after half a second, one second, two seconds and so on.
///
/// At most 500 keys are distinguished. All others share one key within the goal. A new key is sampled at the initial
/// probability, or less if the goal requires it.
///
/// The decision follows from the trace's randomness and the key's probability, which travels as `th`: counts are correct in
/// total and for each key. It decides about roots only, and follows the threshold of a parent.
///
/// ```
/// use tracing_core_lite::sampling::ParentBased;
/// use tracing_sampling::head::PerKey;
///
/// // 20 traces per second, shared among routes and methods.
/// let per_route = PerKey::builder(20.0).with_attribute("http.route").with_attribute("http.request.method").build();
/// let sampler = ParentBased::new(per_route);
/// # let _ = sampler;
/// ```
#[derive(Debug)]
pub struct PerKey {
    /// Traces per second.
    goal: f64,
    fields: Vec<Field>,
    interval: Duration,
    initial: f64,
    max_keys: usize,
    arrivals: Arrivals,
    table: ArcSwap<Table>,
    state: Mutex<State>,
    /// The threshold of new keys.
    first: AtomicU64,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    /// The rate of all arrivals at the last update.
    rate: f64,
}

/// A builder for [`PerKey`].
#[derive(Debug)]
#[must_use = "the sampler is made with `build`"]
pub struct PerKeyBuilder {
    goal: f64,
    fields: Vec<Field>,
    interval: Duration,
    initial: f64,
    max_keys: usize,
    clock: Box<dyn Clock>,
}

impl PerKey {
    /// Creates a builder with a goal in traces per second. Negative values and NaN are treated as 0, which samples nothing.
    /// Without an attribute, the key is the name of the span.
    pub fn builder(traces_per_second: f64) -> PerKeyBuilder {
        PerKeyBuilder {
            goal: traces_per_second.max(0.0),
            fields: Vec::new(),
            interval: INTERVAL,
            initial: 1.0,
            max_keys: MAX_KEYS,
            clock: Box::new(SystemClock::default()),
        }
    }
}

impl PerKeyBuilder {
    /// Adds an attribute to the key. Choose attributes with few values: a route, not a path.
    pub fn with_attribute(mut self, key: impl Into<String>) -> Self {
        self.fields.push(Field::Attribute(key.into()));
        self
    }

    /// Adds the span's name to the key.
    pub fn with_span_name(mut self) -> Self {
        self.fields.push(Field::SpanName);
        self
    }

    /// Sets the interval of updates. The default is 15 s.
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets the probability of a key that is new in an interval, from 0 to 1. The default is 1. It is lowered so that the
    /// goal holds even if all keys are new.
    pub fn with_initial_probability(mut self, probability: f64) -> Self {
        self.initial = probability;
        self
    }

    /// Sets how many keys are distinguished. The default is 500.
    pub fn with_max_keys(mut self, max_keys: usize) -> Self {
        self.max_keys = max_keys;
        self
    }

    /// Sets the clock, for tests that simulate time.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds the sampler.
    #[must_use]
    pub fn build(mut self) -> PerKey {
        if self.fields.is_empty() {
            self.fields.push(Field::SpanName);
        }
        let first = if self.goal > 0.0 { threshold_of(self.initial) } else { Threshold::NEVER };
        let schedule = Schedule::new(self.interval, self.clock.now());
        PerKey {
            goal: self.goal,
            fields: self.fields,
            interval: self.interval,
            initial: self.initial,
            max_keys: self.max_keys,
            arrivals: Arrivals::new(self.clock),
            table: ArcSwap::from_pointee(Table::new(first)),
            state: Mutex::new(State { schedule, rate: 0.0 }),
            first: AtomicU64::new(first.get()),
        }
    }
}

impl PerKey {
    /// Counts an arrival, and returns the threshold for it.
    fn next(&self, input: &SamplingInput<'_>) -> Threshold {
        self.arrivals.count(|update| self.update(update));
        let key = key::of(&self.fields, input);
        let table = self.table.load();
        match table.find(&key) {
            Some(key) => key.next(),
            None => self.add(&key),
        }
    }

    /// Counts the arrival of a key that is not in the table.
    #[cold]
    fn add(&self, name: &str) -> Threshold {
        let _writer = self.lock();
        let table = self.table.load();
        if let Some(key) = table.find(name) {
            return key.next();
        }
        if table.len() >= self.max_keys {
            return table.others().next();
        }
        let key = Key::new(Threshold::from_bits(self.first.load(Relaxed)));
        let threshold = key.next();
        self.table.store(table.with(name, key).into());
        threshold
    }

    fn update(&self, Update { rate, has_changed, now }: Update) {
        let mut state = self.lock();
        let limit = if rate > 0.0 { (self.goal / rate).min(self.initial) } else { self.initial };
        let first = threshold_of(if self.goal > 0.0 { limit } else { 0.0 });
        self.first.store(first.get(), Relaxed);
        let usual = self.interval.as_secs_f64();
        let goal = self.goal * usual;
        let table = self.table.load();
        let before = std::mem::replace(&mut state.rate, rate);
        if has_changed && before > 0.0 {
            state.schedule.restart(now);
            table.scale(rate / before, goal);
        } else if let Some(end) = state.schedule.end(now)
            && let Some(smaller) = table.end_interval(end.seconds, usual, end.replaces, goal)
        {
            self.table.store(smaller.into());
        }
        table.set_first(first);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ComposableSampler for PerKey {
    fn intent<'a>(&'a self, input: &SamplingInput<'_>) -> Intent<'a> {
        match input.parent {
            Some(parent) => parent_threshold::of_parent(parent),
            None => Intent::new(self.next(input)),
        }
    }

    fn description(&self) -> String {
        format!("PerKey{{{}}}", self.goal)
    }
}

impl_sampler!(PerKey);
