//! Host and port of a server, as its callers know it.

use http::Uri;
use http::uri::Authority;
use tracing_core_lite::Recorder;

use crate::semconv::{SERVER_ADDRESS, SERVER_PORT};

/// A server's host, an IPv6 address without its brackets, and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostPort<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> HostPort<'a> {
    /// From the authority of `uri`; the port of its scheme if it names none.
    pub(crate) fn of_uri(uri: &'a Uri) -> Option<Self> {
        let authority = uri.authority()?;
        let port = authority.port_u16().or_else(|| match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        });
        let host = bare(authority);
        if host.is_empty() { None } else { Some(Self { host, port }) }
    }

    /// Sets `server.address` and `server.port`.
    pub(crate) fn record(self, span: &mut Recorder<'_>) {
        span.set(SERVER_ADDRESS, self.host).set_some(SERVER_PORT, self.port);
    }
}

fn bare(authority: &Authority) -> &str {
    let host = authority.host();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
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
            ("/a.B/C", None),
        ] {
            let uri: Uri = given.parse().unwrap();
            let found = HostPort::of_uri(&uri).map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{given}");
        }
    }
}
