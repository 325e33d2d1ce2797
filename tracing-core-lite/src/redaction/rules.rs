//! Which values are secret, and what replaces them.

use std::borrow::Cow;
use std::sync::Arc;

use super::action::Action;
use super::detector::{Detector, Finding};
use super::keys::{self, KeyPattern};
use super::prefix;
use super::stats::{Counts, RedactionStats};

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
    counts: Arc<Counts>,
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

    /// Denies further keys. A `*` matches any characters, and case does not matter.
    #[must_use]
    pub fn with_denied_key(mut self, pattern: &str) -> Self {
        self.denied.push(KeyPattern::new(pattern));
        self
    }

    /// Exports the values of these keys unchanged. A `*` matches any characters, and case does not matter.
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
        self.denied.iter().any(|pattern| pattern.matches(key)) || keys::is_denied(key)
    }

    pub(super) fn is_allowed(&self, key: &str) -> bool {
        self.allowed.iter().any(|pattern| pattern.matches(key))
    }

    /// Returns `text` without its secrets, and which detectors found them. Returns `None` if there are none.
    pub(super) fn redact_text(&self, text: &str) -> Option<(String, Vec<Detector>)> {
        let mut text = Cow::Borrowed(text);
        let mut detectors = Vec::new();
        self.redact_once(&mut text, &mut detectors);
        // A secret that is percent-encoded is replaced together with the encoding around it.
        #[cfg(feature = "redaction")]
        if !self.personal.is_empty() && text.contains('%') {
            let decoded = percent_encoding::percent_decode_str(&text)
                .decode_utf8()
                .ok()
                .filter(|decoded| **decoded != *text);
            if let Some(decoded) = decoded {
                let mut decoded = Cow::Owned(decoded.into_owned());
                let before = detectors.len();
                self.redact_once(&mut decoded, &mut detectors);
                if detectors.len() > before {
                    text = decoded;
                }
            }
        }
        (!detectors.is_empty()).then(|| (text.into_owned(), detectors))
    }

    fn redact_once(&self, text: &mut Cow<'_, str>, detectors: &mut Vec<Detector>) {
        let mut findings = Vec::new();
        prefix::find(text, &mut findings);
        #[cfg(feature = "redaction")]
        self.personal.find(text, &mut findings);
        if findings.is_empty() {
            return;
        }
        // Of overlapping findings, the first and longest is used.
        findings.sort_by_key(|finding| (finding.range.start, usize::MAX - finding.range.end));
        let mut redacted = String::with_capacity(text.len());
        let mut end = 0;
        for Finding { detector, range } in findings {
            if range.end <= end {
                continue;
            }
            let start = range.start.max(end);
            redacted.push_str(&text[end..start]);
            if range.start >= end {
                redacted.push_str(&self.action_for(detector).replace(&text[range.clone()]));
                detectors.push(detector);
            }
            end = range.end;
        }
        redacted.push_str(&text[end..]);
        *text = Cow::Owned(redacted);
    }
}
