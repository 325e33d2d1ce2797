//! Rules for names of spans.

use super::template;

/// Why a span's name is a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameProblem {
    /// The name is empty.
    Empty,
    /// The name is a single plain word, which says neither what is done nor to what.
    TooGeneric,
    /// The name has words without meaning, such as `do`, or a letter or number in place of a purpose.
    Unclear,
    /// The name contains an identifier, a date, an address or another value that differs per request.
    ContainsId,
    /// The name is a path or a URL instead of a route.
    RawPath,
    /// The name contains the text of a query.
    QueryText,
    /// The name was made by the compiler, as `{{closure}}`.
    Generated,
}

impl NameProblem {
    /// Returns what would be right instead.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Empty => "name the operation and its target, such as `validate token`",
            Self::TooGeneric => {
                "say what the operation works on, such as `process refund` in place of `process`"
            }
            Self::Unclear => "name the purpose instead of a number, a letter or a filler",
            Self::ContainsId => {
                "leave values that differ per request to attributes, and use a template such as `GET /users/{id}`"
            }
            Self::RawPath => "use the method and the route, such as `GET /users/{id}`",
            Self::QueryText => {
                "use the operation and the table, such as `SELECT orders`; the text belongs in `db.query.text`"
            }
            Self::Generated => "give the span a name of its own",
        }
    }
}

/// Returns what is wrong with a span's name, if anything.
///
/// ```
/// use tracing_core_lite::naming::{NameProblem, check_name};
///
/// assert_eq!(check_name("GET /api/users/{id}"), None);
/// assert_eq!(check_name("GET /api/users/12345"), Some(NameProblem::ContainsId));
/// assert_eq!(check_name("process"), Some(NameProblem::TooGeneric));
/// ```
///
/// Source: OpenTelemetry specification, "Tracing API", section "Span": a name should be the most general text that identifies a
/// class of spans.
#[must_use]
pub fn check_name(name: &str) -> Option<NameProblem> {
    let trimmed = name.trim();
    if trimmed.is_empty() {
        return Some(NameProblem::Empty);
    }
    if trimmed.contains("{{") || trimmed.starts_with('<') && trimmed.ends_with('>') {
        return Some(NameProblem::Generated);
    }
    if is_query_text(trimmed) {
        return Some(NameProblem::QueryText);
    }
    if trimmed.contains("://")
        || trimmed.split_whitespace().any(|word| word.starts_with('/') && word.contains(['?', '#']))
    {
        return Some(NameProblem::RawPath);
    }
    if contains_id(trimmed) {
        return Some(if trimmed.starts_with('/') { NameProblem::RawPath } else { NameProblem::ContainsId });
    }
    // gRPC's full method names also start with a slash, but have a dot in the service's name.
    if trimmed.starts_with('/') {
        return Some(NameProblem::RawPath);
    }
    let words: Vec<&str> = words(trimmed);
    match words[..] {
        [] => Some(NameProblem::Unclear),
        [word] if is_plain(word) => Some(NameProblem::TooGeneric),
        [word] if is_letter_and_number(word) => Some(NameProblem::Unclear),
        _ => is_unclear(&words).then_some(NameProblem::Unclear),
    }
}

/// Splits a name at separators and at the humps of camel case.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in name.split(|symbol: char| !symbol.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut start = 0;
        let mut before = ' ';
        for (at, symbol) in word.char_indices() {
            if before.is_lowercase() && symbol.is_uppercase() {
                words.push(&word[start..at]);
                start = at;
            }
            before = symbol;
        }
        words.push(&word[start..]);
    }
    words
}

/// One word in lower case. Words in upper case are methods and commands (`GET`, `COMMIT`), and mixed ones are types.
fn is_plain(word: &str) -> bool {
    word.chars().all(|symbol| !symbol.is_uppercase())
}

/// `O1`, `x`, `T12`: at most two letters with a number behind.
fn is_letter_and_number(word: &str) -> bool {
    let letters = word.trim_end_matches(|symbol: char| symbol.is_ascii_digit());
    letters.len() < word.len() && letters.len() <= 2
}

/// Words that fill a name without a meaning, and a last word that numbers the spans.
fn is_unclear(words: &[&str]) -> bool {
    let first = words[0].to_ascii_lowercase();
    let last = words[words.len() - 1];
    let numbered = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.chars().count() == 1 && last.chars().all(char::is_alphabetic);
    numbered || matches!(first.as_str(), "do" | "my" | "some" | "the")
}

/// Whether the name has a condition or values, as only the text of a query has.
fn is_query_text(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let statement = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "MERGE ", "WITH "]
        .iter()
        .any(|verb| upper.starts_with(verb));
    statement
        && (upper.contains(" WHERE ")
            || upper.contains(" VALUES")
            || upper.contains(" SET ")
            || upper.contains(" FROM ")
            || name.contains(['=', '\'']))
}

/// Whether a part of the name is an identifier.
fn contains_id(name: &str) -> bool {
    let digits = |text: &str| {
        text.split(|symbol: char| !symbol.is_ascii_alphanumeric())
            .any(|run| run.len() >= 3 && run.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name.split_whitespace()
        .any(|word| word.split('/').any(|segment| template::placeholder(segment).is_some()) || digits(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(format!(
            "{}/../test-vectors/span-names/{file}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .expect("file");
        text.lines().map(|line| line.split_once('\t').expect("tab").1.to_owned()).collect()
    }

    #[test]
    fn bad_names_are_found_and_good_ones_pass() {
        let missed: Vec<_> = names("bad.tsv").into_iter().filter(|name| check_name(name).is_none()).collect();
        let flagged: Vec<_> = names("good.tsv")
            .into_iter()
            .filter_map(|name| check_name(&name).map(|problem| (name, problem)))
            .collect();
        let (bad, good) = (names("bad.tsv").len(), names("good.tsv").len());
        assert!(bad >= 100 && missed.len() * 10 <= bad, "{missed:?}");
        assert!(good >= 200 && flagged.len() * 100 <= good, "{flagged:?}");
    }
}
