//! Keys whose values are secret.

/// Words that every denied key contains one of. A span without any of them in its bytes has no denied key.
pub(super) const DENIED_WORDS: &[&str] = &[
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "api.key",
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "private-key",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
    "cvv",
    "cvc",
];

/// The ends of denied keys, in lower case and without separators.
const DENIED_ENDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "cookies",
    "setcookie",
    "cvv",
    "cvc",
];

/// The number of bytes of a key that are compared, without separators. Of longer keys, only the end is compared.
const MAX_LEN: usize = 64;

/// Returns whether values under this key are secret by default.
///
/// The key is compared without its separators and in lower case, so `X-Api-Key`, `api_key` and `apiKey` are the same. The end
/// of the key decides: `session.token` is denied, and `gen_ai.usage.input_tokens` is not.
pub(super) fn is_denied(key: &str) -> bool {
    let mut folded = [0_u8; MAX_LEN];
    let mut start = MAX_LEN;
    for byte in key.bytes().rev().filter(u8::is_ascii_alphanumeric) {
        if start == 0 {
            break;
        }
        start -= 1;
        folded[start] = byte.to_ascii_lowercase();
    }
    DENIED_ENDS.iter().any(|end| folded[start..].ends_with(end.as_bytes()))
}

/// A pattern for keys: `*` stands for any characters. Letters match in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPattern(Vec<String>);

impl KeyPattern {
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.split('*').map(str::to_ascii_lowercase).collect())
    }

    pub(super) fn matches(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let [first, middle @ .., last] = &self.0[..] else {
            return self.0.first().is_some_and(|whole| *whole == key);
        };
        let Some(mut rest) = key.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_key_decides() {
        for key in [
            "password",
            "db.password",
            "PASSWORD",
            "user.passwd",
            "api_key",
            "apiKey",
            "X-Api-Key",
            "http.request.header.authorization",
            "proxy-authorization",
            "http.response.header.set-cookie",
            "access_token",
            "refreshToken",
            "session.token",
            "client_secret",
            "aws.secret_access_key",
            "credentials",
            "card.cvv",
            "an.extremely.long.prefix.with.many.segments.in.front.of.the.word.that.counts.password",
        ] {
            assert!(is_denied(key), "{key}");
        }
        for key in [
            "",
            "http.method",
            "gen_ai.usage.input_tokens",
            "token.count",
            "secretary",
            "cookie.count",
            "session.id",
            "user.id",
            "order.id",
            "keyboard",
            "passport.country",
        ] {
            assert!(!is_denied(key), "{key}");
        }
    }

    #[test]
    fn denied_ends_contain_a_denied_word() {
        for end in DENIED_ENDS {
            assert!(
                DENIED_WORDS.iter().any(|word| end.contains(&word.replace(['_', '-', '.'], ""))),
                "{end}"
            );
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, key, matches) in [
            ("user.*", "user.email", true),
            ("user.*", "users.email", false),
            ("*.email", "user.Email", true),
            ("http.*.header.x-*", "http.request.header.x-user", true),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("order.id", "Order.Id", true),
            ("order.id", "order.ids", false),
            ("*", "", true),
        ] {
            assert_eq!(KeyPattern::new(pattern).matches(key), matches, "{pattern} {key}");
        }
    }
}
