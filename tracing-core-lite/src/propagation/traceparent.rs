//! The `traceparent` header: the trace that a request belongs to, and the span that sent it.
//!
//! Source: W3C Trace Context Level 2, section "Traceparent Header".

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::hex;

/// The length of a version 00 header in bytes. Only this version is written, and no valid header is shorter.
const LEN: usize = 55;

/// The flags of Level 2: bit 0 sampled, bit 1 random trace id. The others are reserved: they are ignored and sent as
/// zero.
const KNOWN_FLAGS: u8 = 0b11;

/// The content of a `traceparent` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traceparent {
    /// The trace. Never all zero.
    pub trace_id: TraceId,
    /// The sender's span. Never all zero.
    pub span_id: SpanId,
    /// Sampled (bit 0) and random trace id (bit 1). No other bit is set.
    pub flags: TraceFlags,
}

impl Traceparent {
    /// Returns the remote span context with this identity and `trace_state`.
    #[must_use]
    pub fn with_trace_state(self, trace_state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id, self.span_id, self.flags, true, trace_state)
    }
}

/// Parses a `traceparent` header value. Does not allocate.
///
/// Spaces and tabs around it are ignored. Version 00 must have its exact length. Of later versions, the fields of
/// version 00 are parsed if a dash or nothing follows them. Returns `None` for anything else, such as version `ff`,
/// upper-case digits, ids of zeros, or several values separated by commas. Source: W3C Trace Context Level 2, section
/// "Versioning of traceparent".
///
/// ```
/// use tracing_core_lite::propagation::parse_traceparent;
///
/// let parent = parse_traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03").expect("it is valid");
/// assert_eq!(parent.span_id.to_string(), "00f067aa0ba902b7");
/// assert!(parent.flags.is_sampled());
/// assert_eq!(parse_traceparent(b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-03"), None);
/// ```
#[must_use]
pub fn parse_traceparent(header: &[u8]) -> Option<Traceparent> {
    let header = if header.len() == LEN { header } else { trim(header) };
    let (known, rest) = header.split_first_chunk::<LEN>()?;
    if known[2] != b'-' || known[35] != b'-' || known[52] != b'-' {
        return None;
    }
    if known[..2] != *b"00" || !rest.is_empty() {
        check_other_version(known, rest)?;
    }
    // Both ids are decoded together, which is faster than one after the other.
    let mut digits = [0; 48];
    digits[..32].copy_from_slice(&known[3..35]);
    digits[32..].copy_from_slice(&known[36..52]);
    let ids: [u8; 24] = hex::decode(&digits)?;
    let (trace_id, span_id) = ids.split_first_chunk::<16>()?;
    let trace_id = TraceId::from_bytes(*trace_id);
    let span_id = SpanId::from_bytes(*span_id.first_chunk()?);
    let flags = match known[53..] {
        [b'0', digit @ b'0'..=b'3'] => digit - b'0',
        _ => hex::decode::<1>(&known[53..])?[0],
    };
    (trace_id != TraceId::INVALID && span_id != SpanId::INVALID).then_some(Traceparent {
        trace_id,
        span_id,
        flags: TraceFlags::new(flags & KNOWN_FLAGS),
    })
}

/// Returns `None` for an unknown version, or if unexpected bytes follow.
#[cold]
fn check_other_version(known: &[u8], rest: &[u8]) -> Option<()> {
    let [version] = hex::decode(known)?;
    let follows = match version {
        0 => rest.is_empty(),
        0xff => false,
        // A comma means that two headers were joined into one, and neither can be trusted.
        _ => rest.first().is_none_or(|&first| first == b'-') && !rest.contains(&b','),
    };
    follows.then_some(())
}

/// Formats the `traceparent` header value of `span_context`: version 00, ASCII. Does not allocate.
///
/// Reserved flags are sent as zero. The caller must check that the context is valid.
///
/// ```
/// use tracing_core_lite::propagation::{format_traceparent, parse_traceparent};
///
/// let header = *b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let span_context = parse_traceparent(&header).expect("it is valid").with_trace_state(Default::default());
/// assert_eq!(format_traceparent(&span_context), header);
/// ```
#[must_use]
pub fn format_traceparent(span_context: &SpanContext) -> [u8; LEN] {
    let mut header = *b"00-................................-................-..";
    hex::encode(&span_context.trace_id().to_bytes(), &mut header[3..35]);
    hex::encode(&span_context.span_id().to_bytes(), &mut header[36..52]);
    hex::encode(&[span_context.trace_flags().to_u8() & KNOWN_FLAGS], &mut header[53..55]);
    header
}

/// Removes optional white space of HTTP (RFC 9110, section 5.6.3) from both ends.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn white_space_around_is_ignored() {
        for header in [format!(" {HEADER}"), format!("{HEADER}\t"), format!("\t {HEADER} \t")] {
            assert_eq!(parse_traceparent(header.as_bytes()), parse_traceparent(HEADER.as_bytes()));
        }
        assert!(parse_traceparent(HEADER.as_bytes()).is_some());
    }

    #[test]
    fn later_versions_may_add_to_the_end_only() {
        let later = HEADER.replacen("00", "cc", 1);
        for (header, read) in [
            (later.clone(), true),
            (format!("{later}-what-the-future-brings"), true),
            (format!("{later}-"), true),
            (format!("{later}.what"), false),
            (format!("{later}0"), false),
            (format!("{later}-x,{later}"), false),
            (format!("{later},{later}"), false),
            (HEADER.replacen("00", "ff", 1), false),
            (format!("{HEADER}-"), false),
            (format!("{HEADER},{HEADER}"), false),
        ] {
            assert_eq!(parse_traceparent(header.as_bytes()).is_some(), read, "{header}");
        }
    }

    #[test]
    fn unknown_flags_are_dropped_in_every_version() {
        for version in ["00", "01", "fe"] {
            let header = format!("{version}{}ff", &HEADER[2..53]);
            assert_eq!(parse_traceparent(header.as_bytes()).map(|parent| parent.flags.to_u8()), Some(0b11));
        }
    }

    #[test]
    fn nothing_shorter_is_read() {
        for end in 0..HEADER.len() {
            assert_eq!(parse_traceparent(&HEADER.as_bytes()[..end]), None, "{end}");
        }
    }
}
