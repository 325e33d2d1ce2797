//! Host and port of an authority.

/// Longest authority that is looked at, in bytes: a DNS name has at most 255.
const LONGEST: usize = 300;

/// A host, without the brackets of IPv6, and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
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

/// Takes `host`, `host:port`, `[v6]`, `[v6]:port` apart, all with or without user information in front. `None` when it
/// is none of these.
pub(crate) fn parse(authority: &str) -> Option<HostPort<'_>> {
    let bytes = authority.as_bytes();
    if bytes.len() > LONGEST {
        return None;
    }
    let mut start = 0;
    let mut colons = 0;
    let mut colon = bytes.len();
    // One pass: `str`'s searches cost more than the few bytes of an authority are worth.
    for (at, byte) in bytes.iter().enumerate() {
        match KINDS[usize::from(*byte)] {
            Kind::Host => {}
            Kind::Colon => (colons, colon) = (colons + 1, at),
            Kind::At => (start, colons, colon) = (at + 1, 0, bytes.len()),
            Kind::Unfit => return None,
        }
    }
    let rest = authority.get(start..)?;
    if let Some(bracketed) = rest.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']')?;
        let port = if rest.is_empty() { "" } else { rest.strip_prefix(':')? };
        return host_port(host, port);
    }
    if colons > 1 {
        return None;
    }
    host_port(authority.get(start..colon)?, authority.get(colon + 1..).unwrap_or_default())
}

fn host_port<'a>(host: &'a str, port: &str) -> Option<HostPort<'a>> {
    if host.is_empty() {
        return None;
    }
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    Some(HostPort { host, port })
}

/// The port that `scheme` stands for.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
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
            ("a/b", None),
            ("ä", None),
        ] {
            let found = parse(given).map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{given}");
        }
        assert_eq!(parse(&"x".repeat(301)), None);
    }
}
