//! `OTEL_TRACES_SAMPLER_ARG` of `jaeger_remote`.

use std::time::Duration;

use tracing_core_lite::sampling::SamplerSettings;

use super::{ArgumentError, JaegerRemote};

/// Starts the sampler of an argument `endpoint=…,pollingIntervalMs=…,initialSamplingRate=…`. An endpoint `file:///PATH` is a
/// strategies file.
pub(crate) fn from_settings(settings: &SamplerSettings<'_>) -> Result<JaegerRemote, ArgumentError> {
    let mut builder = JaegerRemote::builder(settings.service_name);
    for member in settings.argument.split(',').map(str::trim).filter(|member| !member.is_empty()) {
        let Some((key, value)) = member.split_once('=') else {
            return Err(ArgumentError::new(format!("{member:?} is not key=value")));
        };
        let (key, value) = (key.trim(), value.trim());
        let invalid = |valid| ArgumentError::new(format!("{key}={value} is invalid: use {valid}"));
        builder = match key {
            "endpoint" => match value.strip_prefix("file://") {
                Some(path) => builder.with_file(path),
                None => builder.with_endpoint(value),
            },
            "pollingIntervalMs" => {
                let millis = value.parse().ok().filter(|&millis| millis > 0);
                builder.with_polling_interval(Duration::from_millis(
                    millis.ok_or_else(|| invalid("a number of milliseconds above 0"))?,
                ))
            }
            "initialSamplingRate" => {
                let rate = value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
                builder.with_initial_sampling_rate(rate.ok_or_else(|| invalid("a number from 0 to 1"))?)
            }
            _ => {
                let known = "endpoint, pollingIntervalMs and initialSamplingRate";
                return Err(ArgumentError::new(format!("unknown key {key:?}: known are {known}")));
            }
        };
    }
    builder.start()
}
