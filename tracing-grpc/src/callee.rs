//! The server that is called.

use http::Uri;
use http::uri::Authority;
use tracing_core_lite::net::{HostPort, default_port};

use crate::config::Config;

/// Which server is called, as it was said.
#[derive(Clone, Copy)]
pub(crate) struct Callee<'a> {
    /// A host if the layer was told one, else the authority of the request.
    text: &'a str,
    /// The port that the layer was told, or that of the request's scheme.
    port: Option<u16>,
    is_told: bool,
}

impl<'a> Callee<'a> {
    /// As the layer was told, else as the request says.
    #[inline]
    pub(crate) fn of(config: &'a Config, uri: &'a Uri) -> Self {
        match &config.server {
            Some((host, port)) => Self { text: host, port: *port, is_told: true },
            None => Self::of_uri(uri),
        }
    }

    /// As the authority of `uri` says; the port of its scheme if it names none.
    #[inline]
    pub(crate) fn of_uri(uri: &'a Uri) -> Self {
        let text = uri.authority().map(Authority::as_str).unwrap_or_default();
        Self { text, port: uri.scheme_str().and_then(default_port), is_told: false }
    }

    /// Host and port; `None` if there is no host.
    pub(crate) fn parse(self) -> Option<HostPort<'a>> {
        let Self { text, port, is_told } = self;
        if is_told {
            return Some(HostPort { host: text, port });
        }
        let asked = HostPort::parse(text)?;
        Some(HostPort { port: asked.port.or(port), ..asked })
    }

    /// What it follows from, together with the [tag](Callee::tag).
    #[inline]
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// All but the text, as a number.
    #[inline]
    pub(crate) fn tag(self) -> u64 {
        let port = self.port.map_or(0, |port| u64::from(port) + 1);
        (port << 1) | u64::from(self.is_told)
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
