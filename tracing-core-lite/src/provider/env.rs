//! Reads `OTEL_*` environment variables, with errors that name the variable.

use crate::percent::decode_text;

/// A variable is set to something that it cannot mean.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {variable}: {reason}")]
pub struct EnvError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong; never the value, which may be a secret.
    pub reason: String,
}

/// Where variables come from: the process, or a closure in a test.
pub trait Variables {
    /// The value of `name`, `None` when it is not set.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Variables for Process {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl<F: Fn(&str) -> Option<String>> Variables for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// Typed look-ups. An empty value counts as not set, as the specification says.
pub(crate) struct Lookup<'a, V>(pub(crate) &'a V);

impl<V: Variables> Lookup<'_, V> {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Only `true`, in any case, is true; anything else is false.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, variable: &'static str) -> Result<Option<T>, EnvError> {
        let Some(text) = self.text(variable) else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(EnvError { variable, reason: "not a number in the allowed range".to_owned() }),
        }
    }

    /// The number that `variable` says; what is wrong with it goes to `errors`.
    pub(crate) fn or_told<T: std::str::FromStr>(
        &self,
        errors: &mut Vec<EnvError>,
        variable: &'static str,
    ) -> Option<T> {
        self.number(variable).unwrap_or_else(|error| {
            errors.push(error);
            None
        })
    }

    /// A list `key=value,…` with percent-encoded values.
    pub(crate) fn key_values(&self, variable: &'static str) -> Result<Vec<(String, String)>, EnvError> {
        let Some(text) = self.text(variable) else { return Ok(Vec::new()) };
        text.split(',')
            .map(str::trim)
            .filter(|member| !member.is_empty())
            .map(|member| match member.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    match (decode_text(key.trim()), decode_text(value.trim())) {
                        (Some(key), Some(value)) => Ok((key, value)),
                        _ => Err(EnvError {
                            variable,
                            reason: "not percent-encoded as it should be".to_owned(),
                        }),
                    }
                }
                _ => Err(EnvError { variable, reason: "not a list key=value,…".to_owned() }),
            })
            .collect()
    }
}
