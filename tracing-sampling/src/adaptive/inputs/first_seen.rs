//! The times at which versions were first seen, in a file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing_core_lite::Resource;

use super::{Input, InputError};

/// The most versions of a service that the file keeps.
const MAX_VERSIONS: usize = 100;

/// Seconds since 1970 by service and version.
type Times = BTreeMap<String, BTreeMap<String, u64>>;

/// The age of a service's version, from a file that remembers when each version was first seen.
///
/// The file must outlive the process. Instances that share the file share its times, so a restart or another instance of a
/// known version is not a deployment. Without such a file, set the time with
/// [`with_first_seen`](super::super::AdaptiveBuilder::with_first_seen).
///
/// It is JSON: `{"orders":{"1.4.0":1700000000}}`, in seconds since 1970. A version that is missing is added.
#[derive(Debug, Clone)]
pub struct FirstSeenFile {
    path: PathBuf,
    service: String,
    version: Option<String>,
    /// What this process has seen, in case another process overwrites the file.
    seen: Option<u64>,
}

impl FirstSeenFile {
    /// Creates an input for a version of a service.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, service: impl Into<String>, version: impl Into<String>) -> Self {
        Self { path: path.into(), service: service.into(), version: Some(version.into()), seen: None }
    }

    /// Creates an input for the `service.name` and the `service.version` of a resource. Without a version, the input fails
    /// with an error that says so.
    #[must_use]
    pub fn of_resource(path: impl Into<PathBuf>, resource: &Resource) -> Self {
        let text = |key| resource.get(key).map(|value| value.to_string()).filter(|text| !text.is_empty());
        Self {
            path: path.into(),
            service: text("service.name").unwrap_or_default(),
            version: text("service.version"),
            seen: None,
        }
    }

    /// Returns when the version was first seen, in seconds since 1970.
    fn first_seen(&mut self, now: u64) -> Result<u64, InputError> {
        let error = |reason: String| InputError::new(format!("{}: {reason}", self.path.display()));
        let Some(version) = &self.version else {
            return Err(InputError::new("service.version is not set"));
        };
        let mut times: Times = match fs::read_to_string(&self.path) {
            Ok(text) => serde_json::from_str(&text).map_err(|invalid| error(invalid.to_string()))?,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Times::new(),
            Err(other) => return Err(error(other.to_string())),
        };
        let versions = times.entry(self.service.clone()).or_default();
        if let Some(&time) = versions.get(version) {
            self.seen = Some(time);
            return Ok(time);
        }
        let time = *self.seen.get_or_insert(now);
        versions.insert(version.clone(), time);
        while versions.len() > MAX_VERSIONS {
            let oldest = versions.iter().min_by_key(|(_, time)| **time).map(|(version, _)| version.clone());
            oldest.map(|oldest| versions.remove(&oldest));
        }
        let text = serde_json::to_string(&times).map_err(|invalid| error(invalid.to_string()))?;
        // The rename is atomic: a reader sees the old file or the new one.
        let mut new = self.path.clone().into_os_string();
        new.push(format!(".{}", std::process::id()));
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.path))
            .map_err(|other| error(other.to_string()))?;
        Ok(time)
    }
}

impl Input for FirstSeenFile {
    fn read(&mut self) -> Result<f64, InputError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let time = self.first_seen(now)?;
        Ok(now.saturating_sub(time) as f64)
    }
}
