//! Reads spans from OTLP's JSON.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use opentelemetry::trace::{SpanId, TraceId};
use serde_json::{Map, Value as Json};

use crate::span::data::decode::{MAX_VALUE_DEPTH, kind_from_otlp, status_from_otlp};
use crate::span::data::{
    AnyValue, EventData, LinkData, ResourceSpans, ScopeData, ScopeSpans, SpanData, StatusData,
};

type Result<T> = std::result::Result<T, &'static str>;
type Object = Map<String, Json>;

/// Reads one `ExportTraceServiceRequest` (or `TracesData`) in OTLP's JSON.
///
/// As the encoding requires of readers, it skips unknown members, takes `null` for the default, and accepts 64-bit integers
/// as numbers, ids in capital letters, and enums as names.
///
/// # Errors
/// Returns a short description of the error, which quotes nothing of the input.
pub fn from_json(text: &str) -> std::result::Result<Vec<ResourceSpans>, &'static str> {
    // serde_json itself stops at 128 levels.
    let json: Json = serde_json::from_str(text).map_err(|_| "not JSON")?;
    list(object(&json)?, "resourceSpans", resource_spans)
}

fn resource_spans(it: &Object) -> Result<ResourceSpans> {
    let resource = match it.get("resource") {
        None | Some(Json::Null) => Vec::new(),
        Some(resource) => attributes(object(resource)?)?,
    };
    let scope_spans = list(it, "scopeSpans", scope_spans)?;
    Ok(ResourceSpans { resource, schema_url: text(it, "schemaUrl")?, scope_spans })
}

fn scope_spans(it: &Object) -> Result<ScopeSpans> {
    let scope = match it.get("scope") {
        None | Some(Json::Null) => ScopeData::default(),
        Some(scope) => {
            let it = object(scope)?;
            ScopeData { name: text(it, "name")?, version: text(it, "version")?, attributes: attributes(it)? }
        }
    };
    Ok(ScopeSpans { scope, schema_url: text(it, "schemaUrl")?, spans: list(it, "spans", span)? })
}

fn span(it: &Object) -> Result<SpanData> {
    const KINDS: [&str; 6] = [
        "SPAN_KIND_UNSPECIFIED",
        "SPAN_KIND_INTERNAL",
        "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ];
    Ok(SpanData {
        trace_id: trace_id(it)?,
        span_id: span_id(it, "spanId")?,
        trace_state: text(it, "traceState")?,
        parent_span_id: span_id(it, "parentSpanId")?,
        flags: int(it, "flags")?,
        name: text(it, "name")?,
        kind: kind_from_otlp(enumeration(it, "kind", &KINDS)?),
        start_time_unix_nano: int(it, "startTimeUnixNano")?,
        end_time_unix_nano: int(it, "endTimeUnixNano")?,
        attributes: attributes(it)?,
        dropped_attributes_count: int(it, "droppedAttributesCount")?,
        events: list(it, "events", event)?,
        dropped_events_count: int(it, "droppedEventsCount")?,
        links: list(it, "links", link)?,
        dropped_links_count: int(it, "droppedLinksCount")?,
        status: status(it)?,
    })
}

fn status(span: &Object) -> Result<StatusData> {
    const CODES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
    match span.get("status") {
        None | Some(Json::Null) => Ok(StatusData::Unset),
        Some(status) => {
            let it = object(status)?;
            Ok(status_from_otlp(enumeration(it, "code", &CODES)?, text(it, "message")?))
        }
    }
}

fn event(it: &Object) -> Result<EventData> {
    Ok(EventData {
        time_unix_nano: int(it, "timeUnixNano")?,
        name: text(it, "name")?,
        attributes: attributes(it)?,
        dropped_attributes_count: int(it, "droppedAttributesCount")?,
    })
}

fn link(it: &Object) -> Result<LinkData> {
    Ok(LinkData {
        trace_id: trace_id(it)?,
        span_id: span_id(it, "spanId")?,
        trace_state: text(it, "traceState")?,
        attributes: attributes(it)?,
        dropped_attributes_count: int(it, "droppedAttributesCount")?,
        flags: int(it, "flags")?,
    })
}

fn attributes(it: &Object) -> Result<Vec<(String, AnyValue)>> {
    list(it, "attributes", |it| key_value(it, 0))
}

fn key_value(it: &Object, depth: usize) -> Result<(String, AnyValue)> {
    let value = match it.get("value") {
        None | Some(Json::Null) => AnyValue::Empty,
        Some(it) => value(object(it)?, depth)?,
    };
    Ok((text(it, "key")?, value))
}

fn value(it: &Object, depth: usize) -> Result<AnyValue> {
    if depth > MAX_VALUE_DEPTH {
        return Err("an attribute's value is nested too deeply");
    }
    for (key, it) in it.iter().filter(|(_, it)| !it.is_null()) {
        return Ok(match key.as_str() {
            "stringValue" => AnyValue::String(it.as_str().ok_or("a stringValue is not a string")?.to_owned()),
            "boolValue" => AnyValue::Bool(it.as_bool().ok_or("a boolValue is neither true nor false")?),
            "intValue" => AnyValue::Int(as_int(it)?),
            "doubleValue" => AnyValue::Double(as_double(it)?),
            "arrayValue" => AnyValue::Array(list(object(it)?, "values", |it| value(it, depth + 1))?),
            "kvlistValue" => AnyValue::Map(list(object(it)?, "values", |it| key_value(it, depth + 1))?),
            "bytesValue" => AnyValue::Bytes(
                it.as_str().and_then(decode_base64).ok_or("a bytesValue is not a string in base64")?,
            ),
            _ => continue,
        });
    }
    Ok(AnyValue::Empty)
}

/// Readers of protobuf's JSON accept the standard and the URL-safe alphabet, with and without padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text.replace('-', "+").replace('_', "/")).ok()
}

fn object(json: &Json) -> Result<&Object> {
    json.as_object().ok_or("something else where an object must be")
}

fn list<T>(it: &Object, key: &str, read: impl Fn(&Object) -> Result<T>) -> Result<Vec<T>> {
    match it.get(key) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => items.iter().map(|item| read(object(item)?)).collect(),
        Some(_) => Err("something else where an array must be"),
    }
}

fn text(it: &Object, key: &str) -> Result<String> {
    match it.get(key) {
        None | Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(_) => Err("something else where a string must be"),
    }
}

fn int<T: Default + TryFrom<i128>>(it: &Object, key: &str) -> Result<T> {
    match it.get(key) {
        None | Some(Json::Null) => Ok(T::default()),
        Some(number) => as_int(number),
    }
}

fn as_int<T: TryFrom<i128>>(json: &Json) -> Result<T> {
    let number: Option<i128> = match json {
        Json::Number(number) => number.as_i128(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    number.and_then(|number| T::try_from(number).ok()).ok_or("an integer is out of its range, or none")
}

fn as_double(json: &Json) -> Result<f64> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        // Rust reads NaN and Infinity, with and without a sign.
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or("a doubleValue is not a number")
}

/// Protobuf's JSON allows an enum's value by number and by name.
fn enumeration(it: &Object, key: &str, names: &[&str]) -> Result<u32> {
    if let Some(Json::String(name)) = it.get(key)
        && let Some(value) = names.iter().position(|it| it == name)
    {
        return u32::try_from(value).map_err(|_| "an enum has no such name");
    }
    int(it, key)
}

fn trace_id(it: &Object) -> Result<TraceId> {
    match text(it, "traceId")? {
        id if id.is_empty() => Ok(TraceId::INVALID),
        id => from_hex(&id).map(TraceId::from_bytes).ok_or("a trace id is not 32 hex digits"),
    }
}

fn span_id(it: &Object, key: &str) -> Result<SpanId> {
    match text(it, key)? {
        id if id.is_empty() => Ok(SpanId::INVALID),
        id => from_hex(&id).map(SpanId::from_bytes).ok_or("a span id is not 16 hex digits"),
    }
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit =
            |index: usize| char::from(digits[index]).to_digit(16).and_then(|it| u8::try_from(it).ok());
        *byte = (digit(0)? << 4) | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_of_base64_are_read_with_and_without_padding() {
        for (encoded, plain) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zg", b"f"), ("Zm8=", b"fo"), ("Zm9vYmFy", b"foobar")]
        {
            assert_eq!(decode_base64(encoded).as_deref(), Some(plain), "{encoded}");
        }
        assert_eq!(decode_base64("-_-_"), decode_base64("+/+/"));
        for broken in ["Z", "Zm9vY", "Zm 9", "é"] {
            assert_eq!(decode_base64(broken), None, "{broken}");
        }
    }
}
