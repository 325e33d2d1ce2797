//! The strategies file of a Jaeger collector.
//!
//! Source: Jaeger documentation, "Sampling", section "File-based Sampling Configuration".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::location::Text;
use super::{JaegerError, OperationStrategies, Strategy};

/// The share that Jaeger samples where the file has no default.
const DEFAULT: f64 = 0.001;

/// The strategies of all services.
///
/// ```
/// use tracing_sampling::config::jaeger::{Strategies, Strategy};
///
/// let strategies = Strategies::parse(r#"{
///     "service_strategies": [{ "service": "orders", "type": "ratelimiting", "param": 5 }],
///     "default_strategy": { "type": "probabilistic", "param": 0.5 }
/// }"#)?;
/// assert_eq!(*strategies.strategy("orders"), Strategy::RateLimiting(5.0));
/// assert_eq!(*strategies.strategy("payment"), Strategy::Probabilistic(0.5));
///
/// let error = Strategies::parse("{ \"default_strategy\":\n{ \"type\": \"sometimes\", \"param\": 1 } }").unwrap_err();
/// assert_eq!(error.to_string(), "line 2: unknown type \"sometimes\": use probabilistic or ratelimiting");
/// # Ok::<(), tracing_sampling::config::jaeger::JaegerError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Strategies {
    default: Strategy,
    services: BTreeMap<String, Strategy>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    default_strategy: Option<ServiceEntry<'a>>,
    #[serde(borrow, default)]
    service_strategies: Vec<ServiceEntry<'a>>,
}

#[derive(Deserialize)]
struct ServiceEntry<'a> {
    #[serde(borrow, default)]
    service: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    #[serde(borrow)]
    param: &'a RawValue,
    #[serde(borrow, default)]
    operation_strategies: Vec<OperationEntry<'a>>,
}

#[derive(Deserialize)]
struct OperationEntry<'a> {
    #[serde(borrow)]
    operation: &'a RawValue,
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    #[serde(borrow)]
    param: &'a RawValue,
}

impl Strategies {
    /// Reads a file. Fields that Jaeger does not know are ignored. Without a default strategy, services that are not named
    /// sample 0.001 of their traces, as Jaeger does.
    ///
    /// The operations of the default strategy apply to every service that has no strategy of its own for them. A strategy
    /// of an operation may be rate limiting, which Jaeger replaces by a probability.
    ///
    /// # Errors
    /// Returns an error that names the line, if the file is not JSON, lacks a field, or has an unknown type or a parameter
    /// out of range.
    pub fn parse(text: &str) -> Result<Self, JaegerError> {
        let file: File<'_> = serde_json::from_str(text)?;
        let text = Text(text);
        let (default, common) = match &file.default_strategy {
            Some(entry) => (strategy(text, entry.kind, entry.param)?, operations(text, entry)?),
            None => (Strategy::Probabilistic(DEFAULT), BTreeMap::new()),
        };
        let mut services = BTreeMap::new();
        for entry in &file.service_strategies {
            let Some(service) = entry.service else {
                return Err(text.error(entry.kind, "a service strategy has no service: add \"service\""));
            };
            let mut all = common.clone();
            all.extend(operations(text, entry)?);
            let strategy = strategy(text, entry.kind, entry.param)?;
            services.insert(text.string("service", service)?, with_operations(strategy, all));
        }
        Ok(Self { default: with_operations(default, common), services })
    }

    /// Returns the strategy of a service.
    #[must_use]
    pub fn strategy(&self, service: &str) -> &Strategy {
        self.services.get(service).unwrap_or(&self.default)
    }
}

fn strategy<'a>(text: Text<'a>, kind: &'a RawValue, param: &'a RawValue) -> Result<Strategy, JaegerError> {
    match text.string("type", kind)?.as_str() {
        "probabilistic" => Ok(Strategy::Probabilistic(text.number("param", param, 1.0)?)),
        "ratelimiting" => Ok(Strategy::RateLimiting(text.number("param", param, f64::INFINITY)?)),
        other => Err(text.error(kind, format!("unknown type {other:?}: use probabilistic or ratelimiting"))),
    }
}

fn operations<'a>(
    text: Text<'a>,
    entry: &ServiceEntry<'a>,
) -> Result<BTreeMap<String, Strategy>, JaegerError> {
    let entries = entry.operation_strategies.iter();
    entries
        .map(|entry| {
            let operation = text.string("operation", entry.operation)?;
            Ok((operation, strategy(text, entry.kind, entry.param)?))
        })
        .collect()
}

fn with_operations(default: Strategy, operations: BTreeMap<String, Strategy>) -> Strategy {
    if operations.is_empty() {
        return default;
    }
    Strategy::PerOperation(Box::new(OperationStrategies { operations, ..OperationStrategies::new(default) }))
}
