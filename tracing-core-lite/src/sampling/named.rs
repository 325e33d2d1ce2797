//! Samplers by the names that OpenTelemetry gives them.
//!
//! Source: OpenTelemetry specification, "Environment Variable Specification", section "General SDK Configuration".

use std::sync::Arc;

use crate::env::{EnvError, Lookup, Variables};

use super::registry::{self, SamplerSettings};
use super::{AlwaysOff, AlwaysOn, ParentBased, Ratio, Sampler, SamplerError};

const KNOWN: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Samplers of the specification that other crates provide.
const ELSEWHERE: [&str; 2] = ["jaeger_remote", "parentbased_jaeger_remote"];

/// Reads the sampler from the environment variables `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
///
/// Returns a warning if a value is not valid. The sampler is then the [`fallback`](SamplerError::fallback) of the error.
#[must_use]
pub fn from_env(variables: &impl Variables) -> (Arc<dyn Sampler>, Vec<EnvError>) {
    from_env_for("", variables)
}

/// Like [`from_env`], for the service with this name: samplers of other crates may depend on it.
#[must_use]
pub fn from_env_for(service_name: &str, variables: &impl Variables) -> (Arc<dyn Sampler>, Vec<EnvError>) {
    let lookup = Lookup(variables);
    let name = lookup.text("OTEL_TRACES_SAMPLER").unwrap_or_default();
    let argument = lookup.text("OTEL_TRACES_SAMPLER_ARG").unwrap_or_default();
    match from_settings(&name, &SamplerSettings::new(service_name, &argument)) {
        Ok(sampler) => (sampler, Vec::new()),
        Err(error) => {
            let variable = match &error {
                SamplerError::Argument { .. } | SamplerError::Registered { .. } => "OTEL_TRACES_SAMPLER_ARG",
                _ => "OTEL_TRACES_SAMPLER",
            };
            (error.fallback(), vec![EnvError { variable, reason: error.to_string() }])
        }
    }
}

/// Returns the sampler with this name, ignoring ASCII case: `always_on`, `always_off`, `traceidratio`,
/// `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`, or the name of a
/// [registered](super::register) sampler. An empty name stands for the default, `parentbased_always_on`.
///
/// `argument` is the share that a ratio sampler records, from 0 to 1. The default is 1. A registered sampler reads it in
/// its own way. The other samplers ignore it.
///
/// # Errors
/// Returns an error for an unknown name (such as `xray`), for an argument that is not a number from 0 to 1, for
/// `jaeger_remote` and `parentbased_jaeger_remote` when they are not registered, and for an argument that a registered
/// sampler does not accept. The error has a [`fallback`](SamplerError::fallback).
pub fn from_names(name: &str, argument: Option<&str>) -> Result<Arc<dyn Sampler>, SamplerError> {
    from_settings(name, &SamplerSettings::new("", argument.unwrap_or_default()))
}

fn from_settings(name: &str, settings: &SamplerSettings<'_>) -> Result<Arc<dyn Sampler>, SamplerError> {
    let name = match name.trim() {
        "" => "parentbased_always_on",
        name => name,
    };
    let Some(&known) = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
        return from_registry(name, settings);
    };
    let argument = Some(settings.argument);
    Ok(match known {
        "always_on" => Arc::new(AlwaysOn),
        "always_off" => Arc::new(AlwaysOff),
        "traceidratio" => Arc::new(ratio(known, argument)?),
        "parentbased_always_off" => Arc::new(ParentBased::new(AlwaysOff)),
        "parentbased_traceidratio" => Arc::new(ParentBased::new(ratio(known, argument)?)),
        _ => Arc::new(ParentBased::new(AlwaysOn)),
    })
}

fn from_registry(name: &str, settings: &SamplerSettings<'_>) -> Result<Arc<dyn Sampler>, SamplerError> {
    let argument = settings.argument.to_owned();
    if let Some(made) = registry::make(name, settings) {
        return made.map_err(|reason| SamplerError::Registered { name: name.to_owned(), argument, reason });
    }
    Err(match ELSEWHERE.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(name) => SamplerError::Unregistered { name, argument },
        None => SamplerError::Unknown { name: name.to_owned(), known: KNOWN.to_vec() },
    })
}

fn ratio(name: &'static str, argument: Option<&str>) -> Result<Ratio, SamplerError> {
    let argument = argument.map(str::trim).filter(|argument| !argument.is_empty());
    let Some(argument) = argument else { return Ok(Ratio::new(1.0)) };
    match argument.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(Ratio::new(probability)),
        _ => Err(SamplerError::Argument { name, argument: argument.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, argument, description) in [
            ("", None, "ParentBased{root:AlwaysOnSampler,"),
            ("parentbased_always_on", Some("junk"), "ParentBased{root:AlwaysOnSampler,"),
            (" Always_On ", None, "AlwaysOnSampler"),
            ("always_off", None, "AlwaysOffSampler"),
            ("traceidratio", Some(" 0.25 "), "TraceIdRatioBased{0.25}"),
            ("traceidratio", None, "TraceIdRatioBased{1}"),
            ("traceidratio", Some(""), "TraceIdRatioBased{1}"),
            ("traceidratio", Some("0"), "TraceIdRatioBased{0}"),
            ("parentbased_always_off", None, "ParentBased{root:AlwaysOffSampler,"),
            ("parentbased_traceidratio", Some("0.5"), "ParentBased{root:TraceIdRatioBased{0.5},"),
        ] {
            let found = from_names(name, argument).unwrap().description();
            assert!(found.starts_with(description), "{name}: {found}");
        }
    }

    #[test]
    fn invalid_settings_are_reported_and_replaced() {
        for (name, argument, message, fallback) in [
            ("traceidratio", "1.5", "is not a number from 0 to 1", "TraceIdRatioBased{1}"),
            ("traceidratio", "-0.1", "is not a number from 0 to 1", "TraceIdRatioBased{1}"),
            ("traceidratio", "NaN", "is not a number from 0 to 1", "TraceIdRatioBased{1}"),
            (
                "parentbased_traceidratio",
                "half",
                "argument \"half\"",
                "ParentBased{root:TraceIdRatioBased{1},",
            ),
            ("jaeger_remote", "", "register() before", "TraceIdRatioBased{0.001"),
            (
                "parentbased_jaeger_remote",
                "endpoint=http://localhost:5778,initialSamplingRate=0.25",
                "until then 0.25 of all traces",
                "ParentBased{root:TraceIdRatioBased{0.25},",
            ),
            ("Jaeger_Remote", "initialSamplingRate=7", "is not registered", "TraceIdRatioBased{0.001"),
            (
                "xray",
                "",
                "unknown sampler \"xray\": known are always_on, ",
                "ParentBased{root:AlwaysOnSampler,",
            ),
        ] {
            let error = from_names(name, Some(argument)).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.fallback().description().starts_with(fallback), "{name}");
        }
    }

    #[test]
    fn a_registered_sampler_gets_the_service_and_the_argument() {
        super::super::register("named_test", |settings| {
            assert_eq!(settings.service_name, "orders");
            match settings.argument.parse() {
                Ok(probability) => Ok(Arc::new(Ratio::new(probability)) as Arc<dyn Sampler>),
                Err(_) => Err("not a number".into()),
            }
        });
        let variables = |argument: &'static str| {
            move |name: &str| match name {
                "OTEL_TRACES_SAMPLER" => Some("Named_Test".to_owned()),
                "OTEL_TRACES_SAMPLER_ARG" => Some(argument.to_owned()),
                _ => None,
            }
        };
        let (sampler, warnings) = from_env_for("orders", &variables("0.5"));
        assert_eq!((sampler.description().as_str(), warnings.len()), ("TraceIdRatioBased{0.5}", 0));
        let (sampler, warnings) = from_env_for("orders", &variables("half"));
        assert!(sampler.description().starts_with("TraceIdRatioBased{0.001"));
        assert_eq!(warnings[0].variable, "OTEL_TRACES_SAMPLER_ARG");
        assert!(warnings[0].reason.contains("not a number"), "{}", warnings[0]);
    }
}
