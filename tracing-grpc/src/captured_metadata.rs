//! Metadata that the user has asked to see on spans.

use http::{HeaderMap, HeaderName};
use tracing_core_lite::Recorder;
use tracing_core_lite::redact::{REDACTED, is_credential_header};

/// Values of one key that are recorded, at most.
const MOST_VALUES: usize = 8;

/// Keys of metadata, each with the key of its attribute.
#[derive(Debug, Clone, Default)]
pub(crate) struct CapturedMetadata(Vec<(HeaderName, String)>);

impl CapturedMetadata {
    /// Adds keys; those that carry credentials are passed over.
    pub(crate) fn add(&mut self, prefix: &str, keys: impl IntoIterator<Item = HeaderName>) {
        self.add_any(prefix, keys.into_iter().filter(|key| !is_credential_header(key.as_str())));
    }

    /// Adds keys, whatever they are.
    pub(crate) fn add_any(&mut self, prefix: &str, keys: impl IntoIterator<Item = HeaderName>) {
        self.0.extend(keys.into_iter().map(|key| {
            let attribute = format!("{prefix}.{}", key.as_str());
            (key, attribute)
        }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets an array of strings for each key that is there. Binary values are recorded in Base64, as they travel; those
    /// that are not text are left out, and those that were marked as sensitive are hidden.
    pub(crate) fn record(&self, span: &mut Recorder<'_>, metadata: &HeaderMap) {
        for (key, attribute) in &self.0 {
            let mut values = [""; MOST_VALUES];
            let texts = metadata.get_all(key).iter().filter_map(|value| match value.is_sensitive() {
                true => Some(REDACTED),
                false => std::str::from_utf8(value.as_bytes()).ok(),
            });
            let count = values.iter_mut().zip(texts).map(|(place, text)| *place = text).count();
            if count > 0 {
                span.set(attribute, &values[..count]);
            }
        }
    }
}
