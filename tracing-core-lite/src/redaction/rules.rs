//! Which values are secret, and what replaces them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::action::Action;
use super::detector::{Detector, Finding};
use super::encodings::Decoded;
use super::keys::{self, KeyPattern};
use super::prefix;
use super::stats::{Counts, RedactionStats};

/// The number of encodings within each other that are decoded, such as a percent-encoded URL in JSON.
const MAX_ENCODINGS: usize = 3;

/// The rules by which secrets are removed from spans before they are exported.
///
/// The default masks values of denied keys (`password`, `authorization`, `api_key`, …) and secrets with a known prefix
/// (`Bearer …`, JSON Web Tokens, private keys, tokens of cloud providers and other vendors). A provider applies it unless told
/// otherwise. With the feature `redaction`, [`Redaction::pii`] also finds personal data.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::redaction::{Action, Redaction};
///
/// let redaction = Redaction::new().with_denied_key("customer.*").with_allowed_key("csrf.token").with_action(Action::KeepLastFour);
/// let provider = TracerProvider::builder().with_redaction(redaction).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Redaction {
    pub(super) off: bool,
    action: Action,
    actions: Vec<(Detector, Action)>,
    denied: Vec<KeyPattern>,
    allowed: Vec<KeyPattern>,
    #[cfg(feature = "redaction")]
    personal: super::pii::PersonalData,
    pub(super) counts: Arc<Counts>,
}

impl Default for Redaction {
    fn default() -> Self {
        Self::new()
    }
}

impl Redaction {
    /// Creates the default rules: denied keys, and secrets with a known prefix.
    #[must_use]
    pub fn new() -> Self {
        Self {
            off: false,
            action: Action::Mask,
            actions: Vec::new(),
            denied: Vec::new(),
            allowed: Vec::new(),
            #[cfg(feature = "redaction")]
            personal: super::pii::PersonalData::default(),
            counts: Arc::default(),
        }
    }

    /// Creates rules that remove nothing. The layers and wrappers still do not record literals of SQL texts and passwords in
    /// URLs.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::new() }
    }

    /// Creates the default rules with all detectors except that of telephone numbers: e-mail addresses, payment cards, IBANs,
    /// social security numbers, credentials in URLs, and values after names such as `password=`.
    #[cfg(feature = "redaction")]
    #[must_use]
    pub fn pii() -> Self {
        Self { personal: super::pii::PersonalData::all(), ..Self::new() }
    }

    /// Adds a detector of personal data. Detectors of the default rules are always on.
    #[cfg(feature = "redaction")]
    #[must_use]
    pub fn with_detector(mut self, detector: Detector) -> Self {
        self.personal.insert(detector);
        self
    }

    /// Sets the action for all detectors without one of their own. The default is [`Action::Mask`].
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// Sets the action for what `detector` finds.
    #[must_use]
    pub fn with_action_for(mut self, detector: Detector, action: Action) -> Self {
        self.actions.retain(|(of, _)| *of != detector);
        self.actions.push((detector, action));
        self
    }

    /// Denies further keys. A `*` matches any characters, a `?` one, and case does not matter.
    #[must_use]
    pub fn with_denied_key(mut self, pattern: &str) -> Self {
        self.denied.push(KeyPattern::new(pattern));
        self
    }

    /// Exports the values of these keys unchanged. A `*` matches any characters, a `?` one, and case does not matter.
    #[must_use]
    pub fn with_allowed_key(mut self, pattern: &str) -> Self {
        self.allowed.push(KeyPattern::new(pattern));
        self
    }

    /// Returns what was redacted so far by these rules and their clones.
    #[must_use]
    pub fn stats(&self) -> RedactionStats {
        self.counts.snapshot()
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Returns whether encoded spans must be read. Only detectors that are anchored by a prefix can tell without it.
    pub(super) fn may_apply(&self, encoded: &[u8]) -> bool {
        if !self.denied.is_empty() {
            return true;
        }
        #[cfg(feature = "redaction")]
        if !self.personal.is_empty() {
            return true;
        }
        prefix::may_contain(encoded)
    }

    pub(super) fn action_for(&self, detector: Detector) -> &Action {
        self.actions.iter().find(|(of, _)| *of == detector).map_or(&self.action, |(_, action)| action)
    }

    pub(super) fn is_denied(&self, key: &str) -> bool {
        #[cfg(feature = "redaction")]
        if !self.personal.is_empty() && keys::is_personal(key) {
            return true;
        }
        // Few keys contain a word of a denied one, and looking for one is fast.
        self.denied.iter().any(|pattern| pattern.matches(key))
            || prefix::may_contain(key.as_bytes()) && keys::is_denied(key)
    }

    pub(super) fn is_allowed(&self, key: &str) -> bool {
        self.allowed.iter().any(|pattern| pattern.matches(key))
    }

    /// Returns `text` without its secrets, and which detectors found them. Returns `None` if there are none.
    pub(super) fn redact_text(&self, text: &str) -> Option<(String, Vec<Detector>)> {
        let mut secrets = Vec::new();
        // A secret that is found in the decoded text is replaced together with its encoding. It is listed before the same
        // secret in the encoded text, so that equal secrets have equal hashes.
        let mut decoded = Decoded::of(text);
        for _ in 0..MAX_ENCODINGS {
            let Some(inner) = decoded else { break };
            self.find(&inner.text, |range| inner.encoded(range), &mut secrets);
            decoded = inner.again();
        }
        self.find(text, Range::clone, &mut secrets);
        if secrets.is_empty() {
            return None;
        }
        // Of overlapping secrets, the first and longest is used.
        secrets.sort_by_key(|secret| (secret.range.start, usize::MAX - secret.range.end));
        let mut redacted = String::with_capacity(text.len());
        let mut detectors = Vec::new();
        let mut end = 0;
        for Secret { detector, range, replacement } in secrets {
            if range.end <= end {
                continue;
            }
            if range.start >= end {
                redacted.push_str(&text[end..range.start]);
                redacted.push_str(&replacement);
                detectors.push(detector);
            }
            end = range.end;
        }
        redacted.push_str(&text[end..]);
        Some((redacted, detectors))
    }

    /// Appends the secrets in `text`, which is at `position` of the exported text.
    fn find(&self, text: &str, position: impl Fn(&Range<usize>) -> Range<usize>, secrets: &mut Vec<Secret>) {
        let mut findings = Vec::new();
        prefix::find(text, &mut findings);
        #[cfg(feature = "redaction")]
        self.personal.find(text, &mut findings);
        for Finding { detector, range } in findings {
            let replacement = self.action_for(detector).replace(&text[range.clone()]);
            secrets.push(Secret { detector, range: position(&range), replacement });
        }
    }
}

/// Returns `text` without the secrets that the default rules find, for messages of this crate.
pub(crate) fn redacted_by_default(text: &str) -> String {
    Redaction::new().redact_text(text).map_or_else(|| text.to_owned(), |(redacted, _)| redacted)
}

/// Returns whether values under this key are secret by default.
pub(crate) fn is_denied_by_default(key: &str) -> bool {
    keys::is_denied(key)
}

/// A secret in an exported text.
struct Secret {
    detector: Detector,
    range: Range<usize>,
    replacement: Cow<'static, str>,
}
