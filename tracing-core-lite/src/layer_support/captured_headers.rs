//! Headers that are recorded on spans.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use crate::Recorder;
use crate::redact::{self, REDACTED, is_credential_header};

/// The maximum number of values of one header that are recorded.
const MOST_VALUES: usize = 8;

/// The names of headers or metadata keys that a layer records; none by default.
///
/// A header's attribute is an array of its values, the first 8 of them. Values that are not text are left out. Values that
/// are marked as [sensitive](http::HeaderValue::set_sensitive) are hidden, and so are the
/// [secrets in URLs](redact::header_value).
///
/// ```
/// use http::{HeaderMap, HeaderName, HeaderValue, header};
/// use tracing_core_lite::{TracerProvider, exporters::MemoryExporter};
/// use tracing_core_lite::layer_support::CapturedHeaders;
///
/// let mut captured = CapturedHeaders::default();
/// // The second carries credentials, and is passed over.
/// captured.add("http.request.header", [HeaderName::from_static("x-tenant"), header::AUTHORIZATION]);
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-tenant", HeaderValue::from_static("acme"));
/// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"));
///
/// # let exporter = MemoryExporter::new();
/// # let provider = TracerProvider::builder().with_exporter(exporter.clone()).build()?;
/// let span = provider.tracer("shop").span("GET").start();
/// span.record(|span| captured.record(span, &headers));
/// span.end();
/// # provider.flush(std::time::Duration::from_secs(5))?;
/// # let span = &exporter.finished()[0].span;
/// assert_eq!(span.attributes.len(), 1);
/// assert!(span.attribute("http.request.header.x-tenant").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CapturedHeaders(Vec<(HeaderName, String)>);

impl CapturedHeaders {
    /// Adds names, each recorded as the attribute `prefix.name`. Those that carry
    /// [credentials](crate::redact::CREDENTIAL_HEADERS) are ignored.
    pub fn add(&mut self, prefix: &str, names: impl IntoIterator<Item = HeaderName>) {
        self.add_any(prefix, names.into_iter().filter(|name| !is_credential_header(name.as_str())));
    }

    /// Adds names, including those that carry credentials.
    pub fn add_any(&mut self, prefix: &str, names: impl IntoIterator<Item = HeaderName>) {
        self.0.extend(names.into_iter().map(|name| {
            let key = format!("{prefix}.{}", name.as_str());
            (name, key)
        }));
    }

    /// Returns whether no names were added.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the attributes of the headers that are present.
    #[inline]
    pub fn record(&self, span: &mut Recorder<'_>, headers: &HeaderMap) {
        for (name, key) in &self.0 {
            record_values(span, key, headers, name);
        }
    }
}

fn record_values(span: &mut Recorder<'_>, key: &str, headers: &HeaderMap, name: &HeaderName) {
    let mut values = [const { Cow::Borrowed("") }; MOST_VALUES];
    let texts = headers.get_all(name).iter().filter_map(|value| match value.is_sensitive() {
        true => Some(Cow::Borrowed(REDACTED)),
        false => {
            let text = std::str::from_utf8(value.as_bytes()).ok();
            text.map(|text| redact::header_value(name.as_str(), text))
        }
    });
    let count = values.iter_mut().zip(texts).map(|(place, text)| *place = text).count();
    if count > 0 {
        let values = values.each_ref().map(|value| &**value);
        span.set(key, &values[..count]);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;
    use crate::TracerProvider;
    use crate::exporters::MemoryExporter;
    use crate::span::data::AnyValue;

    fn recorded(values: impl IntoIterator<Item = HeaderValue>) -> Option<AnyValue> {
        let name = HeaderName::from_static("x-tenant");
        let mut captured = CapturedHeaders::default();
        captured.add("header", [name.clone()]);
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, value);
        }
        let exporter = MemoryExporter::new();
        let provider = TracerProvider::builder().with_exporter(exporter.clone()).build().unwrap();
        provider.tracer("test").span("x").start().end_with(|span| captured.record(span, &headers));
        provider.flush(Duration::from_secs(5)).unwrap();
        exporter.finished()[0].span.attribute("header.x-tenant").cloned()
    }

    fn texts(values: &[&str]) -> Option<AnyValue> {
        Some(AnyValue::Array(values.iter().map(|value| AnyValue::String((*value).to_owned())).collect()))
    }

    #[test]
    fn values() {
        let text = HeaderValue::from_static;
        let mut sensitive = text("s3cret");
        sensitive.set_sensitive(true);
        let binary = HeaderValue::from_bytes(b"\xff").unwrap();
        for (name, given, expected) in [
            ("none", vec![], None),
            ("not text", vec![binary.clone()], None),
            ("two, one of them not text", vec![text("a"), binary, text("b")], texts(&["a", "b"])),
            ("sensitive", vec![sensitive], texts(&["REDACTED"])),
            (
                "a URL",
                vec![text("https://me:pw@c/?a=1;token=x")],
                texts(&["https://REDACTED:REDACTED@c/?a=1;token=REDACTED"]),
            ),
            ("too many", vec![text("a"); 9], texts(&["a"; 8])),
        ] {
            assert_eq!(recorded(given), expected, "{name}");
        }
    }

    #[test]
    fn credentials_are_passed_over_unless_asked_for() {
        let mut captured = CapturedHeaders::default();
        captured.add("header", [http::header::COOKIE]);
        assert!(captured.is_empty());
        captured.add_any("header", [http::header::COOKIE]);
        assert!(!captured.is_empty());
    }
}
