//! Host and port of an authority.

/// Longest authority that is looked at, in bytes: a DNS name has at most 255.
const LONGEST: usize = 300;

/// A host, without the brackets of IPv6, and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

/// Takes `host`, `host:port`, `[v6]`, `[v6]:port` apart, all with or without user information in front. `None` when it
/// is none of these.
pub(crate) fn parse(authority: &str) -> Option<HostPort<'_>> {
    let authority = authority.trim();
    if authority.len() > LONGEST {
        return None;
    }
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_fit = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b',');
    if host.is_empty() || !host.bytes().all(is_fit) {
        return None;
    }
    match port {
        None | Some("") => Some(HostPort { host, port: None }),
        Some(port) => Some(HostPort { host, port: Some(port.parse().ok()?) }),
    }
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
            (" example.com: ", Some(("example.com", None))),
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
