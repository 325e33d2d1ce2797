//! The server that is called.

use http::Uri;
use http::uri::Authority;
use tracing_core_lite::net::{HostPort, default_port};

use crate::config::Config;

/// The server that is called, as the layer's settings or the request name it.
#[derive(Clone, Copy)]
pub(crate) struct Callee<'a> {
    /// The host of the settings, or else the authority of the request.
    text: &'a str,
    /// The port of the settings, or else that of the request's scheme.
    port: Option<u16>,
    is_configured: bool,
}

impl<'a> Callee<'a> {
    /// Takes the server from the settings, or else from the request.
    #[inline]
    pub(crate) fn of(config: &'a Config, uri: &'a Uri) -> Self {
        match &config.server {
            Some((host, port)) => Self { text: host, port: *port, is_configured: true },
            None => Self::of_uri(uri),
        }
    }

    /// Takes the server from the authority of `uri`, and the port from the scheme if the authority has none.
    #[inline]
    pub(crate) fn of_uri(uri: &'a Uri) -> Self {
        let text = uri.authority().map(Authority::as_str).unwrap_or_default();
        Self { text, port: uri.scheme_str().and_then(default_port), is_configured: false }
    }

    /// Returns host and port, or `None` if there is no host.
    pub(crate) fn parse(self) -> Option<HostPort<'a>> {
        let Self { text, port, is_configured } = self;
        if is_configured {
            return Some(HostPort { host: text, port });
        }
        let asked = HostPort::parse(text)?;
        Some(HostPort { port: asked.port.or(port), ..asked })
    }

    /// Returns the text that, with the [tag](Callee::tag), determines host and port.
    #[inline]
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// Returns everything but the text as a number.
    #[inline]
    pub(crate) fn tag(self) -> u64 {
        let port = self.port.map_or(0, |port| u64::from(port) + 1);
        (port << 1) | u64::from(self.is_configured)
    }
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
            let found = Callee::of_uri(&uri).parse().map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{given}");
        }
    }
}
