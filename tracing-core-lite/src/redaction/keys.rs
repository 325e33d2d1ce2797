//! Keys whose values are secret.

use std::borrow::Cow;

/// The words of denied keys. Words with a `_` are also written with another separator, or without one.
const DENIED: &[&str] = &[
    "passw",
    "pass_word",
    "passphrase",
    "pass_phrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "api_key",
    "access_key",
    "private_key",
    "signing_key",
    "encryption_key",
    "account_key",
    "auth_key",
    "connection_string",
    "credential",
    "authorization",
    "cookie",
    "jwt",
    "cvv",
    "cvc",
];

/// The ends of denied keys, in lower case and without separators.
const DENIED_ENDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "token",
    "apikey",
    "apikeys",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "accountkey",
    "authkey",
    "connectionstring",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "cookies",
    "setcookie",
    "jwt",
    "cvv",
    "cvc",
];

/// The ends of keys of personal data, in the same form.
#[cfg(feature = "redaction")]
const PERSONAL_ENDS: &[&str] = &[
    "ssn",
    "socialsecuritynumber",
    "creditcard",
    "cardnumber",
    "creditcardnumber",
    "iban",
    "taxid",
    "passportnumber",
];

/// Words that may follow the word that makes a key secret, as in `password_hash` and `secret_key_base`.
const QUALIFIERS: &[&str] = &[
    "value",
    "hash",
    "old",
    "new",
    "confirmation",
    "confirm",
    "plain",
    "plaintext",
    "raw",
    "base",
    "encrypted",
    "text",
    "header",
];

/// The number of bytes of a key that are compared, without separators. Of longer keys, only the end is compared.
const MAX_LEN: usize = 64;

/// Returns words of which every denied key contains one, in either case. A span without any of them in its bytes has no denied
/// key.
pub(super) fn denied_words() -> impl Iterator<Item = Cow<'static, str>> {
    DENIED.iter().flat_map(|word| {
        let separators: &[&str] = if word.contains('_') { &["_", "-", ".", " ", ""] } else { &["_"] };
        separators.iter().map(|separator| match *separator {
            "_" => Cow::Borrowed(*word),
            separator => Cow::Owned(word.replace('_', separator)),
        })
    })
}

/// Returns whether values under this key are secret by default.
///
/// The key is compared without its separators and in lower case, so `X-Api-Key`, `api_key` and `apiKey` are the same. The end
/// of the key decides: `session.token` is denied, and `gen_ai.usage.input_tokens` is not. Numbers and qualifiers at the end do
/// not count: `password_hash`, `tokens[0]`.
pub(super) fn is_denied(key: &str) -> bool {
    ends_with(key, DENIED_ENDS)
}

/// Returns whether values under this key are personal data.
#[cfg(feature = "redaction")]
pub(super) fn is_personal(key: &str) -> bool {
    key.bytes().next_back().is_some_and(|last| b"nrdNRD".contains(&last)) && ends_with(key, PERSONAL_ENDS)
}

fn ends_with(key: &str, ends: &[&str]) -> bool {
    let mut folded = [0_u8; MAX_LEN];
    let mut start = MAX_LEN;
    for byte in key.bytes().rev().filter(u8::is_ascii_alphanumeric) {
        if start == 0 {
            break;
        }
        start -= 1;
        folded[start] = byte.to_ascii_lowercase();
    }
    let mut rest = &folded[start..];
    // Two qualifiers, as in `password_confirmation_hash`.
    for _ in 0..3 {
        while let [before @ .., b'0'..=b'9'] = rest {
            rest = before;
        }
        if ends.iter().any(|end| rest.ends_with(end.as_bytes())) {
            return true;
        }
        match QUALIFIERS.iter().find_map(|qualifier| rest.strip_suffix(qualifier.as_bytes())) {
            Some(before) => rest = before,
            None => return false,
        }
    }
    false
}

/// A pattern for keys: `*` stands for any characters, and `?` for one. Letters match in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPattern(String);

impl KeyPattern {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    pub(crate) fn matches(&self, key: &str) -> bool {
        let (pattern, key) = (self.0.as_bytes(), key.as_bytes());
        let (mut at, mut of) = (0, 0);
        // Where the last star is, and up to which byte of the key it reaches.
        let mut star = None;
        while at < key.len() {
            match pattern.get(of) {
                Some(b'*') => {
                    star = Some((of, at));
                    of += 1;
                }
                Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&key[at]) => {
                    at += 1;
                    of += 1;
                }
                _ => {
                    let Some((position, reached)) = star else { return false };
                    star = Some((position, reached + 1));
                    at = reached + 1;
                    of = position + 1;
                }
            }
        }
        pattern[of..].iter().all(|byte| *byte == b'*')
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
            "pass-word",
            "aws.access.key",
            "password_hash",
            "passwordConfirmation",
            "secret_key_base",
            "token.value",
            "password2",
            "passwords[0]",
            "db.connection_string",
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
            "password.length",
            "messaging.message.hash",
            "code.function.text",
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
            assert!(denied_words().any(|word| end.contains(&*word)), "{end}");
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
            ("*", "a", true),
            ("**.id", "order.id", true),
            ("order.??", "order.id", true),
            ("order.?", "order.id", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "a", false),
        ] {
            assert_eq!(KeyPattern::new(pattern).matches(key), matches, "{pattern} {key}");
        }
    }
}
