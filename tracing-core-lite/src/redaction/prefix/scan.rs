//! Searches bytes for prefixes, fast enough to run over every exported byte.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::patterns::PATTERNS;
use crate::redaction::keys::denied_words;

/// A set of pairs of bytes, with one byte for each pair, so that a lookup is a single load. Text touches few of its cache
/// lines.
struct PairSet(Box<[u8; 1 << 16]>);

impl PairSet {
    #[inline]
    fn contains(&self, pair: u16) -> u8 {
        self.0[usize::from(pair)]
    }
}

/// A set of triples of bytes. It may report others with the same hash.
struct TripleSet(Box<[u64; 1024]>);

impl TripleSet {
    fn bit(triple: [u8; 3]) -> u32 {
        u32::from_le_bytes([triple[0], triple[1], triple[2], 0]).wrapping_mul(0x9E37_79B1) >> 16
    }

    fn insert(&mut self, triple: [u8; 3]) {
        let bit = Self::bit(triple);
        self.0[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    #[inline]
    fn contains(&self, triple: &[u8]) -> bool {
        let [first, second, third] = *triple else { return false };
        let bit = Self::bit([first, second, third]);
        self.0[(bit >> 6) as usize & 1023] >> (bit & 63) & 1 == 1
    }
}

/// Finds the places in bytes where one of the patterns may stand.
///
/// Of each pattern, the three consecutive bytes that are rarest in text are chosen. Both of their pairs are in the set, so
/// checking every second position of the haystack finds one of the two. The third byte then rules out most false matches.
pub(super) struct Scanner {
    pairs: PairSet,
    triples: TripleSet,
    /// The pairs of the set, each with a needle and where the pair is in it.
    places: Vec<(u16, u8, u16)>,
    /// For each pair, one more than the index of its first place.
    first_places: Box<[u16; 1 << 16]>,
    needles: Vec<Cow<'static, str>>,
}

/// What was found: the index of a needle, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) needle: usize,
    pub(super) start: usize,
}

impl Scanner {
    /// Returns the scanner for the prefixes of secrets, the words of denied keys, and the prefixes in percent-encoding. The
    /// prefixes come first, with the indexes that they have in [`PATTERNS`]. A hit of the others only tells that the text must
    /// be read.
    pub(super) fn shared() -> &'static Self {
        static SCANNER: OnceLock<Scanner> = OnceLock::new();
        SCANNER.get_or_init(|| {
            let prefixes = || PATTERNS.iter().map(|pattern| pattern.prefix);
            let is_changed = |prefix: &&str| !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let all = prefixes().filter(is_changed).map(|prefix| percent_encoded(prefix).into());
            let is_reserved = |prefix: &&str| prefix.contains(['/', ' ']);
            let reserved = prefixes()
                .filter(is_reserved)
                .map(|prefix| prefix.replace('/', "%2F").replace(' ', "%20").into());
            let needles = prefixes().map(Cow::Borrowed).chain(denied_words());
            Self::new(needles.chain(all).chain(reserved).collect())
        })
    }

    fn new(needles: Vec<Cow<'static, str>>) -> Self {
        let mut pairs = PairSet(Box::new([0; 1 << 16]));
        let mut triples = TripleSet(Box::new([0; 1024]));
        let mut places = Vec::new();
        for (index, needle) in needles.iter().enumerate() {
            let bytes = needle.as_bytes();
            let at = rarest_three(bytes);
            for offset in [at, at + 1] {
                for pair in cases([bytes[offset], bytes[offset + 1]]) {
                    let pair = u16::from_le_bytes(pair);
                    pairs.0[usize::from(pair)] = 1;
                    places.push((pair, offset as u8, index as u16));
                }
            }
            cases([bytes[at], bytes[at + 1], bytes[at + 2]])
                .into_iter()
                .for_each(|triple| triples.insert(triple));
        }
        places.sort_unstable();
        places.dedup();
        let mut first_places = Box::new([0; 1 << 16]);
        for (index, (pair, ..)) in places.iter().enumerate().rev() {
            first_places[usize::from(*pair)] = index as u16 + 1;
        }
        Self { pairs, triples, places, first_places, needles }
    }

    /// Returns the first hit at or behind `from`. Hits that start earlier in the text come later if their rare bytes do.
    pub(super) fn next(&self, haystack: &[u8], from: usize) -> Option<Hit> {
        self.next_pair(haystack, from).and_then(|at| self.hits_at(haystack, at).next())
    }

    /// Calls `visit` with every hit.
    pub(super) fn each(&self, haystack: &[u8], mut visit: impl FnMut(Hit)) {
        let mut from = 0;
        while let Some(at) = self.next_pair(haystack, from) {
            self.hits_at(haystack, at).for_each(&mut visit);
            from = at + 2;
        }
    }

    /// Returns the position of the first pair at or behind `from` that belongs to a needle.
    #[inline]
    fn next_pair(&self, haystack: &[u8], from: usize) -> Option<usize> {
        // Four positions are tested without a branch in between, as nearly all of them fail.
        let mut at = from;
        while let Some(window) = haystack.get(at..).and_then(|rest| rest.first_chunk()) {
            let window = u64::from_le_bytes(*window);
            let pair = |step: usize| (window >> (16 * step)) as u16;
            let any = (0..4).fold(0, |any, step| any | self.pairs.contains(pair(step)));
            if any != 0 {
                let marked =
                    (0..4).filter(|step| self.pairs.contains(pair(*step)) != 0).map(|step| at + 2 * step);
                let mut resembling = marked.filter(|place| self.resembles(haystack, *place));
                if let Some(place) = resembling.find(|place| self.is_hit(haystack, *place)) {
                    return Some(place);
                }
            }
            at += 8;
        }
        while at + 1 < haystack.len() {
            let pair = u16::from_le_bytes([haystack[at], haystack[at + 1]]);
            if self.pairs.contains(pair) == 1 && self.is_hit(haystack, at) {
                return Some(at);
            }
            at += 2;
        }
        None
    }

    /// Returns whether the pair at `at` and the byte in front of it or behind it may be the rare bytes of a needle.
    #[inline]
    fn resembles(&self, haystack: &[u8], at: usize) -> bool {
        let triple =
            |start: usize| haystack.get(start..start + 3).is_some_and(|triple| self.triples.contains(triple));
        triple(at) || at.checked_sub(1).is_some_and(triple)
    }

    #[cold]
    fn is_hit(&self, haystack: &[u8], at: usize) -> bool {
        self.hits_at(haystack, at).next().is_some()
    }

    /// Returns the needles that cover the pair at `at`.
    fn hits_at<'s>(&'s self, haystack: &'s [u8], at: usize) -> impl Iterator<Item = Hit> + 's {
        let pair = u16::from_le_bytes([haystack[at], haystack[at + 1]]);
        let from = usize::from(self.first_places[usize::from(pair)]);
        let places = if from == 0 { &[][..] } else { &self.places[from - 1..] };
        places.iter().take_while(move |place| place.0 == pair).filter_map(move |(_, offset, needle)| {
            let needle = usize::from(*needle);
            let start = at.checked_sub(usize::from(*offset))?;
            let text = haystack.get(start..start + self.needles[needle].len())?;
            text.eq_ignore_ascii_case(self.needles[needle].as_bytes()).then_some(Hit { needle, start })
        })
    }
}

/// Returns `prefix` as encoders write it that keep letters and digits only.
fn percent_encoded(prefix: &str) -> String {
    percent_encoding::utf8_percent_encode(prefix, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Pairs that occur often in keys and values of attributes.
const COMMON_PAIRS: &[&str] = &[
    "al", "an", "ar", "as", "at", "ce", "co", "ct", "de", "e.", "ec", "ed", "el", "en", "er", "es", "et",
    "ha", "he", "ho", "id", "in", "io", "is", "it", "la", "le", "me", "ne", "nt", "om", "on", "or", "p.",
    "qu", "re", "ri", "rk", "ro", "rs", "s_", "se", "si", "sp", "ss", "st", "te", "th", "ti", "to", "tr",
    "tt", "ur", "us", "ve", "_a",
];

/// Returns the start of the three bytes in a row that are rarest in exported spans.
fn rarest_three(bytes: &[u8]) -> usize {
    let cost = |at: &usize| {
        let pairs = bytes[*at..at + 3].windows(2);
        let common = pairs
            .filter(|pair| COMMON_PAIRS.iter().any(|common| common.as_bytes().eq_ignore_ascii_case(pair)))
            .count();
        (common, bytes[*at..at + 3].iter().map(|byte| frequency(*byte)).sum::<u32>())
    };
    (0..bytes.len() - 2).min_by_key(cost).unwrap_or(0)
}

/// The approximate frequency of a character in keys and values of attributes.
fn frequency(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        b'e' | b't' | b's' | b'r' | b'.' | b'o' | b'a' | b'n' | b'i' => 20,
        // It is rare in general, but begins many of the needles.
        b'%' => 25,
        b'c' | b'd' | b'l' | b'p' | b'm' | b'h' | b'u' | b'_' | b' ' => 12,
        b'g' | b'f' | b'y' | b'v' | b'b' | b'w' | b'-' | b'/' | b'0'..=b'9' => 7,
        _ => 3,
    }
}

/// Returns what equals these bytes when the case of ASCII letters is ignored.
fn cases<const N: usize>(bytes: [u8; N]) -> Vec<[u8; N]> {
    (0..1_u32 << N)
        .map(|upper| {
            let mut variant = bytes.map(|byte| byte.to_ascii_lowercase());
            let marked = variant.iter_mut().enumerate().filter(|(at, _)| upper >> at & 1 == 1);
            marked.for_each(|(_, byte)| byte.make_ascii_uppercase());
            variant
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needle_is_found_at_every_place_in_either_case() {
        let scanner = Scanner::shared();
        for (index, needle) in scanner.needles.iter().enumerate() {
            for before in 0..20 {
                for text in [needle.to_string(), needle.to_uppercase(), needle.to_lowercase()] {
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
