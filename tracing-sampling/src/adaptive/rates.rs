//! The rates, and the rule that chooses among them.

use super::{Condition, Reason};

/// The rates of the conditions: shares of all traces, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Rates {
    /// The rate when no condition is on. The default is 0.01.
    pub base: f64,
    /// The lowest rate while errors are frequent. The default is 0.1.
    pub errors: f64,
    /// The base rate while traffic is high. The default is 0.005.
    pub traffic: f64,
    /// The highest rate while the storage is nearly full. The default is 0.001.
    pub storage: f64,
    /// The highest rate while the CPU is busy. `None`, the default, means half of the base rate.
    pub cpu: Option<f64>,
    /// The lowest rate while the version is new. The default is 0.2.
    pub deployment: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { base: 0.01, errors: 0.1, traffic: 0.005, storage: 0.001, cpu: None, deployment: 0.2 }
    }
}

impl Rates {
    /// Sets the base rate.
    #[must_use]
    pub fn with_base(mut self, rate: f64) -> Self {
        self.base = rate;
        self
    }

    /// Sets the lowest rate while errors are frequent.
    #[must_use]
    pub fn with_errors(mut self, rate: f64) -> Self {
        self.errors = rate;
        self
    }

    /// Sets the base rate while traffic is high.
    #[must_use]
    pub fn with_traffic(mut self, rate: f64) -> Self {
        self.traffic = rate;
        self
    }

    /// Sets the highest rate while the storage is nearly full.
    #[must_use]
    pub fn with_storage(mut self, rate: f64) -> Self {
        self.storage = rate;
        self
    }

    /// Sets the highest rate while the CPU is busy.
    #[must_use]
    pub fn with_cpu(mut self, rate: f64) -> Self {
        self.cpu = Some(rate);
        self
    }

    /// Sets the lowest rate while the version is new.
    #[must_use]
    pub fn with_deployment(mut self, rate: f64) -> Self {
        self.deployment = rate;
        self
    }

    /// Returns the rate if the conditions for which `is_on` returns true are on, and the reason for it:
    /// `min(storage cap, CPU cap, max(error floor, deployment floor, base))`.
    ///
    /// ```
    /// use tracing_sampling::adaptive::{Condition, Rates, Reason};
    ///
    /// let on = [Condition::Errors, Condition::Storage];
    /// let (rate, reason) = Rates::default().resolve(|condition| on.contains(&condition));
    /// assert_eq!((rate, reason), (0.001, Reason::Condition(Condition::Storage)));
    /// ```
    #[must_use]
    pub fn resolve(&self, is_on: impl Fn(Condition) -> bool) -> (f64, Reason) {
        let mut rate = (self.base, Reason::Base);
        if is_on(Condition::Traffic) {
            rate = (self.traffic, Reason::Condition(Condition::Traffic));
        }
        for (condition, floor) in [(Condition::Errors, self.errors), (Condition::Deployment, self.deployment)]
        {
            if is_on(condition) && floor > rate.0 {
                rate = (floor, Reason::Condition(condition));
            }
        }
        let cpu = self.cpu.unwrap_or(self.base / 2.0);
        for (condition, cap) in [(Condition::Cpu, cpu), (Condition::Storage, self.storage)] {
            if is_on(condition) && cap < rate.0 {
                rate = (cap, Reason::Condition(condition));
            }
        }
        (rate.0.clamp(0.0, 1.0), rate.1)
    }
}
