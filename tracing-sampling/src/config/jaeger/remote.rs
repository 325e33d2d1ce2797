//! A sampler that polls Jaeger's strategies.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tracing_core_lite::sampling::{Sampler, SamplingDecision, SamplingInput};

use super::source::Source;
use super::{ArgumentError, Strategy, operations};
use crate::head::ComposableSampler;
use crate::ticker::{self, Ticker};

/// The default of OpenTelemetry's specification for the polling interval.
const INTERVAL: Duration = Duration::from_secs(60);

/// The initial rate of Jaeger's own libraries.
const INITIAL: f64 = 0.001;

/// A sampler that polls its strategy from Jaeger's HTTP endpoint or from a strategies file: `jaeger_remote`.
///
/// Until the first strategy has been read, it samples at the initial rate. A strategy that cannot be read leaves the last one
/// in force, is logged once, and shows in the [status](JaegerRemote::status). A strategy that has not changed keeps its
/// state.
///
/// It decides about each span separately. For whole traces, use it as the root of `ParentBased`
/// (`parentbased_jaeger_remote`).
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "JaegerRemoteSampler".
#[derive(Debug, Clone)]
pub struct JaegerRemote {
    state: Arc<State>,
    _ticker: Arc<Ticker>,
}

#[derive(Debug)]
struct State {
    sampler: ArcSwap<Box<dyn ComposableSampler>>,
    status: Mutex<JaegerRemoteStatus>,
}

/// The status of a [`JaegerRemote`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct JaegerRemoteStatus {
    /// The strategy in force. `None` before the first was read.
    pub strategy: Option<Strategy>,
    /// When a strategy was last read.
    pub read_at: Option<SystemTime>,
    /// Why the last attempt failed. `None` if it succeeded.
    pub error: Option<String>,
}

/// A builder for [`JaegerRemote`].
#[derive(Debug, Clone)]
#[must_use = "the sampler is made with `start`"]
pub struct JaegerRemoteBuilder {
    service_name: String,
    source: Place,
    interval: Duration,
    initial: f64,
}

#[derive(Debug, Clone)]
enum Place {
    Endpoint(String),
    File(PathBuf),
}

impl JaegerRemote {
    /// Creates a builder for the service with this name. By default it polls `http://localhost:5778/sampling`.
    pub fn builder(service_name: impl Into<String>) -> JaegerRemoteBuilder {
        JaegerRemoteBuilder {
            service_name: service_name.into(),
            source: Place::Endpoint("http://localhost:5778/sampling".into()),
            interval: INTERVAL,
            initial: INITIAL,
        }
    }

    /// Returns the strategy in force, when it was read, and the last error.
    #[must_use]
    pub fn status(&self) -> JaegerRemoteStatus {
        self.state.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl JaegerRemoteBuilder {
    /// Sets the URL of the HTTP endpoint. If it has no path, `/sampling` is added. `https` needs the feature `tls`.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.source = Place::Endpoint(url.into());
        self
    }

    /// Reads a strategies file instead of an endpoint.
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.source = Place::File(path.into());
        self
    }

    /// Sets the time between two attempts. The default is 60 s.
    pub fn with_polling_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets the share of traces to sample until a strategy has been read, from 0 to 1. The default is 0.001.
    pub fn with_initial_sampling_rate(mut self, rate: f64) -> Self {
        self.initial = rate;
        self
    }

    /// Starts to poll, on a thread that ends when the last clone of the sampler is dropped.
    ///
    /// # Errors
    /// Returns an error if the endpoint is not a URL that this build can read, or if the operating system refuses the thread.
    pub fn start(self) -> Result<JaegerRemote, ArgumentError> {
        let source = match &self.source {
            Place::Endpoint(url) => Source::http(url, &self.service_name).map_err(ArgumentError::new)?,
            Place::File(path) => Source::file(path.clone(), &self.service_name),
        };
        let initial = operations::sampler(&Strategy::Probabilistic(self.initial));
        let state = Arc::new(State { sampler: ArcSwap::from_pointee(initial), status: Mutex::default() });
        let ticker =
            ticker::start("jaeger-sampling", Arc::downgrade(&state), self.interval, move |state: &State| {
                state.read(&source)
            })
            .map_err(|error| ArgumentError::new(format!("the polling thread cannot be started: {error}")))?;
        Ok(JaegerRemote { state, _ticker: Arc::new(ticker) })
    }
}

impl State {
    /// Reads the strategy, and puts it in force if it has changed.
    fn read(&self, source: &Source) {
        let read = source.read().and_then(|text| source.parse(&text));
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(strategy) => {
                if status.strategy.as_ref() != Some(&strategy) {
                    self.sampler.store(Arc::new(operations::sampler(&strategy)));
                }
                *status = JaegerRemoteStatus {
                    strategy: Some(strategy),
                    read_at: Some(SystemTime::now()),
                    error: None,
                };
            }
            Err(error) => {
                if status.error.as_ref() != Some(&error) {
                    tracing::warn!(%error, "sampling strategies cannot be read; the last ones stay in force");
                }
                status.error = Some(error);
            }
        }
    }
}

impl Sampler for JaegerRemote {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        self.state.sampler.load().intent(input).decide(input)
    }

    fn description(&self) -> String {
        format!("JaegerRemote{{{}}}", self.state.sampler.load().description())
    }
}
