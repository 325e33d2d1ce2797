//! Vendor tokens with a known form whose prefix is too common to search for in every byte.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// One alternative for each form. Each has at least 24 characters.
const TOKENS: &str = r"(?x-u)
      [\w.~-]{3} [0-9] Q~ [\w.~-]{31,34}             # Microsoft Entra, client secret
    | [0-9a-f]{32} -us [0-9]{1,2}                    # Mailchimp
    | [0-9]{8,10} :AA [\w-]{33}                      # Telegram
    | [MNO] [\w-]{23,25} \. [\w-]{6} \. [\w-]{27,38} # Discord
    | (?: AC | SK ) [0-9a-f]{32}                     # Twilio
    | EAA [A-Z] \w{60,}                              # Meta
    | v1\.0- [0-9a-f]{24} - [0-9a-f]{140,}           # Cloudflare, origin key
    | 4b1d \w{38}                                    # ClickHouse
    | A3- [A-Z0-9]{6} - (?: [A-Z0-9]{11} | [A-Z0-9]{6} - [A-Z0-9]{5} ) (?: - [A-Z0-9]{5} ){3} # 1Password
    | \w{6} _ \w{29} _mmk                            # MaxMind
    | s\. [A-Za-z0-9]{24}                            # Vault, before 1.10
    | \w{14} \.atlasv1\. [\w-]{60,}                  # Terraform
    | 00 [\w-]{40}                                   # Okta
    | tk-us- [\w-]{48}                               # Scalingo
    | key- [0-9a-f]{32}                              # Mailgun
    | sl\. [\w=-]{100,}                              # Dropbox
    | live_ [\w=-]{40}                               # GoCardless
    | (?: pat | sat ) \. [\w-]{22} \. [0-9a-f]{24} \. [A-Za-z0-9]{20} # Harness
    | API- [A-Z0-9]{26}                              # Octopus Deploy
    | secret_ [A-Za-z0-9]{43}                        # Notion
    | pat [A-Za-z0-9]{14} \. [0-9a-f]{64}            # Airtable
";

/// Calls `found` with each token in `text` that does not continue a longer word.
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(TOKENS));
    let Some(regex) = &*REGEX else { return };
    let bytes = text.as_bytes();
    let joins = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    for token in regex.find_iter(text) {
        if !joins(token.start().checked_sub(1)) && !joins(Some(token.end())) {
            found(token.range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn tokens_are_found_within_text() {
        for (text, tokens) in [
            ("key 343ea45721923ed956e2b38c31db76aa-us30.", &["343ea45721923ed956e2b38c31db76aa-us30"][..]),
            (
                "bot 110201543:AAHdqTcvCH1vGWJxfSe1ofSAs0K5PALDsaw",
                &["110201543:AAHdqTcvCH1vGWJxfSe1ofSAs0K5PALDsaw"],
            ),
            ("SK0123456789abcdef0123456789abcdef", &["SK0123456789abcdef0123456789abcdef"]),
            ("TASK0123456789abcdef0123456789abcdef", &[]),
            ("4bf92f3577b34da6a3ce929d0e0e4736", &[]),
            ("00f067aa0ba902b7", &[]),
        ] {
            assert_eq!(found(find, text), tokens, "{text}");
        }
    }
}
