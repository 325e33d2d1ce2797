//! A number from an HTTP endpoint.

use std::time::Duration;

use ureq::Agent;

use super::{Input, InputError};

/// The time for one request.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a response, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// A number that an HTTP endpoint returns, such as the share of the trace storage in use.
///
/// The body is a number, or JSON in which a pointer (RFC 6901) selects a number or a string that contains one. Any status
/// other than 2xx is an error.
///
/// ```
/// use tracing_sampling::adaptive::inputs::HttpFigure;
///
/// // Prometheus: a query that returns a percentage.
/// let storage = HttpFigure::new("http://prometheus:9090/api/v1/query?query=storage_used_percent")
///     .with_pointer("/data/result/0/value/1")
///     .with_factor(0.01);
/// ```
#[derive(Debug, Clone)]
pub struct HttpFigure {
    agent: Agent,
    url: String,
    pointer: String,
    factor: f64,
}

impl HttpFigure {
    /// Creates an input. `https` needs the feature `tls`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let agent = crate::http_agent::agent(TIMEOUT);
        Self { agent, url: url.into(), pointer: String::new(), factor: 1.0 }
    }

    /// Sets the JSON pointer to the number. The default is the whole body.
    #[must_use]
    pub fn with_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    /// Sets a factor, for an endpoint that returns percent (0.01). The default is 1.
    #[must_use]
    pub fn with_factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    fn parse(&self, body: &str) -> Option<f64> {
        let body: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
        let value = body.pointer(&self.pointer)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        number.filter(|number| number.is_finite())
    }
}

impl Input for HttpFigure {
    fn read(&mut self) -> Result<f64, InputError> {
        let error = |reason: String| InputError::new(format!("{}: {reason}", self.url));
        let mut response = self.agent.get(&self.url).call().map_err(|failed| error(failed.to_string()))?;
        let body = response.body_mut().with_config().limit(LONGEST).read_to_string();
        let body = body.map_err(|failed| error(failed.to_string()))?;
        let number =
            self.parse(&body).ok_or_else(|| error(format!("there is no number at {:?}", self.pointer)))?;
        Ok(number * self.factor)
    }
}
