//! The settings of an adaptive sampler.

use std::time::Duration;

use super::inputs::{Input, RequestSource};
use super::{Limits, Rates};
use crate::clock::{Clock, SystemClock};

/// The settings of a builder.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) rates: Rates,
    pub(super) interval: Duration,
    pub(super) step: f64,
    pub(super) shortest: Duration,
    pub(super) deployment_time: Duration,
    pub(super) errors: Limits,
    pub(super) traffic: Limits,
    pub(super) storage: Limits,
    pub(super) cpu: Limits,
    pub(super) requests: Option<Box<dyn RequestSource>>,
    pub(super) storage_input: Option<Box<dyn Input>>,
    pub(super) cpu_input: Option<Box<dyn Input>>,
    pub(super) deployment_input: Option<Box<dyn Input>>,
    pub(super) clock: Box<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rates: Rates::default(),
            interval: Duration::from_secs(15),
            step: 0.5,
            shortest: Duration::from_secs(10),
            deployment_time: Duration::from_secs(3600),
            errors: Limits::new(0.05, 0.04),
            traffic: Limits::new(2.0, 1.5),
            storage: Limits::new(0.9, 0.75),
            cpu: Limits::new(0.8, 0.65),
            requests: None,
            storage_input: None,
            cpu_input: None,
            deployment_input: None,
            clock: Box::new(SystemClock::default()),
        }
    }
}
