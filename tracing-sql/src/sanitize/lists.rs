//! Lists of values: the same text for lists of any length.
//!
//! A list of single values becomes one `?`. Only the first of several rows is kept:
//!
//! | query | text |
//! |---|---|
//! | `IN (1, 2, 3)` | `IN (?)` |
//! | `IN ((1, 2), (3, 4))` | `IN ((?, ?))` |
//! | `VALUES (1, 'a'), (2, 'b')` | `VALUES (?, ?)` |

use super::keyword::Keyword;

/// A list that is being read.
#[derive(Debug)]
struct List {
    /// `VALUES (…), (…)`, which is not enclosed in brackets.
    is_rows: bool,
    /// The number of brackets around its elements.
    depth: usize,
    /// The position of its first element in the text.
    begins: usize,
    /// The position of the current element, if one has begun.
    element: Option<usize>,
    /// The last element that is kept, and its end.
    kept: Option<(usize, usize)>,
    /// Whether each element so far was one value.
    is_pure: bool,
    /// The tokens of the current element.
    tokens: u32,
    /// Whether the current element holds neither a name nor a query.
    is_plain: bool,
    /// A word of the current element that is a name unless a parenthesis or a literal follows.
    may_be_name: bool,
}

/// The lists around the current token.
#[derive(Debug, Default)]
pub(super) struct Lists {
    open: Vec<List>,
    /// The number of open brackets.
    depth: usize,
    /// The bracket that begins a list, after `IN` and `ARRAY`.
    announced: Option<u8>,
    /// The end of the last token in the text.
    last_end: usize,
}

/// The change to the text before the current token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// Cut the text to this length.
    Cut(usize),
    /// Cut the text to this length and write `?`.
    OneValue(usize),
}

/// A token, as far as lists are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Value,
    Parameter,
    Name,
    Word(Keyword),
    Sign(u8),
}

impl Lists {
    /// Returns whether ordinary tokens need to be reported too.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.announced.is_none()
    }

    /// Returns whether the text may still become shorter than `length`.
    pub(super) fn may_shrink(&self, length: usize, limit: usize) -> bool {
        self.open.iter().any(|list| list.kept.is_some_and(|(_, end)| end <= limit && length - end <= limit))
    }

    /// Returns whether the last token was a value in a list that holds only values.
    #[inline]
    pub(super) fn is_in_values(&self) -> bool {
        match self.open.last() {
            Some(list) => list.is_pure && list.depth == self.depth,
            None => false,
        }
    }

    /// Forgets all lists, at the end of a statement.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.depth = 0;
        self.announced = None;
    }

    /// Expects a list in brackets that begin with `bracket`.
    pub(super) fn announce(&mut self, bracket: u8) {
        self.announced = Some(bracket);
    }

    /// Expects rows, after `VALUES`. `end` is the length of the text.
    pub(super) fn announce_rows(&mut self, end: usize) {
        self.announced = None;
        self.push(true, end);
    }

    fn push(&mut self, is_rows: bool, begins: usize) {
        self.open.push(List {
            is_rows,
            depth: self.depth,
            begins,
            element: None,
            kept: None,
            is_pure: !is_rows,
            tokens: 0,
            is_plain: true,
            may_be_name: false,
        });
    }

    /// Reads a token at position `start` of the text. `word_is_value` distinguishes variables from names.
    pub(super) fn before(&mut self, part: Part, start: usize, word_is_value: bool, text: &str) -> Change {
        let mut change = Change::None;
        match part {
            Part::Sign(b'(' | b'[') => {
                self.end_rows_unless(true);
                self.note(part, start, word_is_value);
                self.depth += 1;
            }
            Part::Sign(b')' | b']') => change = self.close(text),
            Part::Sign(b',') => {
                if self.open.last().is_some_and(|list| list.depth == self.depth) {
                    change = self.end_element(self.last_end, text);
                } else {
                    self.note(part, start, word_is_value);
                }
            }
            _ => {
                self.end_rows_unless(part == Part::Word(Keyword::Row));
                self.note(part, start, word_is_value);
            }
        }
        change
    }

    /// Records that a token has been written, so that the text is now `end` long.
    pub(super) fn after(&mut self, part: Part, end: usize) {
        self.last_end = end;
        match (part, self.announced) {
            (Part::Sign(sign), Some(bracket)) if sign == bracket => self.push(false, end),
            _ => {}
        }
        if !matches!(part, Part::Word(Keyword::In | Keyword::Array)) {
            self.announced = None;
        }
    }

    /// Ends a list of rows before a token that cannot begin a row.
    fn end_rows_unless(&mut self, begins_row: bool) {
        if !begins_row
            && self
                .open
                .last()
                .is_some_and(|list| list.is_rows && list.depth == self.depth && list.element.is_none())
        {
            self.open.pop();
        }
    }

    /// Counts a token in the elements that contain it.
    fn note(&mut self, part: Part, start: usize, word_is_value: bool) {
        for list in &mut self.open {
            if list.element.is_none() {
                list.element = Some(start);
                list.tokens = 0;
                list.is_plain = true;
                list.may_be_name = false;
            }
            list.tokens += 1;
            list.is_pure &= matches!(part, Part::Value | Part::Parameter) && list.tokens == 1;
            let follows_name = std::mem::replace(&mut list.may_be_name, false);
            match part {
                Part::Value | Part::Sign(b'(') => {}
                Part::Sign(b'.') => list.may_be_name = follows_name,
                Part::Word(Keyword::Select) | Part::Name => list.is_plain = false,
                Part::Word(
                    Keyword::Null | Keyword::Default | Keyword::True | Keyword::False | Keyword::Row,
                ) => {
                    list.is_plain &= !follows_name;
                }
                Part::Word(_) => {
                    list.is_plain &= !follows_name;
                    list.may_be_name = !word_is_value;
                }
                Part::Parameter | Part::Sign(_) => list.is_plain &= !follows_name,
            }
        }
    }

    fn close(&mut self, text: &str) -> Change {
        let mut change = Change::None;
        // Rows end with the bracket that encloses them.
        while self.open.last().is_some_and(|list| list.is_rows && list.depth == self.depth) {
            self.open.pop();
        }
        if self.open.last().is_some_and(|list| list.depth == self.depth) {
            change = self.end_element(self.last_end, text);
            if let Some(list) = self.open.pop()
                && list.is_pure
                && list.kept.is_some()
            {
                change = Change::OneValue(list.begins);
            }
        }
        self.depth = self.depth.saturating_sub(1);
        for list in &mut self.open {
            list.tokens += 1;
            list.is_pure = false;
            list.is_plain &= !std::mem::replace(&mut list.may_be_name, false);
        }
        change
    }

    /// Returns whether a row has just ended, so that the text may be cut once its bracket is written.
    pub(super) fn ends_row(&self) -> bool {
        self.open
            .last()
            .is_some_and(|list| list.is_rows && list.depth == self.depth && list.element.is_some())
    }

    /// Ends a row at `end`.
    pub(super) fn end_row(&mut self, end: usize, text: &str) -> Change {
        let change = self.end_element(end, text);
        if let Change::Cut(length) = change {
            self.last_end = length;
        }
        change
    }

    /// Ends the current element of the innermost list at `end`, and drops it if it repeats the previous one.
    fn end_element(&mut self, end: usize, text: &str) -> Change {
        let Some(list) = self.open.last_mut() else { return Change::None };
        let Some(start) = list.element.take() else { return Change::None };
        let Some(element) = text.get(start..end) else { return Change::None };
        if let Some((kept_start, kept_end)) = list.kept {
            let is_row = element.starts_with(['(', 'R', 'r']);
            let is_plain = list.is_plain && !list.may_be_name && is_row;
            if is_plain || text.get(kept_start..kept_end).is_some_and(|kept| is_alike(kept, element)) {
                return Change::Cut(kept_end);
            }
        }
        list.kept = Some((start, end));
        Change::None
    }
}

/// Returns whether two elements differ only in white space and the numbers of parameters.
fn is_alike(a: &str, b: &str) -> bool {
    a == b || Normalized::of(a).eq(Normalized::of(b))
}

/// Returns the bytes of a text without white space, with `?` for each parameter.
struct Normalized<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Normalized<'a> {
    fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) -> bool {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|byte| belongs(*byte)) {
            self.at += 1;
        }
        self.at > start
    }
}

impl Iterator for Normalized<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.skip_while(|byte| byte.is_ascii_whitespace());
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at)).copied().unwrap_or(b' ');
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        let in_word = before.is_ascii_alphanumeric() || before == b'_';
        let is_parameter = match byte {
            b'?' | b'$' if !in_word => self.skip_while(|byte| byte.is_ascii_digit()),
            b':' if before != b':' && !in_word => {
                self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            b'@' if !in_word => self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            _ => false,
        };
        Some(if is_parameter { b'?' } else { byte })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_equal_whatever_the_names_of_their_parameters() {
        for (a, b, expected) in [
            ("(?, ?)", "(?,?)", true),
            ("($1, $2)", "($13, $14)", true),
            ("(:a, @b)", "(:c, @d)", true),
            ("($1::int)", "($2::int)", true),
            ("($1::int)", "($2::text)", false),
            ("(?)", "(?, ?)", false),
            ("(a$1)", "(a$2)", false),
        ] {
            assert_eq!(is_alike(a, b), expected, "{a} {b}");
        }
    }
}
