//! The builder of an adaptive sampler.

use std::io;
use std::time::{Duration, SystemTime};

use super::inputs::{Input, RequestSource};
use super::settings::Settings;
use super::{Adaptive, Limits, Rates};
use crate::clock::Clock;

/// A builder for [`Adaptive`]. The defaults are those of the [table](super).
#[derive(Debug, Default)]
#[must_use = "the sampler is made with `start` or `build`"]
pub struct AdaptiveBuilder(Settings);

impl Adaptive {
    /// Creates a builder.
    pub fn builder() -> AdaptiveBuilder {
        AdaptiveBuilder::default()
    }
}

impl AdaptiveBuilder {
    /// Sets the rates.
    pub fn with_rates(mut self, rates: Rates) -> Self {
        self.0.rates = rates;
        self
    }

    /// Sets the time between two evaluations. The default is 15 s.
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.0.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets by how much the rate can rise in an interval, as a share of itself. The default is 0.5. The rate falls immediately.
    pub fn with_step(mut self, step: f64) -> Self {
        self.0.step = step.max(0.0);
        self
    }

    /// Sets the shortest time that a condition stays on. The default is 10 s.
    pub fn with_shortest(mut self, shortest: Duration) -> Self {
        self.0.shortest = shortest;
        self
    }

    /// Sets how long a version counts as new. The default is one hour.
    pub fn with_deployment_time(mut self, time: Duration) -> Self {
        self.0.deployment_time = time.max(Duration::from_secs(1));
        self
    }

    /// Sets the limits of the share of requests that fail. The defaults are 0.05 and 0.04.
    pub fn with_error_limits(mut self, limits: Limits) -> Self {
        self.0.errors = limits;
        self
    }

    /// Sets the limits of the traffic, as multiples of the average of the last hour. The defaults are 2 and 1.5.
    pub fn with_traffic_limits(mut self, limits: Limits) -> Self {
        self.0.traffic = limits;
        self
    }

    /// Sets the limits of the share of the storage in use. The defaults are 0.9 and 0.75.
    pub fn with_storage_limits(mut self, limits: Limits) -> Self {
        self.0.storage = limits;
        self
    }

    /// Sets the limits of the share of CPU time in use. The defaults are 0.8 and 0.65.
    pub fn with_cpu_limits(mut self, limits: Limits) -> Self {
        self.0.cpu = limits;
        self
    }

    /// Sets the source of the numbers of requests and errors.
    pub fn with_requests(mut self, source: impl RequestSource) -> Self {
        self.0.requests = Some(Box::new(source));
        self
    }

    /// Sets the input that returns the share of the trace storage in use, from 0 to 1.
    pub fn with_storage(mut self, input: impl Input) -> Self {
        self.0.storage_input = Some(Box::new(input));
        self
    }

    /// Sets the input that returns the share of CPU time in use, from 0 to 1.
    pub fn with_cpu(mut self, input: impl Input) -> Self {
        self.0.cpu_input = Some(Box::new(input));
        self
    }

    /// Sets the input that returns the age of the service's version, in seconds since it was first seen.
    ///
    /// The age is that of the version, not of the process: a restart is not a deployment.
    pub fn with_version_age(mut self, input: impl Input) -> Self {
        self.0.deployment_input = Some(Box::new(input));
        self
    }

    /// Sets the time at which the version was first deployed. A time in the future counts as now.
    pub fn with_first_seen(self, first_seen: SystemTime) -> Self {
        self.with_version_age(move || Ok(first_seen.elapsed().unwrap_or_default().as_secs_f64()))
    }

    /// Sets the clock, for tests that simulate time.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.0.clock = Box::new(clock);
        self
    }

    /// Builds a sampler that reads its inputs when [`evaluate`](Adaptive::evaluate) is called.
    #[must_use]
    pub fn build(self) -> Adaptive {
        Adaptive::new(self.0)
    }

    /// Builds a sampler that reads its inputs in each interval, on a thread that ends when the last clone of the sampler
    /// is dropped.
    ///
    /// # Errors
    /// Returns an error if the operating system refuses the thread.
    pub fn start(self) -> io::Result<Adaptive> {
        Adaptive::started(self.0)
    }
}
