//! Detectors of personal data and of credentials without a known prefix.

mod assignment;
mod card;
mod email;
mod iban;
mod numbers;
mod tokens;
mod url_credentials;

use super::detector::{Detector, Finding};

/// The detectors that are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PersonalData(Vec<Detector>);

/// A detector: what a text must contain to be searched, and the search itself.
struct Search {
    detector: Detector,
    is_worth: fn(&Traits) -> bool,
    find: fn(&str, &mut dyn FnMut(std::ops::Range<usize>)),
}

/// What occurs in a text.
struct Traits {
    len: usize,
    digits: usize,
    at: bool,
    /// Whether there may be a URL with credentials.
    scheme: bool,
    assigns: bool,
    /// Whether there is white space, an `@` or markup.
    spaced: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        let mut traits =
            Self { len: text.len(), digits: 0, at: false, scheme: false, assigns: false, spaced: false };
        for byte in text.bytes() {
            traits.digits += usize::from(byte.is_ascii_digit());
            traits.at |= byte == b'@';
            traits.assigns |= matches!(byte, b'=' | b':' | b'>');
            traits.spaced |= matches!(byte, b' ' | b'\n' | b'\t' | b'@' | b'<');
        }
        traits.scheme = traits.at && text.contains("//");
        traits
    }
}

const SEARCHES: &[Search] = &[
    Search {
        detector: Detector::VendorToken,
        is_worth: |traits| traits.len >= 24 && traits.digits >= 2,
        find: tokens::find,
    },
    Search {
        detector: Detector::UrlCredentials,
        is_worth: |traits| traits.scheme,
        find: url_credentials::find,
    },
    Search { detector: Detector::Email, is_worth: |traits| traits.at, find: email::find },
    Search {
        detector: Detector::Card,
        is_worth: |traits| traits.digits >= card::MIN_DIGITS,
        find: card::find,
    },
    Search {
        detector: Detector::Iban,
        is_worth: |traits| traits.digits >= iban::MIN_DIGITS,
        find: iban::find,
    },
    Search {
        detector: Detector::SocialSecurity,
        is_worth: |traits| traits.digits >= 9,
        find: numbers::find_social_security,
    },
    Search { detector: Detector::Phone, is_worth: |traits| traits.digits >= 7, find: numbers::find_phone },
    Search { detector: Detector::Assignment, is_worth: |traits| traits.assigns, find: assignment::find },
    Search {
        detector: Detector::Assignment,
        is_worth: |traits| traits.spaced,
        find: assignment::find_others,
    },
];

impl PersonalData {
    /// All detectors except that of telephone numbers, which has many false positives.
    pub(super) fn all() -> Self {
        let mut all = Self::default();
        let detectors = SEARCHES.iter().map(|search| search.detector);
        detectors.filter(|detector| *detector != Detector::Phone).for_each(|detector| all.insert(detector));
        all
    }

    pub(super) fn insert(&mut self, detector: Detector) {
        if !self.0.contains(&detector) {
            self.0.push(detector);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends what the detectors find in `text`.
    pub(super) fn find(&self, text: &str, findings: &mut Vec<Finding>) {
        if self.is_empty() {
            return;
        }
        let traits = Traits::of(text);
        for search in
            SEARCHES.iter().filter(|search| self.0.contains(&search.detector) && (search.is_worth)(&traits))
        {
            (search.find)(text, &mut |range| findings.push(Finding { detector: search.detector, range }));
        }
    }
}

/// Compiles a pattern of this crate. The tests of each detector fail if it does not compile.
fn pattern(text: &str) -> Option<regex::Regex> {
    regex::Regex::new(text).ok()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    /// Returns what a search finds.
    pub(super) fn found(find: fn(&str, &mut dyn FnMut(Range<usize>)), text: &str) -> Vec<&str> {
        let mut ranges = Vec::new();
        find(text, &mut |range| ranges.push(range));
        ranges.into_iter().map(|range| &text[range]).collect()
    }
}
