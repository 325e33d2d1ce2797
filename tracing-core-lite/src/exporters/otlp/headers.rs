//! Headers that the user adds to every request.

use crate::percent;
use std::fmt;

use super::OtlpConfigError;

/// Names and values; `Debug` shows the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads `name=value,name2=value2` with percent-encoded values (the form of W3C Baggage without properties).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut headers = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim().to_owned(), percent::decode_text(value.trim())?);
            if !is_sendable(&name, &value) {
                return None;
            }
            headers.set(name, value);
        }
        Some(headers)
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
}

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
impl Headers {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(existing, _)| existing.eq_ignore_ascii_case(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
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

    fn parsed(text: &str) -> Option<Vec<(String, String)>> {
        Headers::parse(text).map(|headers| headers.0)
    }

    #[test]
    fn pairs_are_trimmed_and_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parsed("k=v,k2=v2"), Some(vec![pair("k", "v"), pair("k2", "v2")]));
        assert_eq!(
            parsed(" api-key = a%20b%3D , ,authorization=Basic%20cGE="),
            Some(vec![pair("api-key", "a b="), pair("authorization", "Basic cGE=")])
        );
        assert_eq!(parsed("K=1,k=2"), Some(vec![pair("k", "2")]));
        assert_eq!(parsed("k="), Some(vec![pair("k", "")]));
    }

    #[test]
    fn malformed_pairs_are_refused() {
        for text in ["k", "=v", "k=%", "k=%4", "k=%zz", "k=%ff", "k k=v", "k=%0d%0aevil: 1", "k=v;p=é"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn debug_hides_the_values() {
        let headers = Headers::parse("authorization=Bearer%20s3cret").unwrap();
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    }
}
