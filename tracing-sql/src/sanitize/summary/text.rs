//! The words of a summary, up to its maximum length.

use crate::sanitize::limits::MAX_SUMMARY_BYTES;

#[derive(Debug, Default)]
pub(super) struct SummaryText {
    text: String,
    /// Whether a statement has ended, so that the next word belongs to another one.
    after_statement: bool,
    full: bool,
}

impl SummaryText {
    /// The length of most summaries.
    const USUAL_BYTES: usize = 64;

    pub(super) fn new() -> Self {
        Self { text: String::with_capacity(Self::USUAL_BYTES), ..Self::default() }
    }

    /// Adds a word. After the first word that does not fit, no further words are added.
    pub(super) fn push(&mut self, word: &str) {
        let separator = match (self.text.is_empty(), self.after_statement) {
            (true, _) => "",
            (false, true) => "; ",
            (false, false) => " ",
        };
        self.full |= self.text.len() + separator.len() + word.len() > MAX_SUMMARY_BYTES;
        if !self.full {
            self.text.push_str(separator);
            self.text.push_str(word);
            self.after_statement = false;
        }
    }

    pub(super) fn end_statement(&mut self) {
        self.after_statement = true;
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
