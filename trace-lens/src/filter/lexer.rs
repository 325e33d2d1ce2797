//! Splits a query into tokens.

use super::error::QueryError;

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Open,
    Close,
    OpenGroup,
    CloseGroup,
    And,
    Or,
    Not,
    /// `>>`, and `>` between span sets.
    Descendant,
    Operator(&'static str),
    Word(String),
    Text(String),
}

/// Splits a query into words, with the offset of each.
pub(crate) fn tokens(query: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut found = Vec::new();
    let mut rest = query;
    loop {
        rest = rest.trim_start();
        let at = query.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(found) };
        let (token, length) = match first {
            '"' | '`' | '\'' => text(rest, first).ok_or(QueryError::new(at, "a string does not end"))?,
            _ => match symbol(rest) {
                Some(symbol) => symbol,
                None => word(rest).ok_or_else(|| QueryError::new(at, format!("unexpected {first:?}")))?,
            },
        };
        found.push((at, token));
        rest = &rest[length..];
    }
}

fn symbol(rest: &str) -> Option<(Token, usize)> {
    const SYMBOLS: [(&str, Token); 16] = [
        ("&&", Token::And),
        ("||", Token::Or),
        (">>", Token::Descendant),
        (">=", Token::Operator(">=")),
        ("<=", Token::Operator("<=")),
        ("!=", Token::Operator("!=")),
        ("=~", Token::Operator("=~")),
        ("!~", Token::Operator("!~")),
        ("=", Token::Operator("=")),
        (">", Token::Operator(">")),
        ("<", Token::Operator("<")),
        ("!", Token::Not),
        ("{", Token::Open),
        ("}", Token::Close),
        ("(", Token::OpenGroup),
        (")", Token::CloseGroup),
    ];
    SYMBOLS
        .into_iter()
        .find(|(symbol, _)| rest.starts_with(symbol))
        .map(|(symbol, token)| (token, symbol.len()))
}

fn text(rest: &str, quote: char) -> Option<(Token, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, it)) = chars.next() {
        match it {
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            _ if it == quote => return Some((Token::Text(out), at + it.len_utf8())),
            _ => out.push(it),
        }
    }
    None
}

fn word(rest: &str) -> Option<(Token, usize)> {
    let is_part = |it: char| it.is_alphanumeric() || matches!(it, '.' | '_' | '-' | ':' | '/' | '@' | 'µ');
    let length = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
    (length > 0).then(|| (Token::Word(rest[..length].to_owned()), length))
}
