//! What a service is told from outside: the variables of its environment, or those that the demo makes up for it.

use std::collections::HashMap;
use std::fmt;

/// Values by the names of variables. An empty value counts as none, as the OpenTelemetry specification has it.
#[derive(Clone, Default)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// The variables of this process.
    pub fn from_env() -> Self {
        // What is not Unicode is no address or URL either.
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of `variable`.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same, without all variables but these.
    #[must_use]
    pub fn only(mut self, variables: &[&str]) -> Self {
        self.0.retain(|name, _| variables.contains(&name.as_str()));
        self
    }

    /// The same, with `variable` set to `value`.
    #[must_use]
    pub fn with(mut self, variable: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(variable.into(), value.into());
        self
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for Settings {
    /// Without the values: some of them are passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn what_is_empty_is_not_set_and_nothing_is_shown() {
        let settings =
            Settings::default().with("DATABASE_URL", "mysql://ann:s3cret@db/shop").with("REDIS_URL", "");
        assert_eq!(settings.get("DATABASE_URL"), Some("mysql://ann:s3cret@db/shop"));
        assert_eq!(settings.get("REDIS_URL"), None);
        assert_eq!(settings.get("LISTEN"), None);
        let shown = format!("{settings:?}");
        assert!(shown.contains("DATABASE_URL") && !shown.contains("s3cret"), "{shown}");
    }
}
