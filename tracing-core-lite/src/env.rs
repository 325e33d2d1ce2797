//! Reads `OTEL_*` environment variables. Invalid values become warnings that name the variable.
//!
//! Functions that read variables take [`Variables`] and return their warnings with the result:
//! [`Init::build`](crate::Init::build), [`OtlpConfig::from_env`](crate::exporters::otlp::OtlpConfig::from_env),
//! [`Propagator::from_env`](crate::propagation::Propagator::from_env),
//! [`ResourceBuilder::with_environment`](crate::ResourceBuilder::with_environment) and
//! [`TracerProviderBuilder::with_limits_from_env`](crate::TracerProviderBuilder::with_limits_from_env).

use std::env;

use percent_encoding::percent_decode_str;

use crate::percent::is_well_formed;

/// A warning about an environment variable with an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {variable}: {reason}")]
#[non_exhaustive]
pub struct EnvError {
    /// The variable.
    pub variable: &'static str,
    /// The problem and its consequence. It never contains the value, which may be a secret.
    pub reason: String,
}

/// A source of variables: the [process](Process), or a closure in a test.
pub trait Variables {
    /// Returns the value of `name`, `None` if it is not set.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process. U+FFFD replaces bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Variables for Process {
    fn get(&self, name: &str) -> Option<String> {
        env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }
}

impl<F: Fn(&str) -> Option<String>> Variables for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// Typed access to variables. An empty value is treated as unset (OpenTelemetry specification, "Environment Variable
/// Specification").
pub(crate) struct Lookup<'a, V>(pub(crate) &'a V);

impl<V: Variables> Lookup<'_, V> {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Returns whether the variable is `true`, in any case. Every other value means false.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns the number in `variable`. Adds a warning to `warnings` if it is not a number.
    pub(crate) fn number<T: std::str::FromStr>(
        &self,
        warnings: &mut Vec<EnvError>,
        variable: &'static str,
    ) -> Option<T> {
        let number = self.text(variable)?.parse().ok();
        if number.is_none() {
            let reason = "not a number in the allowed range; the default is used instead".to_owned();
            warnings.push(EnvError { variable, reason });
        }
        number
    }

    /// Returns the members of a list `key=value,…` with percent-encoded values.
    ///
    /// # Errors
    /// If a member is malformed. The specification asks to ignore the whole list then.
    pub(crate) fn key_values(&self, variable: &'static str) -> Result<Vec<(String, String)>, EnvError> {
        let malformed =
            |reason: &str| EnvError { variable, reason: format!("{reason}; all of it is ignored") };
        let decode = |text: &str| {
            let text = Some(text.trim()).filter(|text| is_well_formed(text.as_bytes()))?;
            percent_decode_str(text).decode_utf8().ok().map(String::from)
        };
        let Some(text) = self.text(variable) else { return Ok(Vec::new()) };
        let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
        members
            .map(|member| {
                let (key, value) = member
                    .split_once('=')
                    .filter(|(key, _)| !key.trim().is_empty())
                    .ok_or_else(|| malformed("not a list key=value,…"))?;
                decode(key)
                    .zip(decode(value))
                    .ok_or_else(|| malformed("a value is not percent-encoded UTF-8"))
            })
            .collect()
    }
}
