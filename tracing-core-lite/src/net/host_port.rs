//! The host and the port of an authority.

/// The longest authority that is parsed, in bytes. A DNS name has at most 255.
const LONGEST: usize = 300;

/// A host and a port, for `server.address` and `server.port`.
///
/// ```
/// use tracing_core_lite::net::HostPort;
///
/// let server = HostPort::parse("[::1]:8080");
/// assert_eq!(server, Some(HostPort { host: "::1", port: Some(8080) }));
///
/// let server = HostPort::parse("ann:pw@example.com").map(|it| it.or_port_of(Some("https")));
/// assert_eq!(server, Some(HostPort { host: "example.com", port: Some(443) }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// The host: a name, or an IP address without brackets.
    pub host: &'a str,
    /// The port, if one is known.
    pub port: Option<u16>,
}

#[derive(Clone, Copy)]
enum Kind {
    Host,
    Colon,
    At,
    Unfit,
}

static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Unfit; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        kinds[byte] = match byte as u8 {
            b':' => Kind::Colon,
            b'@' => Kind::At,
            b'/' | b'?' | b'#' | b',' => Kind::Unfit,
            _ => Kind::Host,
        };
        byte += 1;
    }
    kinds
};

impl<'a> HostPort<'a> {
    /// Parses an authority (RFC 3986, section 3.2) of a URI, `Host` or `:authority`: `host`, `host:port`, `[v6]` or
    /// `[v6]:port`, with or without user information.
    ///
    /// Returns `None` for anything else, for a port above 65535, and for more than 300 bytes. It does not check that the host
    /// is a valid name.
    #[inline]
    #[must_use]
    pub fn parse(authority: &'a str) -> Option<Self> {
        let (host, port) = Self::split(authority.as_bytes())?;
        Some(Self { host: std::str::from_utf8(host).ok()?, port })
    }

    /// Parses an authority that need not be text, as [`parse`](HostPort::parse) does. Returns the host, which is ASCII, and the
    /// port.
    #[inline]
    #[must_use]
    pub fn split(authority: &'a [u8]) -> Option<(&'a [u8], Option<u16>)> {
        if authority.len() > LONGEST {
            return None;
        }
        // The common case, a name and a port, needs no table lookup for each byte.
        let is_special = |byte: &u8| !matches!(KINDS[usize::from(*byte)], Kind::Host);
        if let Some(colon) = authority.iter().position(is_special)
            && let (host, [b':', port @ ..]) = authority.split_at(colon)
            && !host.starts_with(b"[")
            && let Some(parts) = Self::of_parts(host, port)
        {
            return Some(parts);
        }
        Self::split_any(authority)
    }

    fn split_any(authority: &'a [u8]) -> Option<(&'a [u8], Option<u16>)> {
        let mut start = 0;
        let mut colons = 0;
        let mut colon = authority.len();
        // One pass is faster than the searches of `str` for so few bytes.
        for (at, byte) in authority.iter().enumerate() {
            match KINDS[usize::from(*byte)] {
                Kind::Host => {}
                Kind::Colon => (colons, colon) = (colons + 1, at),
                Kind::At => (start, colons, colon) = (at + 1, 0, authority.len()),
                Kind::Unfit => return None,
            }
        }
        let rest = authority.get(start..)?;
        if let Some(bracketed) = rest.strip_prefix(b"[") {
            let end = bracketed.iter().position(|&byte| byte == b']')?;
            let (host, rest) = (&bracketed[..end], &bracketed[end + 1..]);
            let port = if rest.is_empty() { rest } else { rest.strip_prefix(b":")? };
            return Self::of_parts(host, port);
        }
        if colons > 1 {
            return None;
        }
        Self::of_parts(authority.get(start..colon)?, authority.get(colon + 1..).unwrap_or_default())
    }

    #[inline]
    fn of_parts(host: &'a [u8], port: &[u8]) -> Option<(&'a [u8], Option<u16>)> {
        if host.is_empty() {
            return None;
        }
        let port = if port.is_empty() { None } else { Some(port_of(port)?) };
        Some((host, port))
    }

    /// Adds the default port of `scheme` if there is no port: 80 for `http` and `ws`, 443 for `https` and `wss`.
    #[inline]
    #[must_use]
    pub fn or_port_of(self, scheme: Option<&str>) -> Self {
        Self { port: self.port.or_else(|| default_port(scheme?)), ..self }
    }
}

#[inline]
fn port_of(digits: &[u8]) -> Option<u16> {
    // 32 bits cannot overflow here, so one check for each digit is enough.
    let port = digits.iter().try_fold(0_u32, |port, digit| {
        let digit = digit.wrapping_sub(b'0');
        let port = port * 10 + u32::from(digit);
        if digit <= 9 && port <= u16::MAX.into() { Some(port) } else { None }
    })?;
    u16::try_from(port).ok()
}

/// The port that `scheme` stands for: 80 for `http` and `ws`, 443 for `https` and `wss`.
#[inline]
#[must_use]
pub fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for (given, expected) in [
            ("example.com", Some(("example.com", None))),
            ("example.com:8080", Some(("example.com", Some(8080)))),
            ("example.com:", Some(("example.com", None))),
            (" example.com", None),
            ("a:b@[::1]:2", Some(("::1", Some(2)))),
            ("ann@", None),
            ("[::1]:80", Some(("::1", Some(80)))),
            ("[::1]", Some(("::1", None))),
            ("ann:pw@example.com:1", Some(("example.com", Some(1)))),
            ("", None),
            (":80", None),
            ("[::1", None),
            ("[::1]x", None),
            ("example.com:99999", None),
            ("a:b:c", None),
            ("a b", None),
            ("a:+80", None),
            ("a:65535", Some(("a", Some(65535)))),
            ("a:65536", None),
            ("a:4294967376", None),
            ("a:000080", Some(("a", Some(80)))),
            ("a/b", None),
            ("ä", None),
        ] {
            let found = HostPort::parse(given).map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{given}");
        }
        assert_eq!(HostPort::parse(&"x".repeat(301)), None);
    }

    #[test]
    fn ports_of_schemes() {
        for (port, scheme, expected) in [
            (None, Some("http"), Some(80)),
            (None, Some("wss"), Some(443)),
            (Some(8443), Some("https"), Some(8443)),
            (None, Some("ftp"), None),
            (None, None, None),
        ] {
            let found = HostPort { host: "example.com", port }.or_port_of(scheme);
            assert_eq!(found, HostPort { host: "example.com", port: expected }, "{port:?} {scheme:?}");
        }
    }
}
