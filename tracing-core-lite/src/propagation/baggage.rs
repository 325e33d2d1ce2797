//! W3C Baggage: the `baggage` header.
//!
//! Source: <https://www.w3.org/TR/baggage/>.

use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt, BaggageMetadata};
use opentelemetry::trace::SpanContext;

#[cfg(feature = "http")]
use super::HeaderScan;
use super::traceparent::trim;
use super::{Extract, Extracted, Format, Inject, percent};

const BAGGAGE: &str = "baggage";

/// The maximum number of members that are read or sent: 64, which W3C Baggage requires at least (section "Limits").
pub const MAX_BAGGAGE_MEMBERS: usize = 64;

/// The maximum length of the header that is sent, and of all received headers together, in bytes: 8192, which W3C
/// Baggage requires at least (section "Limits").
pub const MAX_BAGGAGE_BYTES: usize = 8192;

/// The W3C Baggage format: `baggage` in `OTEL_PROPAGATORS`.
///
/// **Extract.** Several headers form one list. Malformed members are skipped. If a key occurs more than once, its last
/// value wins. Values are percent-decoded, and bytes that are not UTF-8 become U+FFFD. Keys are not decoded. The
/// properties of a member become its metadata, as received. [`properties`] parses them. Members beyond
/// [`MAX_BAGGAGE_MEMBERS`] or [`MAX_BAGGAGE_BYTES`] are skipped.
///
/// **Inject.** Members are sent in the order of their keys, up to the limits. Members whose key is not a token (RFC
/// 9110, section 5.6.2) and malformed properties are left out. Without baggage the header is removed.
///
/// Every service that receives a request can read its baggage. Do not put anything confidential into it.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct W3cBaggage {}

impl W3cBaggage {
    /// The format with the limits of the specification.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl Format for W3cBaggage {
    fn fields(&self) -> &[&'static str] {
        &[BAGGAGE]
    }

    fn name(&self) -> &'static str {
        "baggage"
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        extract(carrier, into);
    }

    #[cfg(feature = "http")]
    fn extract_headers(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        extract(headers, into);
    }

    fn inject(&self, _: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        let baggage = context.baggage();
        if baggage.is_empty() {
            return carrier.remove(BAGGAGE);
        }
        let header = header(baggage);
        if header.is_empty() { carrier.remove(BAGGAGE) } else { carrier.set(BAGGAGE, &header) }
    }
}

fn extract<C: Extract + ?Sized>(carrier: &C, into: &mut Extracted) {
    let mut baggage = None;
    let mut read = 0;
    carrier.for_each(BAGGAGE, &mut |header| {
        for member in header.split(|&byte| byte == b',') {
            if read + member.len() > MAX_BAGGAGE_BYTES {
                count_dropped(1);
            } else if read_member(member, &mut baggage).is_some() {
                read += member.len() + 1;
            }
        }
    });
    if baggage.is_some() {
        into.add_baggage(baggage);
    }
}

/// The number of members that exceeded a limit since the process started.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of baggage members that were not read or not sent since the process started because of
/// [`MAX_BAGGAGE_MEMBERS`] or [`MAX_BAGGAGE_BYTES`]. The first one is logged as a warning.
#[must_use]
pub fn dropped_baggage_members() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

#[cold]
fn count_dropped(members: u64) {
    if DROPPED.fetch_add(members, Ordering::Relaxed) == 0 {
        tracing::warn!(
            "baggage exceeds {MAX_BAGGAGE_MEMBERS} members or {MAX_BAGGAGE_BYTES} bytes: members beyond that are \
             dropped (logged once, counted by dropped_baggage_members)"
        );
    }
}

/// One property of a baggage member, as in `key=value;property;other=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Property<'a> {
    /// The key, a token. It is not decoded.
    pub key: &'a str,
    /// The value, percent-decoded. `None` for a property without a value.
    pub value: Option<String>,
}

/// Parses the properties in the metadata of a baggage member. Malformed ones are skipped.
///
/// ```
/// use tracing_core_lite::propagation::{metadata, properties};
///
/// let metadata = metadata([("tenant", Some("a b")), ("beta", None)]);
/// assert_eq!(metadata.as_str(), "tenant=a%20b;beta");
/// let values: Vec<_> = properties(metadata.as_str()).map(|property| property.value).collect();
/// assert_eq!(values, [Some("a b".to_owned()), None]);
/// ```
pub fn properties(metadata: &str) -> impl Iterator<Item = Property<'_>> {
    metadata.as_bytes().split(|&byte| byte == b';').filter_map(read_property)
}

/// Creates the metadata of a baggage member from properties. Properties whose key is not a token are left out.
pub fn metadata<'a>(properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> BaggageMetadata {
    let mut metadata = String::new();
    for (key, value) in properties.into_iter().filter(|(key, _)| is_token(key.as_bytes())) {
        if !metadata.is_empty() {
            metadata.push(';');
        }
        metadata.push_str(key);
        if let Some(value) = value {
            metadata.push('=');
            percent::encode_to(&mut metadata, value);
        }
    }
    metadata.into()
}

/// Adds `member` to `baggage`. Returns `None` if it is malformed.
fn read_member(member: &[u8], baggage: &mut Option<Baggage>) -> Option<()> {
    let (member, metadata) = match member.iter().position(|&byte| byte == b';') {
        Some(end) => (&member[..end], read_metadata(&member[end + 1..])?),
        None => (member, ""),
    };
    let equals = member.iter().position(|&byte| byte == b'=')?;
    let key = read_token(&member[..equals])?;
    let value = percent::decode(trim(&member[equals + 1..]))?;
    insert(baggage, key, value, metadata);
    Some(())
}

fn insert(baggage: &mut Option<Baggage>, key: &str, value: String, metadata: &str) {
    let baggage = baggage.get_or_insert_default();
    let before = baggage.len();
    let old = baggage.insert_with_metadata(key.to_owned(), value, metadata);
    // OpenTelemetry's `Baggage` has its own limits and does not report what exceeds them.
    if old.is_none() && baggage.len() == before {
        count_dropped(1);
    }
}

/// Collects members that other formats send, within the same limits.
#[cfg(any(feature = "jaeger", feature = "ottrace"))]
#[derive(Debug, Default)]
pub(super) struct Reader {
    baggage: Option<Baggage>,
    read: usize,
}

#[cfg(any(feature = "jaeger", feature = "ottrace"))]
impl Reader {
    /// Adds a member without metadata. The last value of a key wins.
    pub(super) fn add(&mut self, key: &str, value: String) {
        let bytes = key.len() + 1 + value.len();
        if self.read + bytes > MAX_BAGGAGE_BYTES {
            return count_dropped(1);
        }
        self.read += bytes + 1;
        insert(&mut self.baggage, key, value, "");
    }

    pub(super) fn into_baggage(self) -> Option<Baggage> {
        self.baggage
    }
}

/// Returns the properties as received, or `None` if one is malformed, which makes the member malformed. Empty
/// properties are tolerated.
fn read_metadata(metadata: &[u8]) -> Option<&str> {
    for property in metadata.split(|&byte| byte == b';').map(trim) {
        if !property.is_empty() {
            read_property(property)?;
        }
    }
    let metadata = std::str::from_utf8(trim(metadata)).ok()?;
    Some(if metadata.bytes().all(|byte| matches!(byte, b';' | b' ' | b'\t')) { "" } else { metadata })
}

fn read_property(property: &[u8]) -> Option<Property<'_>> {
    let property = trim(property);
    match property.iter().position(|&byte| byte == b'=') {
        Some(equals) => Some(Property {
            key: read_token(&property[..equals])?,
            value: Some(percent::decode(trim(&property[equals + 1..]))?),
        }),
        None => Some(Property { key: read_token(property)?, value: None }),
    }
}

fn read_token(text: &[u8]) -> Option<&str> {
    let text = trim(text);
    if is_token(text) { std::str::from_utf8(text).ok() } else { None }
}

/// Returns whether `text` is a `token` of HTTP (RFC 9110, section 5.6.2).
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Returns the header value, which is empty if nothing can be sent.
fn header(baggage: &Baggage) -> String {
    let mut members: Vec<_> = baggage.iter().filter(|(key, _)| is_token(key.as_str().as_bytes())).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    let mut header = String::new();
    let (mut sent, mut dropped) = (0, 0);
    for (key, (value, metadata)) in members {
        let end = header.len();
        if sent > 0 {
            header.push(',');
        }
        header.push_str(key.as_str());
        header.push('=');
        percent::encode_to(&mut header, value.as_str());
        for property in metadata.as_str().split(';').map(str::trim) {
            if read_property(property.as_bytes()).is_some() {
                header.push(';');
                header.push_str(property);
            }
        }
        if header.len() > MAX_BAGGAGE_BYTES || sent == MAX_BAGGAGE_MEMBERS {
            header.truncate(end);
            dropped += 1;
        } else {
            sent += 1;
        }
    }
    if dropped > 0 {
        count_dropped(dropped);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(baggage: Baggage) -> Option<String> {
        let mut carrier = vec![("baggage".to_owned(), "stale=1".to_owned())];
        W3cBaggage::new().inject(&SpanContext::NONE, &Context::new().with_baggage(baggage), &mut carrier);
        carrier.pop().map(|(_, value)| value)
    }

    fn read(headers: &[&str]) -> Option<Baggage> {
        let carrier: Vec<_> = headers.iter().map(|header| ("baggage", header)).collect();
        let mut extracted = Extracted::default();
        W3cBaggage::new().extract(&carrier, &mut extracted);
        extracted.baggage
    }

    #[test]
    fn an_oversized_member_does_not_void_the_others() {
        let large = format!("large={}", "v".repeat(MAX_BAGGAGE_BYTES));
        let baggage = read(&[&format!("a=1,{large},b=2"), &large, "c=3"]).unwrap();
        assert_eq!(baggage.len(), 3);
    }

    #[test]
    fn what_is_read_is_bounded() {
        let header: Vec<_> = (0..1000).map(|i| format!("key{i:04}={}", "%20".repeat(20))).collect();
        let baggage = read(&[&header.join(",")]).unwrap();
        assert!(baggage.len() <= MAX_BAGGAGE_MEMBERS);
        assert!(sent(baggage).unwrap().len() <= MAX_BAGGAGE_BYTES);
    }

    #[test]
    fn dropped_members_are_counted() {
        let dropped_by = |work: &dyn Fn()| {
            let before = dropped_baggage_members();
            work();
            dropped_baggage_members() - before
        };
        let header = |count: usize| (0..count).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
        let read_count = |count: usize| read(&[&header(count)]).map_or(0, |baggage| baggage.len());
        // Other tests may increase the count too, so these are lower bounds.
        assert!(dropped_by(&|| assert_eq!(read_count(180), MAX_BAGGAGE_MEMBERS)) >= 116);
        let large = format!("large={}", "v".repeat(MAX_BAGGAGE_BYTES));
        assert!(dropped_by(&|| assert!(read(&[&large]).is_none())) >= 1);
        let oversized = || {
            let mut baggage = Baggage::new();
            for i in 0..60 {
                let _old = baggage.insert(format!("k{i:02}"), "\n".repeat(100));
            }
            baggage
        };
        assert!(dropped_by(&|| assert!(sent(oversized()).is_some())) >= 30);
    }

    #[test]
    fn what_is_sent_is_bounded() {
        let mut baggage = Baggage::new();
        for i in 0..60 {
            let _old = baggage.insert(format!("k{i:02}"), "\n".repeat(100));
        }
        let header = sent(baggage).unwrap();
        assert!(header.len() <= MAX_BAGGAGE_BYTES && header.len() > MAX_BAGGAGE_BYTES - 400);
        assert!(header.starts_with("k00=%0A%0A"));
    }

    #[test]
    fn nothing_hostile_is_sent() {
        let mut baggage = Baggage::new();
        let _old = baggage.insert_with_metadata("k", "a\r\nx: y", "p=1\r\nx: y;ok = 2 ;bad key=3;;also=%zz");
        assert_eq!(sent(baggage).as_deref(), Some("k=a%0D%0Ax:%20y;ok = 2"));
    }

    #[test]
    fn no_baggage_leaves_no_header() {
        assert_eq!(sent(Baggage::new()), None);
        assert!(read(&["", ",,", "a"]).is_none());
    }
}
