//! The resource: the service, host and process that produce the spans.

use opentelemetry::{Key, KeyValue, Value};

use crate::env::{self, EnvError, Lookup, Variables};

/// The attributes that every span of a process shares, such as `service.name`.
///
/// ```
/// use tracing_core_lite::Resource;
/// let resource = Resource::builder().with_service_name("orders").with_attribute("deployment.environment.name", "test").build();
/// assert_eq!(resource.get("service.name").unwrap().as_str(), "orders");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    attributes: Vec<KeyValue>,
    schema_url: Option<String>,
}

impl Resource {
    /// Creates a builder with the [detected](ResourceBuilder::with_detected) attributes and those of the environment.
    #[must_use]
    pub fn builder() -> ResourceBuilder {
        ResourceBuilder::empty().with_detected().with_environment(&env::Process).0
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter().find(|(known, _)| known.as_str() == key).map(|(_, value)| value)
    }

    /// Iterates over all attributes.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.attributes.iter().map(|attribute| (&attribute.key, &attribute.value))
    }

    /// Returns the schema that the attributes follow.
    #[must_use]
    pub fn schema_url(&self) -> Option<&str> {
        self.schema_url.as_deref()
    }
}

/// Builds a [`Resource`]. A later attribute replaces an earlier one of the same key.
#[derive(Debug, Clone)]
pub struct ResourceBuilder(Resource);

impl ResourceBuilder {
    /// Creates an empty builder. If no service name is set, it is `unknown_service:` followed by the name of
    /// the program.
    #[must_use]
    pub fn empty() -> Self {
        Self(Resource { attributes: Vec::new(), schema_url: None })
    }

    /// Sets `service.name`.
    #[must_use]
    pub fn with_service_name(self, name: impl Into<String>) -> Self {
        self.with_attribute("service.name", name.into())
    }

    /// Sets an attribute.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let (key, value) = (key.into(), value.into());
        self.0.attributes.retain(|known| known.key != key);
        self.0.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Sets `telemetry.sdk.*`, `service.instance.id`, `host.name`, `host.arch`, `os.type`, `process.pid`,
    /// `process.executable.name`, `process.runtime.name`.
    ///
    /// The command line is left out, since it may contain secrets.
    #[must_use]
    pub fn with_detected(self) -> Self {
        let mut builder = self
            .with_attribute("telemetry.sdk.name", env!("CARGO_PKG_NAME"))
            .with_attribute("telemetry.sdk.language", "rust")
            .with_attribute("telemetry.sdk.version", env!("CARGO_PKG_VERSION"))
            .with_attribute("service.instance.id", random_uuid())
            .with_attribute("host.arch", host_arch())
            .with_attribute("os.type", os_type())
            .with_attribute("process.pid", i64::from(std::process::id()))
            .with_attribute("process.runtime.name", "rust");
        if let Some(name) = host_name() {
            builder = builder.with_attribute("host.name", name);
        }
        if let Some(name) = executable_name() {
            builder = builder.with_attribute("process.executable.name", name);
        }
        builder
    }

    /// Adds `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, which wins.
    ///
    /// If the first is not a list `key=value,…`, all of it is ignored, as the specification requires, and the error is
    /// returned with the builder.
    #[must_use]
    pub fn with_environment(mut self, variables: &impl Variables) -> (Self, Option<EnvError>) {
        let lookup = Lookup(variables);
        let (attributes, error) = match lookup.key_values("OTEL_RESOURCE_ATTRIBUTES") {
            Ok(attributes) => (attributes, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        for (key, value) in attributes {
            self = self.with_attribute(key, value);
        }
        if let Some(name) = lookup.text("OTEL_SERVICE_NAME") {
            self = self.with_service_name(name);
        }
        (self, error)
    }

    /// Builds the resource.
    #[must_use]
    pub fn build(self) -> Resource {
        let named = self.0.get("service.name").is_some_and(|name| !name.as_str().is_empty());
        if named {
            return self.0;
        }
        let name = match executable_name() {
            Some(program) => format!("unknown_service:{program}"),
            None => "unknown_service".to_owned(),
        };
        self.with_service_name(name).0
    }
}

fn host_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn executable_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// Returns `host.arch` as the semantic conventions name it.
fn host_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// Returns `os.type` as the semantic conventions name it.
fn os_type() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        "dragonfly" => "dragonflybsd",
        other => other,
    }
}

/// Returns a UUID of version 4.
fn random_uuid() -> String {
    let id = u128::from_be_bytes(crate::ids::trace_id().to_bytes());
    let id = (id & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{id:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> (Resource, Option<EnvError>) {
        let variables = variables.to_vec();
        let lookup = move |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let (builder, error) = ResourceBuilder::empty().with_environment(&lookup);
        (builder.build(), error)
    }

    #[test]
    fn the_environment_names_the_service() {
        let text = "service.name=ignored, team = a%20b ,empty=";
        let (resource, error) = with(&[("OTEL_RESOURCE_ATTRIBUTES", text), ("OTEL_SERVICE_NAME", "orders")]);
        assert_eq!(error, None);
        assert_eq!(resource.get("service.name").unwrap().as_str(), "orders");
        assert_eq!(resource.get("team").unwrap().as_str(), "a b");
        assert_eq!(resource.get("empty").unwrap().as_str(), "");
    }

    #[test]
    fn a_malformed_list_is_ignored_with_a_warning_and_other_variables_count() {
        for list in ["a=b,nonsense", "a=%zz"] {
            let (resource, error) =
                with(&[("OTEL_RESOURCE_ATTRIBUTES", list), ("OTEL_SERVICE_NAME", "orders")]);
            assert!(error.unwrap().to_string().contains("OTEL_RESOURCE_ATTRIBUTES"));
            assert_eq!(resource.get("a"), None);
            assert_eq!(resource.get("service.name").unwrap().as_str(), "orders");
        }
    }

    #[test]
    fn a_service_without_a_name_gets_that_of_the_program() {
        let (resource, _) = with(&[]);
        assert!(resource.get("service.name").unwrap().as_str().starts_with("unknown_service:"));
    }

    #[test]
    fn instance_ids_are_uuids_of_version_4() {
        let id = random_uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
