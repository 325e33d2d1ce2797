//! E-mail addresses.

use std::ops::Range;

/// Calls `found` with each e-mail address in `text`: a local part, an `@`, and a domain of at least two labels.
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('@') {
        let local = bytes[..at].iter().rposition(|byte| !is_local(*byte)).map_or(0, |before| before + 1);
        let domain =
            at + 1 + bytes[at + 1..].iter().position(|byte| !is_domain(*byte)).unwrap_or(text.len() - at - 1);
        // A local part in quotes (RFC 5321, section 4.1.2).
        let quoted = text[..at]
            .strip_suffix('"')
            .and_then(|before| before.rfind('"'))
            .filter(|quote| at - quote <= 66);
        // A full stop or hyphen after the address belongs to the sentence.
        let domain = at + 1 + text[at + 1..domain].trim_end_matches(['.', '-']).len();
        // A non-ASCII letter keeps its bytes together, as all of them are accepted.
        let (local, labels) = (text[local..at].trim_start_matches(['.', '\'', '"']), &text[at + 1..domain]);
        let local = quoted.map_or(local, |quote| &text[quote..at]);
        let top = labels.rsplit('.').next().unwrap_or_default();
        let labelled = labels.contains('.') && labels.split('.').all(|label| !label.is_empty());
        let is_top = top.len() >= 2
            && (top.starts_with("xn--")
                || top.bytes().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()));
        // `git@github.com:org/repo` is the address of a repository.
        let is_repository = local == "git" && text[domain..].starts_with(':');
        if !local.is_empty() && labelled && is_top && !is_repository {
            found(at - local.len()..domain);
        }
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-'!#$&*~^`{|}".contains(&byte) || !byte.is_ascii()
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-".contains(&byte) || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn addresses_are_found_within_text() {
        for (text, addresses) in [
            ("ann@example.com", &["ann@example.com"][..]),
            (
                "to: <ann.lee+x@mail.example.co.uk>, bob@b.example.",
                &["ann.lee+x@mail.example.co.uk", "bob@b.example"],
            ),
            ("{\"to\":\"eve@example.org\"}", &["eve@example.org"]),
            ("to \"ann lee\"@example.com", &["\"ann lee\"@example.com"]),
            ("o'neill@example.org", &["o'neill@example.org"]),
            ("j\u{fc}rgen@b\u{fc}cher.example", &["j\u{fc}rgen@b\u{fc}cher.example"]),
            ("a@xn--d1acufc.xn--p1ai", &["a@xn--d1acufc.xn--p1ai"]),
            ("info@presidio.", &[]),
            ("@example.com", &[]),
            ("user@localhost", &[]),
            ("serde@1.0.219", &[]),
            ("node@20.1.0-beta", &[]),
            ("git@github.com:org/repo.git", &[]),
            ("git@github", &[]),
            ("a@b..c", &[]),
            ("@", &[]),
        ] {
            assert_eq!(found(find, text), addresses, "{text}");
        }
    }
}
