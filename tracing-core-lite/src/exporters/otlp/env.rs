//! Reads an OTLP configuration from environment variables.

use std::time::Duration;

use super::config::{Compression, OtlpConfig, Protocol};
use super::endpoint::Endpoint;
use super::headers::Headers;
use super::{OtlpConfigError, Protocol::Grpc};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn read(lookup: Lookup<'_>) -> Result<OtlpConfig, OtlpConfigError> {
    let mut config = OtlpConfig::new();
    if let Some(found) = find(lookup, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL") {
        config.protocol = match found.value.as_str() {
            "grpc" => Grpc,
            "http/protobuf" => Protocol::HttpProtobuf,
            "http/json" => Protocol::HttpJson,
            _ => return Err(found.expected("grpc, http/protobuf or http/json")),
        };
    }
    if let Some(found) = find(lookup, "OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE") {
        // The specification of boolean variables: anything but "true" is false.
        config.insecure = found.value.eq_ignore_ascii_case("true");
    }
    if let Some(found) = find(lookup, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") {
        let endpoint = match found.specific {
            true => Endpoint::Exact(found.value.clone()),
            false => Endpoint::Base(found.value.clone()),
        };
        if endpoint.url(config.protocol, config.insecure).is_err() {
            return Err(found.expected("a URL such as http://host:4318"));
        }
        config.endpoint = endpoint;
    }
    if let Some(found) = find(lookup, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS") {
        config.headers = Headers::parse(&found.value)
            .ok_or_else(|| found.expected("name=value pairs separated by commas, values percent-encoded"))?;
    }
    if let Some(found) = find(lookup, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT") {
        let milliseconds: u32 =
            found.value.parse().map_err(|_| found.expected("a number of milliseconds"))?;
        config.timeout = Duration::from_millis(milliseconds.into());
    }
    if let Some(found) =
        find(lookup, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION")
    {
        config.compression = match found.value.as_str() {
            "none" => Compression::None,
            "gzip" => Compression::Gzip,
            _ => return Err(found.expected("none or gzip")),
        };
    }
    if let Some(found) =
        find(lookup, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE")
    {
        config.certificate = Some(found.value.into());
    }
    Ok(config)
}

/// A variable that is set, and not to nothing.
struct Found {
    variable: &'static str,
    value: String,
    /// Whether it is the variable for traces alone.
    specific: bool,
}

impl Found {
    fn expected(&self, expected: &'static str) -> OtlpConfigError {
        OtlpConfigError::Variable { variable: self.variable, expected }
    }
}

fn find(lookup: Lookup<'_>, specific: &'static str, general: &'static str) -> Option<Found> {
    [(specific, true), (general, false)].into_iter().find_map(|(variable, specific)| {
        let value = lookup(variable)?.trim().to_owned();
        (!value.is_empty()).then_some(Found { variable, value, specific })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<OtlpConfig, OtlpConfigError> {
        read(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_set_means_the_defaults() {
        let config =
            from(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " "), ("OTEL_EXPORTER_OTLP_PROTOCOL", "")]).unwrap();
        assert_eq!(config.protocol, Protocol::HttpProtobuf);
        assert_eq!(config.timeout, Duration::from_secs(10));
        assert_eq!(config.compression, Compression::None);
        assert_eq!(config.traces_url().unwrap(), "http://localhost:4318/v1/traces");
    }

    #[test]
    fn the_traces_variant_wins() {
        let config = from(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:1"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2/exact"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"),
        ])
        .unwrap();
        assert_eq!(config.traces_url().unwrap(), "http://traces:2/exact");
        assert_eq!(config.timeout, Duration::from_millis(2500));
        assert_eq!(config.protocol, Protocol::HttpJson);
        assert_eq!(config.compression, Compression::Gzip);
        assert_eq!(config.headers, Headers::parse("b=2").unwrap());
    }

    #[test]
    fn the_general_endpoint_is_a_base() {
        let url = |variables: &[(&str, &str)]| from(variables).unwrap().traces_url().unwrap();
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/base/")]), "http://c/base/v1/traces");
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]), "http://localhost:4317/");
        let insecure = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "True"),
        ];
        assert_eq!(url(&insecure), "http://c:4317/");
        assert_eq!(url(&insecure[..2]), "https://c:4317/");
    }

    #[test]
    fn errors_name_the_variable_and_not_the_value() {
        let cases = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "s3cret"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:s3cret@"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=s3cret%0a"),
        ];
        for (variable, value) in cases {
            let error = from(&[(variable, value)]).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(variable) && !text.contains("s3cret"), "{variable}: {text}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let config = from(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@c"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret"),
        ]);
        let text = format!("{:?}", config.unwrap());
        assert!(text.contains("authorization") && !text.contains("s3cret"), "{text}");
    }
}
