//! The bodies of procedures, functions, triggers and events, whose statements do not belong to the query.

use crate::sanitize::keyword::Keyword;

/// Follows a routine from its name to the end of its body.
#[derive(Debug, Default)]
pub(super) struct Routine {
    is_open: bool,
    /// The number of open blocks: `BEGIN … END`, `CASE … END`.
    blocks: usize,
    has_block: bool,
    /// After `AS` or `IS`, before what follows it.
    after_as: bool,
    /// Whether the body is a list of statements without a block that extends to the end of the text, as in T-SQL.
    is_endless: bool,
}

impl Routine {
    pub(super) fn open(&mut self) {
        *self = Self { is_open: true, ..Self::default() };
    }

    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Reads a word. `next` is the word after it.
    pub(super) fn word(&mut self, keyword: Keyword, next: &[u8]) {
        let is_next = |words: &[&[u8]]| words.iter().any(|word| next.eq_ignore_ascii_case(word));
        let after_as = std::mem::take(&mut self.after_as);
        match keyword {
            Keyword::As | Keyword::Is if !self.has_block => self.after_as = true,
            Keyword::Begin if is_next(&[b"TRAN", b"TRANSACTION", b"WORK"]) => self.is_endless |= after_as,
            Keyword::Begin | Keyword::Case => {
                self.blocks += 1;
                self.has_block |= keyword == Keyword::Begin;
            }
            Keyword::End if !is_next(&[b"IF", b"LOOP", b"WHILE", b"REPEAT", b"FOR"]) => {
                self.blocks = self.blocks.saturating_sub(1);
            }
            Keyword::Select
            | Keyword::Insert
            | Keyword::Update
            | Keyword::Delete
            | Keyword::Merge
            | Keyword::With
            | Keyword::Set
            | Keyword::Declare
            | Keyword::Exec
            | Keyword::Execute
            | Keyword::If
                if after_as =>
            {
                self.is_endless = true;
            }
            _ => {}
        }
    }

    /// Reads a literal, which is the whole body if it follows `AS`.
    pub(super) fn literal(&mut self) {
        self.after_as = false;
    }

    pub(super) fn end_statement(&mut self) {
        if self.blocks == 0 && !self.is_endless {
            self.is_open = false;
        }
    }
}
