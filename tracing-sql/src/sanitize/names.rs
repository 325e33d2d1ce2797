//! The positions where text in double quotes can only be a name.
//!
//! SQLite reads text in double quotes as a string if there is no column of that name. In some positions it accepts only
//! a name.

use super::keyword::Keyword;

/// The last token, not counting white space and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Other,
    Dot,
    As,
    Set,
    Comma,
    Parenthesis,
}

/// The maximum number of names that are remembered.
const MOST_NAMES: usize = 64;

/// Tracks a statement of SQLite.
#[derive(Debug)]
pub(super) struct NamePositions<'a> {
    before: Before,
    depth: usize,
    /// The parentheses of `SET "a" = …, "b" = …`.
    set: Option<usize>,
    /// The parentheses of lists whose elements begin with a name.
    lists: Vec<usize>,
    /// Whether the next parenthesis begins such a list.
    announced: bool,
    words: [Keyword; 2],
    /// The names that have already been shown.
    names: Vec<&'a [u8]>,
}

impl<'a> NamePositions<'a> {
    pub(super) fn new() -> Self {
        Self {
            before: Before::Other,
            depth: 0,
            set: None,
            lists: Vec::new(),
            announced: false,
            words: [Keyword::Other; 2],
            names: Vec::new(),
        }
    }

    /// Returns whether `text` in double quotes is a name. `is_certain` means that this is already known.
    pub(super) fn is_name(&mut self, text: &'a [u8], is_certain: bool) -> bool {
        let in_list = self.lists.last() == Some(&self.depth);
        let is_name = is_certain
            || match self.before {
                Before::Dot | Before::As | Before::Set => true,
                Before::Parenthesis => in_list,
                Before::Comma => in_list || self.set == Some(self.depth),
                Before::Other => false,
            };
        // A name that was shown once need not be hidden later.
        let is_known = self.names.contains(&text);
        if is_name && !is_known && self.names.len() < MOST_NAMES {
            self.names.push(text);
        }
        is_name || is_known
    }

    /// Tracks a token.
    pub(super) fn follow(&mut self, keyword: Keyword, sign: u8) {
        match sign {
            b'(' => self.open(),
            b')' => self.close(),
            _ => {}
        }
        self.word(keyword);
        self.before = match (sign, keyword) {
            (b'.', _) => Before::Dot,
            (b',', _) => Before::Comma,
            (b'(', _) => Before::Parenthesis,
            (_, Keyword::As) => Before::As,
            (_, Keyword::Set) if self.words[0] != Keyword::Set => Before::Set,
            _ => Before::Other,
        };
    }

    fn open(&mut self) {
        self.depth += 1;
        let defines_columns = self.words == [Keyword::Create, Keyword::Table] && self.depth == 1;
        if std::mem::take(&mut self.announced) || defines_columns {
            self.lists.push(self.depth);
        }
    }

    fn close(&mut self) {
        if self.lists.last() == Some(&self.depth) {
            self.lists.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn word(&mut self, keyword: Keyword) {
        match keyword {
            Keyword::Create => self.words = [keyword, Keyword::Other],
            Keyword::Table if self.words[0] == Keyword::Create => self.words[1] = keyword,
            Keyword::Set => self.set = Some(self.depth),
            Keyword::Where | Keyword::From | Keyword::Returning => self.set = None,
            Keyword::Conflict | Keyword::Using | Keyword::Key | Keyword::Unique => self.announced = true,
            _ => return,
        }
        if !matches!(keyword, Keyword::Conflict | Keyword::Using | Keyword::Key | Keyword::Unique) {
            self.announced = false;
        }
    }
}
