//! Baggage with a header for each key, as Jaeger and OpenTracing's basic tracers send it.

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;

use super::baggage::{Reader, is_token};
use super::{Extract, Extracted, Inject};

/// How the values of headers are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Percent-encoded.
    #[cfg(feature = "jaeger")]
    Percent,
    /// As they are. Values that a header cannot carry are not sent.
    #[cfg(feature = "ottrace")]
    Plain,
}

/// Reads the headers whose names start with `prefix`. Keys that another format has found keep their values.
pub(super) fn extract(carrier: &dyn Extract, prefix: &str, encoding: Encoding, into: &mut Extracted) {
    let mut reader = Reader::default();
    carrier.visit_all(&mut |name, value| {
        let Some(key) = strip_prefix(name, prefix).filter(|key| is_token(key.as_bytes())) else { return };
        let value = match encoding {
            #[cfg(feature = "jaeger")]
            Encoding::Percent => super::percent::decode_lossy(value),
            #[cfg(feature = "ottrace")]
            Encoding::Plain => std::str::from_utf8(value).ok().map(str::to_owned),
        };
        if let Some(value) = value {
            reader.add(&key.to_ascii_lowercase(), value);
        }
    });
    into.add_baggage(reader.into_baggage());
}

/// Writes a header for each member, up to the limits of W3C Baggage. Metadata is not sent.
pub(super) fn inject(context: &Context, prefix: &str, encoding: Encoding, carrier: &mut dyn Inject) {
    let mut members: Vec<_> =
        context.baggage().iter().filter(|(key, _)| is_token(key.as_str().as_bytes())).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    let mut name = String::new();
    let mut bytes = 0;
    for (key, (value, _)) in members.into_iter().take(super::MAX_BAGGAGE_MEMBERS) {
        name.clear();
        name.push_str(prefix);
        name.push_str(&key.as_str().to_ascii_lowercase());
        let value: Cow<'_, str> = match encoding {
            #[cfg(feature = "jaeger")]
            Encoding::Percent => {
                let mut encoded = String::new();
                super::percent::encode_all_to(&mut encoded, value.as_str());
                encoded.into()
            }
            #[cfg(feature = "ottrace")]
            Encoding::Plain => value.as_str().into(),
        };
        bytes += name.len() + value.len();
        if bytes <= super::MAX_BAGGAGE_BYTES && value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            carrier.set_named(&name, &value);
        }
    }
}

/// Returns the rest of `name`, ignoring ASCII case.
fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
