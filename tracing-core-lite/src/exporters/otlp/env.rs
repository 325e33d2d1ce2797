//! Reads an OTLP configuration from environment variables.

use std::path::PathBuf;
use std::time::Duration;

use super::config::OtlpConfig;
use super::endpoint::{Endpoint, MissingScheme};
use super::headers::Headers;
use super::protocol::{Compression, Protocol};
use crate::env::{EnvError, Variables};

impl OtlpConfig {
    /// Reads the settings from environment variables; see [`Process`](crate::env::Process) for those of this process.
    ///
    /// The variables are `OTEL_EXPORTER_OTLP_` followed by `ENDPOINT`, `HEADERS`, `TIMEOUT` (milliseconds), `PROTOCOL`
    /// (`grpc`, `http/protobuf`, `http/json`), `COMPRESSION` (`none`, `gzip`), `CERTIFICATE`, `CLIENT_CERTIFICATE` and
    /// `CLIENT_KEY` (paths of PEM files), and `INSECURE` (for gRPC endpoints without a scheme). Each exists as
    /// `OTEL_EXPORTER_OTLP_TRACES_…` too, which wins. An empty variable is treated as unset. An endpoint without a scheme is
    /// `http` for this machine and `https` for any other.
    ///
    /// Returns a warning for each invalid value. Invalid values are ignored, except for an endpoint and for files with
    /// certificates and keys: to ignore those would send spans elsewhere or with less protection. They make
    /// [`build`](Self::build) fail.
    #[must_use]
    pub fn from_env(variables: &impl Variables) -> (Self, Vec<EnvError>) {
        let mut reader = Reader { variables, warnings: Vec::new() };
        let config = reader.read();
        (config, reader.warnings)
    }
}

struct Reader<'a, V> {
    variables: &'a V,
    warnings: Vec<EnvError>,
}

/// A variable that is set, and not to an empty text.
struct Found {
    variable: &'static str,
    value: String,
    /// Whether it is the variable for traces alone.
    is_specific: bool,
}

impl<V: Variables> Reader<'_, V> {
    fn read(&mut self) -> OtlpConfig {
        let mut config = OtlpConfig { missing_scheme: MissingScheme::Guessed, ..OtlpConfig::new() };
        let protocol = self.find("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
        config.protocol = protocol.and_then(|found| self.protocol(&found)).unwrap_or_default();
        let insecure = self.find("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE");
        if insecure.is_some_and(|found| self.is_true(&found)) {
            config.missing_scheme = MissingScheme::Insecure;
        }
        let endpoint = self.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
        if let Some(found) = endpoint {
            config.endpoint = match found.is_specific {
                true => Endpoint::Exact(found.value.clone()),
                false => Endpoint::Base(found.value.clone()),
            };
            if config.url().is_err() {
                self.warn(&found, "expected a URL such as http://host:4318");
            }
        }
        let headers = self.find("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
        config.headers = headers.map(|found| self.headers(&found)).unwrap_or_default();
        let timeout = self.find("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
        if let Some(timeout) = timeout.and_then(|found| self.timeout(&found)) {
            config.timeout = timeout;
        }
        let compression =
            self.find("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION");
        config.compression = compression.and_then(|found| self.compression(&found)).unwrap_or_default();
        config.certificate =
            self.path("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE");
        config.client_certificate = self
            .path("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");
        config.client_key =
            self.path("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY");
        config
    }

    fn find(&self, specific: &'static str, general: &'static str) -> Option<Found> {
        [(specific, true), (general, false)].into_iter().find_map(|(variable, is_specific)| {
            let value = self.variables.get(variable)?.trim().to_owned();
            (!value.is_empty()).then_some(Found { variable, value, is_specific })
        })
    }

    fn warn(&mut self, found: &Found, reason: impl Into<String>) {
        self.warnings.push(EnvError { variable: found.variable, reason: reason.into() });
    }

    fn path(&self, specific: &'static str, general: &'static str) -> Option<PathBuf> {
        self.find(specific, general).map(|found| found.value.into())
    }

    fn protocol(&mut self, found: &Found) -> Option<Protocol> {
        match found.value.to_ascii_lowercase().as_str() {
            "grpc" => Some(Protocol::Grpc),
            "http/protobuf" => Some(Protocol::HttpProtobuf),
            "http/json" if cfg!(feature = "otlp-json") => Some(Protocol::HttpJson),
            "http/json" => {
                self.warn(found, "http/json needs the feature `otlp-json`; http/protobuf is used instead");
                None
            }
            _ => {
                self.warn(found, "expected grpc, http/protobuf or http/json; http/protobuf is used instead");
                None
            }
        }
    }

    fn is_true(&mut self, found: &Found) -> bool {
        let is_true = found.value.eq_ignore_ascii_case("true");
        if !is_true && !found.value.eq_ignore_ascii_case("false") {
            self.warn(found, "expected true or false; false is used instead");
        }
        is_true
    }

    fn headers(&mut self, found: &Found) -> Headers {
        let (headers, malformed) = Headers::parse(&found.value);
        if malformed > 0 {
            self.warn(
                found,
                format!(
                    "{malformed} of its members are left out: expected name=value pairs separated by commas, \
                     with percent-encoded values"
                ),
            );
        }
        headers
    }

    fn timeout(&mut self, found: &Found) -> Option<Duration> {
        let milliseconds = found.value.parse::<u32>().ok();
        if milliseconds.is_none() {
            self.warn(found, "expected a number of milliseconds; 10000 is used instead");
        }
        milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into()))
    }

    fn compression(&mut self, found: &Found) -> Option<Compression> {
        match found.value.to_ascii_lowercase().as_str() {
            "none" => Some(Compression::None),
            "gzip" if cfg!(feature = "gzip") => Some(Compression::Gzip),
            "gzip" => {
                self.warn(found, "gzip needs the feature `gzip`; requests are not compressed");
                None
            }
            _ => {
                self.warn(found, "expected none or gzip; requests are not compressed");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> (OtlpConfig, Vec<EnvError>) {
        OtlpConfig::from_env(&|name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn without_warnings(variables: &[(&str, &str)]) -> OtlpConfig {
        let (config, warnings) = from(variables);
        assert_eq!(warnings, []);
        config
    }

    #[test]
    fn nothing_set_means_the_defaults() {
        let config =
            without_warnings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " "), ("OTEL_EXPORTER_OTLP_PROTOCOL", "")]);
        assert_eq!(config.protocol, Protocol::HttpProtobuf);
        assert_eq!(config.timeout, Duration::from_secs(10));
        assert_eq!(config.compression, Compression::None);
        assert_eq!(config.traces_url().unwrap(), "http://localhost:4318/v1/traces");
    }

    #[cfg(all(feature = "gzip", feature = "otlp-json"))]
    #[test]
    fn the_traces_variant_wins() {
        let config = without_warnings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:1"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2/exact"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/JSON"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "GZIP"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca"),
            ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/traces-ca"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client"),
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/traces-client"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key"),
            ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/traces-key"),
        ]);
        assert_eq!(config.traces_url().unwrap(), "http://traces:2/exact");
        assert_eq!(config.timeout, Duration::from_millis(2500));
        assert_eq!(config.protocol, Protocol::HttpJson);
        assert_eq!(config.compression, Compression::Gzip);
        assert_eq!(config.headers, Headers::parse("b=2").0);
        assert_eq!(config.certificate, Some("/traces-ca".into()));
        assert_eq!(config.client_certificate, Some("/traces-client".into()));
        assert_eq!(config.client_key, Some("/traces-key".into()));
    }

    #[test]
    fn endpoints_need_no_scheme() {
        let url = |variables: &[(&str, &str)]| without_warnings(variables).traces_url().unwrap();
        let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
        assert_eq!(url(&[(endpoint, "http://c/base/")]), "http://c/base/v1/traces");
        assert_eq!(url(&[(endpoint, "localhost:4318")]), "http://localhost:4318/v1/traces");
        assert_eq!(url(&[(endpoint, "c:4318")]), "https://c:4318/v1/traces");
        let traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        assert_eq!(url(&[(traces, "[::1]:4318/my/path")]), "http://[::1]:4318/my/path");
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(url(&[grpc]), "http://localhost:4317/");
        assert_eq!(url(&[grpc, (endpoint, "localhost:4317")]), "http://localhost:4317/");
        assert_eq!(url(&[grpc, (endpoint, "c:4317")]), "https://c:4317/");
        let insecure = ("OTEL_EXPORTER_OTLP_INSECURE", "True");
        assert_eq!(url(&[grpc, (endpoint, "c:4317"), insecure]), "http://c:4317/");
        // The specification defines the variable for gRPC alone.
        assert_eq!(url(&[(endpoint, "c:4318"), insecure]), "https://c:4318/v1/traces");
    }

    #[test]
    fn warnings_name_the_variable_and_not_the_value() {
        for (variable, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "s3cret"),
            ("OTEL_EXPORTER_OTLP_INSECURE", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "s3cret"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "s3cret s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:s3cret@"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=s3cret%0a"),
        ] {
            let (_, warnings) = from(&[(variable, value)]);
            assert_eq!(warnings.len(), 1, "{variable}");
            let text = format!("{} {warnings:?}", warnings[0]);
            assert!(text.contains(variable) && !text.contains("s3cret"), "{variable}: {text}");
        }
    }

    #[test]
    fn an_unusable_endpoint_is_not_replaced_by_the_default() {
        let (config, _) = from(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://c")]);
        assert!(config.build().is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let config = without_warnings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@c"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret"),
        ]);
        let text = format!("{config:?}");
        assert!(text.contains("authorization") && !text.contains("s3cret"), "{text}");
    }
}
