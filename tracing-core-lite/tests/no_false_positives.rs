//! The default rules change nothing in ordinary values.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tracing_core_lite::TracerProvider;
use tracing_core_lite::cardinality::{NameLimits, ValueLimits};
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::lint::Lint;
use tracing_core_lite::redaction::{Redaction, RedactionStats};

/// A provider whose spans are only redacted.
fn provider(redaction: &Redaction) -> TracerProvider {
    TracerProvider::builder()
        .with_exporter(Discard)
        .with_redaction(redaction.clone())
        .with_name_limits(NameLimits::off())
        .with_value_limits(ValueLimits::off())
        .with_lint(Lint::off())
        .build()
        .unwrap()
}

#[test]
fn values_of_real_traces_stay() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/redaction/ordinary.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let redaction = Redaction::new();
    let provider = provider(&redaction);
    let mut count = 0;
    for line in text.lines() {
        let [_origin, key, value] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let value = value.replace("\\r", "\r").replace("\\n", "\n").replace("\\\\", "\\");
        provider.tracer("test").span(&value).start_with(|span| {
            span.set(key, value.as_str()).add_event(&value, &[(key, value.as_str().into())]);
        });
        count += 1;
    }
    provider.shutdown(Duration::from_secs(30)).unwrap();
    assert!(count >= 300);
    assert_eq!(redaction.stats(), RedactionStats::default());
}

/// A generator of random numbers (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len).map(|_| char::from(alphabet[self.next() as usize % alphabet.len()])).collect()
    }
}

const HEXADECIMAL: &[u8] = b"0123456789abcdef";
const BASE32: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns an identifier, a time, an offset or a hash, as `kind` says.
fn generated(kind: usize, random: &mut Random) -> String {
    let number = random.next();
    match kind {
        0 => random.text(HEXADECIMAL, 32),
        1 => {
            let digits = random.text(HEXADECIMAL, 30);
            format!(
                "{}-{}-4{}-a{}-{}",
                &digits[..8],
                &digits[8..12],
                &digits[12..15],
                &digits[15..18],
                &digits[18..]
            )
        }
        2 => format!(
            "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            number % 12 + 1,
            number % 28 + 1,
            number % 24,
            number % 60,
            number % 59,
            number % 1_000_000
        ),
        3 => (number >> 20).to_string(),
        4 => format!("sha256:{}", random.text(HEXADECIMAL, 64)),
        // ULID, nanoid, and hashes in base64.
        5 => random.text(BASE32, 26),
        6 => random.text(BASE64_URL, 21),
        7 => format!("{}=", random.text(BASE64, 43)),
        8 => format!("00-{}-{}-01", random.text(HEXADECIMAL, 32), random.text(HEXADECIMAL, 16)),
        _ => format!("{}.{:09}", number % 2_000_000_000, number % 1_000_000_000),
    }
}

#[test]
fn a_hundred_thousand_generated_values_stay() {
    let redaction = Redaction::new();
    let provider = provider(&redaction);
    let tracer = provider.tracer("test");
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for span in 0..10_000 {
        let values: Vec<_> = (0..10).map(|kind| generated(kind, &mut random)).collect();
        tracer.span("place order").start_with(|span| {
            for (kind, value) in values.iter().enumerate() {
                span.set(
                    ["order.id", "id", "at", "offset", "digest", "ulid", "nanoid", "etag", "parent", "clock"]
                        [kind],
                    value.as_str(),
                );
            }
        });
        if span % 1000 == 0 {
            provider.flush(Duration::from_secs(30)).unwrap();
        }
    }
    provider.shutdown(Duration::from_secs(30)).unwrap();
    assert_eq!(redaction.stats(), RedactionStats::default());
}
