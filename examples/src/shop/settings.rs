//! The settings of a service: the variables of its environment, or those that the demo chooses for it.

use std::collections::HashMap;
use std::fmt;

/// Values by the names of variables. An empty value is treated as unset, as in the OpenTelemetry specification.
#[derive(Clone, Default)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// Reads the variables of this process.
    pub fn from_env() -> Self {
        // A value that is not Unicode cannot be an address or a URL.
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Returns the value of `variable`, if it is set.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Keeps only these variables.
    #[must_use]
    pub fn only(mut self, variables: &[&str]) -> Self {
        self.0.retain(|name, _| variables.contains(&name.as_str()));
        self
    }

    /// Sets `variable` to `value`.
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
    /// Omits the values, because some of them contain passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn empty_values_are_unset_and_debug_output_shows_no_value() {
        let settings =
            Settings::default().with("DATABASE_URL", "mysql://ann:s3cret@db/shop").with("REDIS_URL", "");
        assert_eq!(settings.get("DATABASE_URL"), Some("mysql://ann:s3cret@db/shop"));
        assert_eq!(settings.get("REDIS_URL"), None);
        assert_eq!(settings.get("LISTEN"), None);
        let shown = format!("{settings:?}");
        assert!(shown.contains("DATABASE_URL") && !shown.contains("s3cret"), "{shown}");
    }
}
