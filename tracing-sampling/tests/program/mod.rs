//! A traced program in simulated time, whose exported bytes are read.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::HashMap;
use std::ops::Add;
use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::Context;
use tracing_core_lite::pipeline::{BatchLimits, Exporter};
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::sampling::{AttributeValue, ParentBased, Sampler};
use tracing_core_lite::testing::seed_ids;
use tracing_core_lite::{SpanKind, Tracer, TracerProvider};
use tracing_sampling::clock::ManualClock;

/// The attribute that requests are told apart by.
pub(crate) const KEY: &str = "http.route";

/// A program whose spans are exported into memory.
pub(crate) struct Program {
    pub(crate) clock: ManualClock,
    provider: TracerProvider,
    exporter: MemoryExporter,
    tracer: Tracer,
    random: fastrand::Rng,
}

/// Requests: how many there were, how many were kept, and the estimate from the kept ones.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) arrived: f64,
    pub(crate) kept: f64,
    pub(crate) estimated: f64,
}

impl Tally {
    /// Returns the estimate divided by the arrivals.
    pub(crate) fn ratio(&self) -> f64 {
        self.estimated / self.arrived
    }

    /// Returns the variance of the estimate if each request is kept with the same probability.
    pub(crate) fn ideal_variance(&self) -> f64 {
        let probability = self.kept / self.arrived;
        self.arrived * (1.0 - probability) / probability
    }
}

impl Program {
    /// Starts a program whose ids and arrivals follow from `seed`. `make` gets its clock.
    pub(crate) fn start<S: Sampler>(seed: u64, make: impl FnOnce(ManualClock) -> S) -> Self {
        Self::start_with(seed, |exporter| exporter, make)
    }

    /// Like [`start`](Program::start), with stages around the exporter.
    pub(crate) fn start_with<S: Sampler, E: Exporter>(
        seed: u64,
        wrap: impl FnOnce(MemoryExporter) -> E,
        make: impl FnOnce(ManualClock) -> S,
    ) -> Self {
        Self::start_timed(seed, |exporter, _| wrap(exporter), make)
    }

    /// Like [`start_with`](Program::start_with), with stages that read the clock.
    pub(crate) fn start_timed<S: Sampler, E: Exporter>(
        seed: u64,
        wrap: impl FnOnce(MemoryExporter, ManualClock) -> E,
        make: impl FnOnce(ManualClock) -> S,
    ) -> Self {
        seed_ids(seed);
        let clock = ManualClock::default();
        let exporter = MemoryExporter::new();
        let (provider, warnings) = tracing_core_lite::init()
            .with_service_name("orders")
            .with_sampler(ParentBased::new(make(clock.clone())))
            .with_exporter(wrap(exporter.clone(), clock.clone()))
            .with_batch_limits(BatchLimits::default().with_max_queue_size(1 << 20))
            .build(&|_: &str| None)
            .expect("the export thread starts");
        assert!(warnings.is_empty(), "{warnings:?}");
        let tracer = provider.tracer("test");
        // A different sequence from that of the ids.
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995);
        Self { clock, provider, exporter, tracer, random }
    }

    /// Handles one request.
    pub(crate) fn request(&self, key: &'static str) {
        let known = [(KEY, AttributeValue::from(key))];
        let root = Context::new();
        let span =
            self.tracer.span("request").with_kind(SpanKind::Server).with_parent(&root).with_request(&known);
        span.start_with(|span| {
            span.set(KEY, key);
        })
        .end();
    }

    /// Handles requests that arrive by chance, `rate` per second, for some time. `keys` chooses their keys. Returns the
    /// number of requests by key.
    pub(crate) fn run(
        &mut self,
        rate: f64,
        time: Duration,
        mut key: impl FnMut(&mut fastrand::Rng) -> &'static str,
    ) -> HashMap<&'static str, usize> {
        let mut arrived = HashMap::new();
        let mut rest = time.as_secs_f64();
        loop {
            // The times between arrivals of a Poisson process.
            let gap = -(1.0 - self.random.f64()).ln() / rate;
            if gap >= rest {
                self.clock.advance(Duration::from_secs_f64(rest));
                return arrived;
            }
            rest -= gap;
            self.clock.advance(Duration::from_secs_f64(gap));
            let key = key(&mut self.random);
            *arrived.entry(key).or_default() += 1;
            self.request(key);
        }
    }

    /// Returns what was exported since the last call, by key.
    pub(crate) fn exported(&self) -> HashMap<String, Tally> {
        self.provider.flush(Duration::from_secs(60)).expect("all spans are exported");
        let mut tallies: HashMap<String, Tally> = HashMap::new();
        for finished in self.exporter.take() {
            let span = &finished.span;
            let key = span.attribute(KEY).and_then(|value| value.as_str()).unwrap_or_default();
            let member = span.trace_state.split(',').find_map(|member| member.strip_prefix("ot="));
            let ot = OtTraceState::read(member.unwrap_or_default());
            let tally = tallies.entry(key.to_owned()).or_default();
            tally.kept += 1.0;
            tally.estimated += ot.adjusted_count();
        }
        tallies
    }

    /// Like [`run`](Program::run), and returns what was exported of it, by key.
    pub(crate) fn tally(
        &mut self,
        rate: f64,
        time: Duration,
        key: impl FnMut(&mut fastrand::Rng) -> &'static str,
    ) -> HashMap<String, Tally> {
        let arrived = self.run(rate, time, key);
        let mut tallies = self.exported();
        for (key, arrived) in arrived {
            tallies.entry(key.to_owned()).or_default().arrived += arrived as f64;
        }
        tallies
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            kept: self.kept + other.kept,
            estimated: self.estimated + other.estimated,
        }
    }
}

/// Returns the sum of all keys.
pub(crate) fn total(tallies: &HashMap<String, Tally>) -> Tally {
    tallies.values().fold(Tally::default(), |sum, &tally| sum + tally)
}

/// Returns the mean, the standard deviation and the standard error of the mean.
pub(crate) fn statistics(values: &[f64]) -> (f64, f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    (mean, deviation, deviation / count.sqrt())
}
