//! The builder of a tail sampler.

use std::time::Duration;

use tracing_core_lite::pipeline::Exporter;
use tracing_core_lite::pipeline::view::StatusCode;

use super::policy::Policy;
use super::settings::{Mode, TailSettings};
use super::stage::{StartError, TailSampler};

/// The attributes for the status of an HTTP response: the stable convention and the older one.
const HTTP_STATUS: [&str; 2] = ["http.response.status_code", "http.status_code"];

/// Builds a [`TailSampler`]. A trace is kept if any policy keeps it.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct TailBuilder {
    settings: TailSettings,
}

impl TailSampler {
    /// Creates a builder with the default settings and no policy, which keeps nothing.
    pub fn builder() -> TailBuilder {
        TailBuilder::default()
    }
}

impl TailBuilder {
    /// Replaces all settings. Policies that were added before are appended to those of `settings`.
    pub fn with_settings(mut self, mut settings: TailSettings) -> Self {
        settings.policies.append(&mut self.settings.policies);
        self.settings = settings;
        self
    }

    /// Adds a policy.
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.settings.policies.push(policy);
        self
    }

    /// Keeps traces with a span of status error, or with an HTTP status of 500 and above.
    pub fn keep_errors(self) -> Self {
        self.keep_errors_from(500)
    }

    /// Keeps traces with a span of status error, or with an HTTP status of `http_status` and above.
    pub fn keep_errors_from(self, http_status: u16) -> Self {
        let range = i64::from(http_status)..=i64::MAX;
        let [stable, old] = HTTP_STATUS;
        self.with_policy(Policy::status_code("errors", [StatusCode::Error]))
            .with_policy(Policy::numeric_attribute("http errors", stable, range.clone()))
            .with_policy(Policy::numeric_attribute("http errors (old convention)", old, range))
    }

    /// Keeps traces that take at least `threshold`, in whole milliseconds.
    pub fn keep_slower_than(self, threshold: Duration) -> Self {
        self.with_policy(Policy::latency("slow", threshold))
    }

    /// Keeps traces with a span of this `http.route`.
    pub fn keep_endpoint(self, route: &str) -> Self {
        self.with_policy(Policy::string_attribute(format!("endpoint {route}"), "http.route", [route]))
    }

    /// Keeps traces in which an attribute of a span or its resource has this value.
    pub fn keep_attribute(self, key: &str, value: &str) -> Self {
        self.with_policy(Policy::string_attribute(format!("{key}={value}"), key, [value]))
    }

    /// Keeps this share of all traces, from 0 to 1.
    pub fn keep_rest(self, probability: f64) -> Self {
        self.with_policy(Policy::probabilistic("rest", probability * 100.0))
    }

    /// Sets how policies are evaluated; [`Mode::Consistent`] by default.
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// Declares that the head records spans that it does not sample. They are then kept if a policy that is not random
    /// matches. Shares and budgets, also a share of 100 %, apply to the spans that the head sampled.
    pub fn with_record_only_head(mut self) -> Self {
        self.settings.record_only_head = true;
        self
    }

    /// Starts the stage in front of `exporter`.
    ///
    /// # Errors
    /// Returns the errors of [`TailSampler::new`].
    pub fn build(self, exporter: impl Exporter) -> Result<TailSampler, StartError> {
        TailSampler::new(self.settings, exporter)
    }
}
