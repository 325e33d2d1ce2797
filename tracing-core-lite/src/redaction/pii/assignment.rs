//! Values after names such as `password=`, as in connection strings, settings and logs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// A name that ends like that of a secret, an assignment operator, and a value with or without quotes.
const ASSIGNMENT: &str = r#"(?ix)
    [A-Za-z0-9_.-]* (?: passw(?:or)?d | pass | passphrase | pwd | _pw | secret | (?:secret|private|account|access|api|auth|signing|shared\ ?access)[._\ -]?(?:key|id) | keysecret
        | token | credentials? | user[._-]?auth | [._-]key | login )
    (?: \\*["'] )? (?: \s* [:?]* [:=] >? \s* | ["']?\s+value= )
    (?: \\*"(?P<double>[^"\\\n]+) | \\*'(?P<single>[^'\\\n]+) | (?P<bare>[^\s"'&;,<>()\[\]{}\\]+) )
"#;

/// Values after such a name that are not secrets.
fn is_harmless(value: &str) -> bool {
    value.len() < 4
        || value == crate::redact::REDACTED
        || matches!(value.to_ascii_lowercase().as_str(), "null" | "none" | "true" | "false" | "undefined")
        || value.starts_with(['$', '%', '?', '*', '<'])
        || value.bytes().all(|byte| byte == b'*' || byte == b'x' || byte == b'X')
        // The scheme of credentials, which are found by their own detector.
        || value.eq_ignore_ascii_case("bearer") || value.eq_ignore_ascii_case("basic")
}

/// Calls `found` with each value after the name of a secret.
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(ASSIGNMENT));
    let Some(regex) = &*REGEX else { return };
    for captures in regex.captures_iter(text) {
        let value = ["double", "single", "bare"].iter().find_map(|name| captures.name(name));
        if let Some(value) = value.filter(|value| !is_harmless(value.as_str())) {
            found(value.range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn values_of_secrets_are_found_within_text() {
        for (text, values) in [
            ("password=hunter22", &["hunter22"][..]),
            ("host=db user=ann password=libpq-pass dbname=shop", &["libpq-pass"]),
            ("Server=x;User ID=ann;Password=mssql-pass;Encrypt=true", &["mssql-pass"]),
            ("{\"api_key\": \"k-123456\", \"n\": 1}", &["k-123456"]),
            ("{\\\"clientSecret\\\":\\\"cs-123456\\\"}", &["cs-123456"]),
            ("AccountKey=abc+/==", &["abc+/=="]),
            ("_authToken=743b294a", &["743b294a"]),
            ("export SNYK_TOKEN := \"12345678\"", &["12345678"]),
            ("password: null, token: ${TOKEN}, secret=****", &[]),
            ("the password is wrong", &[]),
            ("tokens: 17", &[]),
            ("keyboard=qwerty", &[]),
        ] {
            assert_eq!(found(find, text), values, "{text}");
        }
    }
}
