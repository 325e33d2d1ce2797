//! Headers that the user has asked to see on spans.

use http::{HeaderMap, HeaderName};
use tracing_core_lite::Recorder;
use tracing_core_lite::redact::{REDACTED, is_credential_header};

/// Values of one header that are recorded, at most.
const MOST_VALUES: usize = 8;

/// Names, each with the key of its attribute.
#[derive(Debug, Clone, Default)]
pub(crate) struct CapturedHeaders(Vec<(HeaderName, String)>);

impl CapturedHeaders {
    /// Adds names; those that carry credentials are passed over.
    pub(crate) fn add(&mut self, prefix: &str, names: impl IntoIterator<Item = HeaderName>) {
        self.add_any(prefix, names.into_iter().filter(|name| !is_credential_header(name.as_str())));
    }

    /// Adds names, whatever they are.
    pub(crate) fn add_any(&mut self, prefix: &str, names: impl IntoIterator<Item = HeaderName>) {
        for name in names {
            let key = format!("{prefix}.{}", name.as_str());
            self.0.push((name, key));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets an array of strings for each header that is there. Values that are not text are left out, and those that
    /// were marked as sensitive are hidden.
    pub(crate) fn record(&self, span: &mut Recorder<'_>, headers: &HeaderMap) {
        for (name, key) in &self.0 {
            let mut values = [""; MOST_VALUES];
            let mut count = 0;
            let texts = headers.get_all(name).iter().filter_map(|value| {
                if value.is_sensitive() { Some(REDACTED) } else { std::str::from_utf8(value.as_bytes()).ok() }
            });
            for (place, text) in values.iter_mut().zip(texts) {
                *place = text;
                count += 1;
            }
            if count > 0 {
                span.set(key, &values[..count]);
            }
        }
    }
}
