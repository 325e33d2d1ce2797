//! The server that a URI names.

use http::Uri;
use tracing_core_lite::net::{HostPort, default_port};

/// Host and port of the authority of `uri`; the port of its scheme if it names none.
pub(crate) fn of_uri(uri: &Uri) -> Option<HostPort<'_>> {
    Some(HostPort::parse(uri.authority()?.as_str())?.or_port_of(uri.scheme_str()))
}

/// As [`of_uri`]; the host is ASCII, which is not looked at twice.
pub(crate) fn split(uri: &Uri) -> Option<(&[u8], Option<u16>)> {
    let (host, port) = HostPort::split(uri.authority()?.as_str().as_bytes())?;
    Some((host, port.or_else(|| default_port(uri.scheme_str()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for (given, expected) in [
            ("http://example.com/a.B/C", Some(("example.com", Some(80)))),
            ("https://example.com", Some(("example.com", Some(443)))),
            ("http://ann:pw@example.com:50051", Some(("example.com", Some(50051)))),
            ("http://[::1]:50051/a.B/C", Some(("::1", Some(50051)))),
            ("http://example.com:99999/a.B/C", None),
            ("/a.B/C", None),
        ] {
            let uri: Uri = given.parse().unwrap();
            let found = of_uri(&uri).map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{given}");
            assert_eq!(split(&uri), expected.map(|(host, port)| (host.as_bytes(), port)), "{given}");
        }
    }
}
