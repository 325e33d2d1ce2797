//! Values after names such as `password=`, as in connection strings, settings and logs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// A name that ends like that of a secret, an assignment operator, and a value with or without quotes. The value may be
/// wrapped, as in the `Debug` output `Some("…")`.
const ASSIGNMENT: &str = r#"(?ix)
    (?: [A-Za-z0-9_.-]* (?: passw(?:or)?[dt]s? | pass | passphrase | passcode | pwd | _pw | secrets?
          | (?:secret|private|account|access|api|auth|signing|shared\ ?access|encryption)[._\ -]?(?:key|id) | keysecret
          | tokens? | credentials? | user[._-]?auth | [._-]key | login | authorization | cookie | signature | \b sig | \b ssn )
        (?: [._-]? (?: base | value | hash | old | new | confirm(?:ation)? ) )? [0-9]? (?: \[ [0-9]* \] )?
      | BUNDLE_[A-Z0-9_]+__[A-Z]+ )
    (?: \\*["']{1,2} )? (?: (?: \] | %5D )? \s* (?: [:?]* [:=] >? | -> ) \s* | ["']?\s+value= | \s+is:?\s+["'] )
    (?: [a-z_]+ \( ){0,3} \[? \s*
    (?: \\+"(?P<escaped>[^"\\\n]+) | b?"(?P<double>(?:[^"\\\n]|\\.)+) | b?\\*'(?P<single>(?:[^'\\\n]|\\.)+)
      | "{2,3}(?P<doubled>[^"\s,;&)}\]\\][^"\\\n]*) | '{2,3}(?P<doubled_single>[^'\s,;&)}\]\\][^'\\\n]*)
      | (?P<bare>(?:(?:basic|bearer|digest|token)\ +)?[^\s"'&;,<>()\[\]{}\\]+) )
"#;

/// Other ways to write a secret beside its name: elements of XML, options of a command, and statements of SQL.
const OTHERS: &str = r#"(?ix)
    <(?:\w+:)?\w*(?:passw(?:or)?d|secret|token|api_?key)(?:\s[^<>]*)?>\s*(?P<element>[^<>\s][^<>]*?)\s*</
    | (?:^|\s)--?[a-z0-9-]*(?:passw(?:or)?d|passphrase|secret|token|api-?key)\s+["']?(?P<option>[^\s"'-][^\s"']*)
    | (?:^|\s)(?:-u|--user)[\s=]*["']?[^\s:"']+:(?P<user>[^\s"']+)
    | (?:identified\s+by|(?:with|encrypted|set)\s+password(?:\s+for\s+\S+)?|password)\s*=?\s+(?:'(?P<sql>(?:[^']|'')+)'|"(?P<name>[^"]+)")
    | ^\s*auth\s+(?P<redis>\S[^\n]*)
    | (?:redis-cli\s+-a|sshpass\s+-p)\s*["']?(?P<short>[^\s"']+)
    | authorization:\s*(?P<digest>digest\s[^\n]+)
    | cookie:\s*(?P<cookies>[^\n"']+)
    | [\w.-]+:(?P<dsn>[^\s:/"'@]+)@(?:tcp|unix)\(
    | :thin:[\w.-]+/(?P<oracle>[^\s@/"']+)@
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
    each_value(&REGEX, text, found);
}

/// Calls `found` with each secret that is written beside its name in another way.
pub(super) fn find_others(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(OTHERS));
    each_value(&REGEX, text, found);
}

fn each_value(regex: &'static LazyLock<Option<Regex>>, text: &str, found: &mut dyn FnMut(Range<usize>)) {
    let Some(regex) = &**regex else { return };
    for captures in regex.captures_iter(text) {
        let value = captures.iter().skip(1).flatten().next();
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
            ("Config { password: Some(\"hunter22\") }", &["hunter22"]),
            ("password: \"pa\\\"ss\"", &["pa\\\"ss"]),
            ("Authorization: Digest abc", &["Digest abc"]),
            ("cookie: sid=abc123", &["sid=abc123"]),
            ("BUNDLE_GEMS__EXAMPLE__COM=cafe:beef", &["cafe:beef"]),
            ("the password is \"hunter22\"", &["hunter22"]),
            ("user%5Bpassword%5D=hunter22&a=b", &["hunter22"]),
            ("a AS \"{\"\"password\"\":\"\"hunter22\"\"}\"", &["hunter22"]),
            ("password=\"\" name=\"ann\"", &[]),
            ("the password is wrong", &[]),
            ("tokens: 17", &[]),
            ("keyboard=qwerty", &[]),
        ] {
            assert_eq!(found(find, text), values, "{text}");
        }
    }

    #[test]
    fn secrets_are_found_in_markup_commands_and_statements() {
        for (text, values) in [
            ("<wsse:Password Type=\"t\">hunter22</wsse:Password>", &["hunter22"][..]),
            ("mysql --user ann --password hunter22", &["hunter22"]),
            ("curl -u ann:hunter22 https://example.com", &["hunter22"]),
            ("ALTER USER ann WITH PASSWORD 'hunter22'", &["hunter22"]),
            ("CREATE USER ann IDENTIFIED BY 'hunter22'", &["hunter22"]),
            ("ann:hunter22@tcp(db:3306)/shop", &["hunter22"]),
            ("jdbc:oracle:thin:scott/tiger@//db:1521/x", &["tiger"]),
            ("docker run -u 1000:1000", &["1000"]),
            ("AUTH ann hunter22", &["ann hunter22"]),
            ("Cookie: a=b; session=hunter22", &["a=b; session=hunter22"]),
            ("forgot password?", &[]),
            ("-p --verbose", &[]),
        ] {
            assert_eq!(found(find_others, text), values, "{text}");
        }
    }
}
