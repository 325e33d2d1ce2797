//! The recorded decisions: one line for each configuration.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{SEED, TRACES};

/// The decisions of one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Whether each trace was kept.
    pub(crate) kept: Vec<bool>,
    /// The number of spans that did not follow the decision about their trace.
    pub(crate) split_spans: usize,
}

/// The decisions of a Collector.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) version: String,
    pub(crate) digest: u64,
    pub(crate) cases: BTreeMap<String, Recorded>,
}

impl Recording {
    pub(crate) fn write(&self) -> String {
        let mut text = format!(
            "# Decisions of the OpenTelemetry Collector's tail_sampling, written by `cargo xtask peers record-tail`.\n\
             # case NAME KEPT SPLIT_SPANS BITS: bit n of BITS, from the left, says whether trace n was kept.\n\
             version {}\nseed {SEED}\ntraces {TRACES}\ndigest {:016x}\n",
            self.version, self.digest
        );
        for (name, it) in &self.cases {
            let kept = it.kept.iter().filter(|kept| **kept).count();
            let _ = write!(text, "case {name} {kept} {} ", it.split_spans);
            for eight in it.kept.chunks(8) {
                let byte = (0..8).fold(0, |byte, at| byte << 1 | u8::from(eight.get(at) == Some(&true)));
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        text
    }

    /// Reads what [`write`](Self::write) has written.
    pub(crate) fn read(text: &str) -> Self {
        let mut recording = Self::default();
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["version", version] => recording.version = version.into(),
                ["digest", digest] => recording.digest = u64::from_str_radix(digest, 16).expect("a number"),
                ["case", name, _, split, bits] => {
                    let digit = |digit: char| digit.to_digit(16).expect("a digit");
                    let of_digit = |digit: u32| (0..4).rev().map(move |bit| digit >> bit & 1 == 1);
                    let kept = bits.chars().map(digit).flat_map(of_digit).take(TRACES).collect();
                    let split_spans = split.parse().expect("a number");
                    recording.cases.insert(name.into(), Recorded { kept, split_spans });
                }
                _ => {}
            }
        }
        recording
    }
}
