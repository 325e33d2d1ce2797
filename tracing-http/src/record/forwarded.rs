//! Reads the headers that proxies write. The last proxy's element is the rightmost one.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

/// Returns the elements of a list header from the last to the first, in one line or several. Commas in quotes separate
/// nothing.
pub(crate) fn from_the_right<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .rev()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| RightSplit { rest: Some(line) })
}

/// Splits at commas outside of quotes, from the right, so that a quote that a client left open does not hide what the
/// proxies added.
struct RightSplit<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for RightSplit<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let mut quoted = false;
        for (at, byte) in rest.bytes().enumerate().rev() {
            match byte {
                b'"' => quoted = !quoted,
                b',' if !quoted => {
                    self.rest = Some(&rest[..at]);
                    return Some(rest[at + 1..].trim());
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(rest.trim())
    }
}

/// Returns a parameter of a `Forwarded` element, without quotes (RFC 7239, section 4).
pub(crate) fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        if !key.trim().eq_ignore_ascii_case(name) {
            return None;
        }
        let value = value.trim();
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    })
}

/// Parses an address as proxies write it: `v4`, `v4:port`, `v6`, `[v6]`, `[v6]:port`. `None` for `unknown` and obfuscated
/// names.
pub(crate) fn address(text: &str) -> Option<(IpAddr, Option<u16>)> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, None));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    let bracketed = text.strip_prefix('[')?.strip_suffix(']')?;
    Some((IpAddr::V6(bracketed.parse().ok()?), None))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn lists_from_the_right() {
        for (lines, expected) in [
            (&["a, b ,c"][..], &["c", "b", "a"][..]),
            (&["a", "b, c"], &["c", "b", "a"]),
            (&["for=\"[::1]:1,2\";x, b"], &["b", "for=\"[::1]:1,2\";x"]),
            (&["for=\"open, b"], &["b", "for=\"open"]),
            (&["", ","], &["", "", ""]),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("forwarded", HeaderValue::from_str(line).unwrap());
            }
            let found: Vec<&str> = from_the_right(&headers, &http::header::FORWARDED).collect();
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn parameters() {
        let element = "For=\"[2001:db8::1]:4711\"; proto=https ;host=shop.example";
        assert_eq!(parameter(element, "for"), Some("[2001:db8::1]:4711"));
        assert_eq!(parameter(element, "proto"), Some("https"));
        assert_eq!(parameter(element, "by"), None);
    }

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("192.0.2.1", Some(("192.0.2.1", None))),
            ("192.0.2.1:80", Some(("192.0.2.1", Some(80)))),
            ("2001:db8::1", Some(("2001:db8::1", None))),
            ("[2001:db8::1]", Some(("2001:db8::1", None))),
            ("[2001:db8::1]:80", Some(("2001:db8::1", Some(80)))),
            ("unknown", None),
            ("_hidden", None),
            ("[", None),
            ("192.0.2.1:99999", None),
        ] {
            let expected = expected.map(|(ip, port): (&str, _)| (ip.parse().unwrap(), port));
            assert_eq!(address(text), expected, "{text}");
        }
    }
}
