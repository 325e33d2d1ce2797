//! Headers that the user adds to every request.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::error::OtlpConfigError;

/// Names the exporter to receivers (OTLP exporter specification, section "User Agent").
pub(super) const USER_AGENT: &str =
    concat!("OTel-OTLP-Exporter-Rust-tracing-core-lite/", env!("CARGO_PKG_VERSION"));

/// Headers that describe the body and its framing. The exporter sets them itself.
const RESERVED: [&str; 6] =
    ["connection", "content-encoding", "content-length", "content-type", "expect", "transfer-encoding"];

/// Names and values. `Debug` shows only the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads `name=value,name2=value2` with percent-encoded values (the form of W3C Baggage without properties).
    ///
    /// Members that are malformed are left out: the second value is the number of them. A `%` that no two hexadecimal
    /// digits follow stands for itself.
    pub(super) fn parse(text: &str) -> (Self, usize) {
        let mut headers = Self::default();
        let mut malformed = 0;
        for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
            match parse_member(member) {
                Some((name, value)) => headers.set(name, value),
                None => malformed += 1,
            }
        }
        (headers, malformed)
    }

    pub(super) fn set(&mut self, name: String, value: String) {
        self.0.retain(|(existing, _)| !existing.eq_ignore_ascii_case(&name));
        self.0.push((name, value));
    }

    pub(super) fn check(&self) -> Result<(), OtlpConfigError> {
        match self.0.iter().find(|(name, value)| !is_sendable(name, value)) {
            Some((name, _)) => Err(OtlpConfigError::Header { name: name.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(existing, _)| existing.eq_ignore_ascii_case(name))
    }

    /// The headers that are sent as the user set them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_reserved = |name: &str| RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(move |(name, _)| !is_reserved(name))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn parse_member(member: &str) -> Option<(String, String)> {
    let (name, value) = member.split_once('=')?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    let name = name.trim();
    is_sendable(name, &value).then(|| (name.to_owned(), value.into_owned()))
}

/// RFC 9110: a token for the name; visible ASCII, spaces and tabs for the value.
fn is_sendable(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && value.bytes().all(|byte| byte == b' ' || byte == b'\t' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Vec<(String, String)>, usize) {
        let (headers, malformed) = Headers::parse(text);
        (headers.0, malformed)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn pairs_are_trimmed_and_decoded() {
        assert_eq!(parsed("k=v,k2=v2"), (vec![pair("k", "v"), pair("k2", "v2")], 0));
        assert_eq!(
            parsed(" api-key = a%20b%3D , ,authorization=Basic%20cGE="),
            (vec![pair("api-key", "a b="), pair("authorization", "Basic cGE=")], 0)
        );
        assert_eq!(parsed("K=1,k=2"), (vec![pair("k", "2")], 0));
        assert_eq!(parsed("k="), (vec![pair("k", "")], 0));
    }

    #[test]
    fn a_bare_percent_sign_stands_for_itself() {
        for (text, value) in [("k=%", "%"), ("k=100%", "100%"), ("k=%4", "%4"), ("k=%zz%20", "%zz ")] {
            assert_eq!(parsed(&format!("{text},other=1")), (vec![pair("k", value), pair("other", "1")], 0));
        }
    }

    #[test]
    fn a_malformed_member_takes_no_other_with_it() {
        for text in ["k", "=v", "k=%ff", "k k=v", "k=%0d%0aevil: 1", "k=v;p=é"] {
            assert_eq!(
                parsed(&format!("a=1,{text},b=2")),
                (vec![pair("a", "1"), pair("b", "2")], 1),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_hides_the_values() {
        let (headers, _) = Headers::parse("authorization=Bearer%20s3cret");
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    }
}
