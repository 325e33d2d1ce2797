//! Generates spans as OTLP protobuf, and keeps a ledger of what the answers must be. It shares no code with trace-lens.
//!
//! There are 50 services and 8 attributes a span, and the spans of one trace are scattered over the file.

use std::io::{BufWriter, Write};

const SERVICES: u64 = 50;
/// The spans of one trace: a chain of calls, each a client and a server span.
const SPANS_PER_TRACE: u64 = 10;
/// How many traces are open at a time.
const OPEN: u64 = 5_000;
const MS: u64 = 1_000_000;

/// What the answers must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ledger {
    pub(crate) spans: u64,
    pub(crate) traces: u64,
    /// Traces whose root failed.
    pub(crate) failed: u64,
    /// The nanoseconds of all critical paths.
    pub(crate) path: u64,
    /// Calls between services.
    pub(crate) calls: u64,
    /// Traces of a second or more.
    pub(crate) slow: u64,
}

/// Writes `spans` spans.
pub(crate) fn generate(spans: u64, out: &mut impl Write) -> Ledger {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let mut ledger = Ledger::default();
    let traces = spans / SPANS_PER_TRACE;
    let mut first = 0;
    while first < traces {
        let open = OPEN.min(traces - first);
        // Span by span over all open traces, so that the spans of one are far from each other.
        for position in (0..SPANS_PER_TRACE).rev() {
            for trace in first..first + open {
                out.write_all(&resource_spans(trace, position)).unwrap();
            }
        }
        for trace in first..first + open {
            let duration = duration(trace);
            ledger.spans += SPANS_PER_TRACE;
            ledger.traces += 1;
            ledger.failed += u64::from(is_failed(trace));
            ledger.path += duration;
            ledger.calls += SPANS_PER_TRACE / 2;
            ledger.slow += u64::from(duration >= 1_000 * MS);
        }
        first += open;
    }
    out.flush().unwrap();
    ledger
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

fn duration(trace: u64) -> u64 {
    (20 + mix(trace) % 1_100) * MS
}

fn is_failed(trace: u64) -> bool {
    mix(trace ^ 77).is_multiple_of(20)
}

fn resource_spans(trace: u64, position: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    // Positions are client and server in turn: the first client has no parent and belongs to the front end.
    let depth = position.div_ceil(2);
    let service = if depth == 0 { 0 } else { (mix(trace % 97) + depth) % (SERVICES - 1) + 1 };
    field(&mut out, 1, |out| {
        field(out, 1, |out| {
            attribute(out, 1, "service.name", &format!("service-{service:02}"));
            attribute(out, 1, "host.name", &format!("host-{:02}", service % 7));
        });
        field(out, 2, |out| field(out, 2, |out| span(out, trace, position, service)));
    });
    out
}

fn span(out: &mut Vec<u8>, trace: u64, position: u64, service: u64) {
    let (start, length) = (1_700_000_000_000_000_000 + trace * 1_000, duration(trace));
    let inset = position * (length / 40);
    let trace_id = (u128::from(mix(trace)) << 64 | u128::from(trace + 1)).to_be_bytes();
    let span_id = |position: u64| (mix(trace ^ position << 40) | 1).to_be_bytes();
    field(out, 1, |out| out.extend_from_slice(&trace_id));
    field(out, 2, |out| out.extend_from_slice(&span_id(position)));
    if position > 0 {
        field(out, 4, |out| out.extend_from_slice(&span_id(position - 1)));
    }
    let is_client = position.is_multiple_of(2);
    field(out, 5, |out| out.extend_from_slice(format!("GET /items/{}", service % 5).as_bytes()));
    out.extend_from_slice(&[6 << 3, if is_client { 3 } else { 2 }]);
    fixed64(out, 7, start + inset);
    fixed64(out, 8, start + length - inset);
    attribute(out, 9, "http.request.method", "GET");
    attribute(out, 9, "http.route", "/items/{id}");
    attribute(out, 9, "url.path", &format!("/items/{}", mix(trace) % 10_000));
    attribute(out, 9, "server.address", &format!("service-{service:02}.internal"));
    attribute(out, 9, "tenant", &format!("tenant-{}", mix(trace ^ 5) % 300));
    attribute(out, 9, "app.version", &format!("1.{}.0", service % 9));
    attribute(out, 9, "pod", &format!("service-{service:02}-{}", mix(trace ^ 9) % 12));
    attribute(out, 9, "http.response.status_code", if is_failed(trace) { "500" } else { "200" });
    if is_failed(trace) {
        field(out, 15, |out| out.extend_from_slice(&[3 << 3, 2]));
    }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number % 0x80) as u8 | 0x80);
        number /= 0x80;
    }
    out.push(number as u8);
}

fn field(out: &mut Vec<u8>, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    varint(out, number << 3 | 2);
    varint(out, inner.len() as u64);
    out.extend_from_slice(&inner);
}

fn fixed64(out: &mut Vec<u8>, number: u64, value: u64) {
    varint(out, number << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn attribute(out: &mut Vec<u8>, number: u64, key: &str, value: &str) {
    field(out, number, |out| {
        field(out, 1, |out| out.extend_from_slice(key.as_bytes()));
        field(out, 2, |out| field(out, 1, |out| out.extend_from_slice(value.as_bytes())));
    });
}
