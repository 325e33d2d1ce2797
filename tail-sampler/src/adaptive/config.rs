//! The section `adaptive` of the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tracing_sampling::adaptive::Rates;
use tracing_sampling::adaptive::inputs::HttpFigure;

/// Adaptive rates for the services whose spans are received.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AdaptiveConfig {
    /// The address of Jaeger's sampling endpoint; 127.0.0.1:5778 by default.
    #[serde(default = "endpoint")]
    pub endpoint: SocketAddr,
    /// The time between two evaluations in seconds; 15 by default.
    #[serde(default = "interval")]
    pub interval_seconds: u64,
    /// The rates; those that are left out have the defaults of [`Rates`].
    #[serde(default)]
    rates: RatesConfig,
    /// An endpoint that returns how full the trace storage is. Without it, the condition is off.
    #[serde(default)]
    pub storage: Option<StorageFigure>,
    /// The file that keeps when each version of each service was first seen. Without it, deployments do not change rates.
    #[serde(default)]
    pub first_seen_file: Option<PathBuf>,
}

/// A number from an HTTP endpoint.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StorageFigure {
    /// The URL.
    pub url: String,
    /// The JSON pointer to the number; the whole body by default.
    #[serde(default)]
    pub pointer: String,
    /// The factor that makes it a share from 0 to 1; 1 by default.
    #[serde(default = "factor")]
    pub factor: f64,
}

/// Shares of traces, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RatesConfig {
    base: Option<Share>,
    errors: Option<Share>,
    traffic: Option<Share>,
    storage: Option<Share>,
    cpu: Option<Share>,
    deployment: Option<Share>,
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Share(f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        match (0.0..=1.0).contains(&share) {
            true => Ok(Self(share)),
            false => Err(format!("a rate cannot be {share}; valid are numbers from 0 to 1")),
        }
    }
}

fn endpoint() -> SocketAddr {
    ([127, 0, 0, 1], 5778).into()
}

fn interval() -> u64 {
    15
}

fn factor() -> f64 {
    1.0
}

impl AdaptiveConfig {
    /// Returns the time between two evaluations.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_seconds.max(1))
    }

    /// Returns the rates.
    #[must_use]
    pub fn rates(&self) -> Rates {
        let RatesConfig { base, errors, traffic, storage, cpu, deployment } = self.rates;
        let set = |rates: Rates, share: Option<Share>, with: fn(Rates, f64) -> Rates| match share {
            Some(Share(share)) => with(rates, share),
            None => rates,
        };
        let rates = set(Rates::default(), base, Rates::with_base);
        let rates = set(set(rates, errors, Rates::with_errors), traffic, Rates::with_traffic);
        let rates = set(set(rates, storage, Rates::with_storage), cpu, Rates::with_cpu);
        set(rates, deployment, Rates::with_deployment)
    }
}

impl StorageFigure {
    pub(super) fn input(&self) -> HttpFigure {
        HttpFigure::new(&self.url).with_pointer(&self.pointer).with_factor(self.factor)
    }
}
