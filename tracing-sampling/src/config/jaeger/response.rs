//! The response of Jaeger's sampling endpoint.
//!
//! Source: Jaeger's `sampling.proto` in its JSON form, as the HTTP endpoint sends it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::location::Text;
use super::{JaegerError, OperationStrategies, Strategy};

// The JSON of protobuf leaves out fields that are zero.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    #[serde(borrow, default)]
    strategy_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    probabilistic_sampling: Option<Probabilistic<'a>>,
    #[serde(borrow, default)]
    rate_limiting_sampling: Option<RateLimiting<'a>>,
    #[serde(borrow, default)]
    operation_sampling: Option<Operations<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probabilistic<'a> {
    #[serde(borrow, default)]
    sampling_rate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RateLimiting<'a> {
    #[serde(borrow, default)]
    max_traces_per_second: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operations<'a> {
    #[serde(borrow, default)]
    default_sampling_probability: Option<&'a RawValue>,
    #[serde(borrow, default)]
    default_lower_bound_traces_per_second: Option<&'a RawValue>,
    #[serde(borrow, default)]
    per_operation_strategies: Option<Vec<Operation<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation<'a> {
    #[serde(borrow)]
    operation: &'a RawValue,
    #[serde(borrow, default)]
    probabilistic_sampling: Option<Probabilistic<'a>>,
}

impl Strategy {
    /// Reads the response of `/sampling?service=…`.
    ///
    /// # Errors
    /// Returns an error that names the line, if the text is not JSON, or has an unknown type or a number out of range.
    pub fn from_response(text: &str) -> Result<Self, JaegerError> {
        let response: Response<'_> = serde_json::from_str(text)?;
        let text = Text(text);
        if let Some(operations) = &response.operation_sampling {
            return operations.strategy(text);
        }
        let kind = response.strategy_type.map(RawValue::get).unwrap_or("0");
        match (kind, response.strategy_type) {
            ("\"PROBABILISTIC\"" | "0", _) => probabilistic(text, response.probabilistic_sampling.as_ref()),
            ("\"RATE_LIMITING\"" | "1", _) => {
                let max = response.rate_limiting_sampling.and_then(|sampling| sampling.max_traces_per_second);
                let max = max.map(|max| text.number("maxTracesPerSecond", max, f64::INFINITY)).transpose()?;
                Ok(Self::RateLimiting(max.unwrap_or_default()))
            }
            (other, Some(value)) => {
                let reason =
                    format!("unknown strategyType {other}: use \"PROBABILISTIC\" or \"RATE_LIMITING\"");
                Err(text.error(value, reason))
            }
            (_, None) => probabilistic(text, None),
        }
    }

    /// Writes the response of `/sampling?service=…`, as Jaeger's clients read it.
    ///
    /// Rate limits of operations cannot be expressed, and are left out. Jaeger's limits are whole numbers, so others are
    /// rounded up.
    #[must_use]
    pub fn to_response(&self) -> String {
        let response = match self {
            Self::Probabilistic(rate) => Written::probabilistic(*rate),
            Self::RateLimiting(max) => Written {
                strategy_type: "RATE_LIMITING",
                probabilistic_sampling: None,
                rate_limiting_sampling: Some(WrittenLimit { max_traces_per_second: max.ceil() as u32 }),
                operation_sampling: None,
            },
            Self::PerOperation(operations) => WrittenOperations::of(operations),
        };
        // Maps with text keys and finite numbers can always be written.
        serde_json::to_string(&response).unwrap_or_default()
    }
}

fn probabilistic<'a>(text: Text<'a>, sampling: Option<&Probabilistic<'a>>) -> Result<Strategy, JaegerError> {
    let rate = sampling.and_then(|sampling| sampling.sampling_rate);
    let rate = rate.map(|rate| text.number("samplingRate", rate, 1.0)).transpose()?;
    Ok(Strategy::Probabilistic(rate.unwrap_or_default()))
}

impl<'a> Operations<'a> {
    fn strategy(&self, text: Text<'a>) -> Result<Strategy, JaegerError> {
        let number = |what, value: Option<&'a RawValue>, max| {
            value.map(|value| text.number(what, value, max)).transpose().map(Option::unwrap_or_default)
        };
        let default = number("defaultSamplingProbability", self.default_sampling_probability, 1.0)?;
        let lower_bound = number(
            "defaultLowerBoundTracesPerSecond",
            self.default_lower_bound_traces_per_second,
            f64::INFINITY,
        )?;
        let operations = self.per_operation_strategies.iter().flatten().map(|operation| {
            let name = text.string("operation", operation.operation)?;
            Ok((name, probabilistic(text, operation.probabilistic_sampling.as_ref())?))
        });
        let operations = operations.collect::<Result<BTreeMap<_, _>, JaegerError>>()?;
        let default = Strategy::Probabilistic(default);
        Ok(Strategy::PerOperation(Box::new(OperationStrategies { default, lower_bound, operations })))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    strategy_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    probabilistic_sampling: Option<WrittenRate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limiting_sampling: Option<WrittenLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_sampling: Option<WrittenOperations>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRate {
    sampling_rate: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenLimit {
    max_traces_per_second: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenOperations {
    default_sampling_probability: f64,
    default_lower_bound_traces_per_second: f64,
    per_operation_strategies: Vec<WrittenOperation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenOperation {
    operation: String,
    probabilistic_sampling: WrittenRate,
}

impl Written {
    fn probabilistic(rate: f64) -> Self {
        Self {
            strategy_type: "PROBABILISTIC",
            probabilistic_sampling: Some(WrittenRate { sampling_rate: rate }),
            rate_limiting_sampling: None,
            operation_sampling: None,
        }
    }
}

impl WrittenOperations {
    fn of(strategies: &OperationStrategies) -> Written {
        let default = match strategies.default {
            Strategy::Probabilistic(rate) => rate,
            _ => 0.0,
        };
        let operations = strategies.operations.iter().filter_map(|(operation, strategy)| match strategy {
            Strategy::Probabilistic(rate) => Some(WrittenOperation {
                operation: operation.clone(),
                probabilistic_sampling: WrittenRate { sampling_rate: *rate },
            }),
            _ => None,
        });
        let operations = Self {
            default_sampling_probability: default,
            default_lower_bound_traces_per_second: strategies.lower_bound,
            per_operation_strategies: operations.collect(),
        };
        Written { operation_sampling: Some(operations), ..Written::probabilistic(default) }
    }
}
