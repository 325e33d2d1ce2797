//! Looks for prefixes in bytes, fast enough to run over every exported byte.

use std::sync::OnceLock;

use super::patterns::PATTERNS;
use crate::redaction::keys::DENIED_WORDS;

/// A set of pairs of bytes.
struct PairSet(Box<[u64; 1024]>);

impl PairSet {
    fn insert(&mut self, pair: u16) {
        self.0[usize::from(pair >> 6)] |= 1 << (pair & 63);
    }

    #[inline]
    fn contains(&self, first: u8, second: u8) -> bool {
        let pair = u16::from_le_bytes([first, second]);
        self.0[usize::from(pair >> 6)] >> (pair & 63) & 1 == 1
    }
}

/// Finds the places in bytes where one of the patterns may stand.
///
/// Of each pattern, three bytes in a row are chosen: those that are rare in text. Both pairs in them are in the set, so a
/// look at every second position of the haystack meets one of the two.
pub(super) struct Scanner {
    pairs: PairSet,
    /// For each pair of the set: the needle, and where the pair is in it.
    places: Vec<(u16, u8, u16)>,
    needles: Vec<&'static str>,
}

/// What was found: the index of a needle, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) needle: usize,
    pub(super) start: usize,
}

impl Scanner {
    /// Returns the scanner for the prefixes of secrets and the words of denied keys. The prefixes come first, with the
    /// indexes that they have in [`PATTERNS`].
    pub(super) fn shared() -> &'static Self {
        static SCANNER: OnceLock<Scanner> = OnceLock::new();
        SCANNER.get_or_init(|| {
            Self::new(
                PATTERNS.iter().map(|pattern| pattern.prefix).chain(DENIED_WORDS.iter().copied()).collect(),
            )
        })
    }

    fn new(needles: Vec<&'static str>) -> Self {
        let mut pairs = PairSet(Box::new([0; 1024]));
        let mut places = Vec::new();
        for (index, needle) in needles.iter().enumerate() {
            let bytes = needle.as_bytes();
            let at = rarest_three(bytes);
            for offset in [at, at + 1] {
                for pair in cases(bytes[offset], bytes[offset + 1]) {
                    pairs.insert(pair);
                    places.push((pair, offset as u8, index as u16));
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Self { pairs, places, needles }
    }

    /// Returns the first hit at or behind `from`. Hits that start earlier in the text come later if their rare bytes do.
    pub(super) fn next(&self, haystack: &[u8], from: usize) -> Option<Hit> {
        self.next_pair(haystack, from).map(|(hit, _)| hit)
    }

    /// Calls `visit` with every hit.
    pub(super) fn each(&self, haystack: &[u8], mut visit: impl FnMut(Hit)) {
        let mut from = 0;
        while let Some((hit, next)) = self.next_pair(haystack, from) {
            visit(hit);
            from = next;
        }
    }

    #[inline]
    fn next_pair(&self, haystack: &[u8], from: usize) -> Option<(Hit, usize)> {
        // Eight positions are tested without a branch in between, as nearly all of them fail.
        let mut at = from;
        while let Some(window) = haystack.get(at..at + 16) {
            let any = (0..8)
                .fold(false, |any, step| any | self.pairs.contains(window[2 * step], window[2 * step + 1]));
            if any && let Some(found) = (0..8).find_map(|step| self.hit_at(haystack, at + 2 * step)) {
                return Some(found);
            }
            at += 16;
        }
        while at + 1 < haystack.len() {
            if let Some(found) = self.hit_at(haystack, at) {
                return Some(found);
            }
            at += 2;
        }
        None
    }

    /// Returns the needle that covers the pair at `at`, and where to go on.
    fn hit_at(&self, haystack: &[u8], at: usize) -> Option<(Hit, usize)> {
        let (first, second) = (haystack[at], haystack[at + 1]);
        if !self.pairs.contains(first, second) {
            return None;
        }
        let pair = u16::from_le_bytes([first, second]);
        let from = self.places.partition_point(|place| place.0 < pair);
        let places = self.places[from..].iter().take_while(|place| place.0 == pair);
        let longest = places
            .filter_map(|(_, offset, needle)| {
                let needle = usize::from(*needle);
                let start = at.checked_sub(usize::from(*offset))?;
                let text = haystack.get(start..start + self.needles[needle].len())?;
                text.eq_ignore_ascii_case(self.needles[needle].as_bytes()).then_some(Hit { needle, start })
            })
            .max_by_key(|hit| self.needles[hit.needle].len());
        longest.map(|hit| (hit, at + 2))
    }
}

/// Returns the start of the three bytes in a row that are rarest in exported spans.
fn rarest_three(bytes: &[u8]) -> usize {
    (0..bytes.len() - 2)
        .min_by_key(|at| bytes[*at..at + 3].iter().map(|byte| frequency(*byte)).sum::<u32>())
        .unwrap_or(0)
}

/// A rough order of how often characters occur in keys and values of attributes.
fn frequency(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        b'e' | b't' | b's' | b'r' | b'.' | b'o' | b'a' | b'n' | b'i' => 20,
        b'c' | b'd' | b'l' | b'p' | b'm' | b'h' | b'u' | b'_' | b' ' => 12,
        b'g' | b'f' | b'y' | b'v' | b'b' | b'w' | b'-' | b'/' | b'0'..=b'9' => 7,
        _ => 3,
    }
}

/// Returns the pairs that equal these two bytes when the case of ASCII letters is ignored.
fn cases(first: u8, second: u8) -> impl Iterator<Item = u16> {
    let both = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
    both(first)
        .into_iter()
        .flat_map(move |first| both(second).map(|second| u16::from_le_bytes([first, second])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needle_is_found_at_every_place_in_either_case() {
        let scanner = Scanner::shared();
        for (index, needle) in scanner.needles.iter().enumerate() {
            for before in 0..20 {
                for text in [(*needle).to_owned(), needle.to_uppercase(), needle.to_lowercase()] {
                    for behind in [0, 1, 7, 30] {
                        let haystack = format!("{}{text}{}", "~".repeat(before), "~".repeat(behind));
                        let mut found = Vec::new();
                        scanner.each(haystack.as_bytes(), |hit| found.push(hit));
                        assert!(
                            found.iter().any(|hit| hit.start <= before
                                && before < hit.start + scanner.needles[hit.needle].len()),
                            "{index} {haystack} {found:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn ordinary_text_has_no_hits() {
        for text in [
            "",
            "e",
            "GET /orders/{id}",
            "http.request.method",
            "SELECT orders",
            "com.example.Checkout/Place",
            "k\u{e4}ufer",
        ] {
            assert_eq!(Scanner::shared().next(text.as_bytes(), 0), None, "{text}");
        }
    }
}
