//! The service that log lines name.

use crate::provider::Resource;

/// The attributes of the resource that lines have besides the name of the service.
const OTHERS: [&str; 2] = ["service.version", "deployment.environment.name"];

/// The name of a service, and further attributes of its resource.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) others: Vec<(&'static str, String)>,
}

impl Service {
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), others: Vec::new() }
    }

    /// Takes what lines name from `resource`.
    pub(super) fn read(&mut self, resource: &Resource) {
        let value = |key| resource.get(key).map(ToString::to_string);
        self.name = value("service.name").unwrap_or_default();
        self.others = OTHERS.into_iter().filter_map(|key| Some((key, value(key)?))).collect();
    }
}
