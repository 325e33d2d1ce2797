//! The URL of a receiver.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use percent_encoding::percent_decode_str;

use super::error::OtlpConfigError;
use super::protocol::Protocol;

/// The endpoint as the user set it.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Not set: the default port of the protocol on this machine.
    Default,
    /// A base URL. Over HTTP, the path of the signal is appended to it.
    Base(String),
    /// The URL itself.
    Exact(String),
}

/// The meaning of a missing scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingScheme {
    /// The endpoint is invalid.
    Refused,
    /// `http` for this machine, `https` for any other.
    Guessed,
    /// `http`, because the user said so (`OTEL_EXPORTER_OTLP_INSECURE`).
    Insecure,
}

impl Endpoint {
    /// Returns the URL that spans are sent to.
    pub(super) fn url(&self, protocol: Protocol, missing: MissingScheme) -> Result<Url, OtlpConfigError> {
        let is_grpc = protocol == Protocol::Grpc;
        let (text, append) = match self {
            Endpoint::Default if is_grpc => ("http://localhost:4317", false),
            Endpoint::Default => ("http://localhost:4318", true),
            Endpoint::Base(text) => (text.trim(), !is_grpc),
            Endpoint::Exact(text) => (text.trim(), false),
        };
        let mut url = Url::parse(text, missing)?;
        if append {
            url.append("v1/traces")?;
        }
        Ok(url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Default => f.write_str("Default"),
            Endpoint::Base(text) | Endpoint::Exact(text) => {
                match Url::parse(text.trim(), MissingScheme::Guessed) {
                    Ok(url) => f.write_str(&url.without_credentials()),
                    Err(_) => f.write_str("(not a URL)"),
                }
            }
        }
    }
}

/// An `http` or `https` URL whose credentials are kept apart.
#[derive(Clone)]
pub(super) struct Url {
    /// Has a scheme, an authority without user information, and a path.
    uri: Uri,
    userinfo: Option<String>,
}

fn invalid(reason: &'static str) -> OtlpConfigError {
    OtlpConfigError::Endpoint { reason }
}

impl Url {
    fn parse(text: &str, missing: MissingScheme) -> Result<Self, OtlpConfigError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("it has a space, a control character or one that is not ASCII"));
        }
        let has_scheme = text.contains("://");
        let text = if has_scheme { text.to_owned() } else { with_scheme(text, missing)? };
        let Parts { scheme, authority, path_and_query, .. } = text
            .parse::<Uri>()
            .map_err(|_| invalid("it is not a URL such as http://host:4318"))?
            .into_parts();
        if !scheme.as_ref().is_some_and(|it| *it == Scheme::HTTP || *it == Scheme::HTTPS) {
            return Err(invalid("its scheme is neither http nor https"));
        }
        let authority = authority.ok_or(invalid("it has no host"))?;
        let (userinfo, host) = match authority.as_str().rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority.as_str()),
        };
        let bare: Authority = host.parse().map_err(|_| invalid("it has no host"))?;
        if bare.host().is_empty() {
            return Err(invalid("it has no host"));
        }
        // `Authority` accepts ports that are not numbers.
        let port = host.rsplit_once(']').map_or(host, |(_, after)| after).rsplit_once(':');
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(invalid("its port is not a number up to 65535"));
        }
        let mut parts = Parts::default();
        (parts.scheme, parts.authority) = (scheme, Some(bare));
        parts.path_and_query = path_and_query.or(Some(PathAndQuery::from_static("/")));
        let uri = Uri::from_parts(parts).map_err(|_| invalid("it is not a URL such as http://host:4318"))?;
        Ok(Self { uri, userinfo })
    }

    /// Appends segments to the path.
    fn append(&mut self, segments: &str) -> Result<(), OtlpConfigError> {
        let path = self.uri.path();
        let slash = if path.ends_with('/') { "" } else { "/" };
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{path}{slash}{segments}{query}");
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| invalid("its path is not valid"))?);
        self.uri = Uri::from_parts(parts).map_err(|_| invalid("its path is not valid"))?;
        Ok(())
    }

    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// The URL without credentials.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn without_credentials(&self) -> String {
        self.uri.to_string()
    }

    /// Scheme, host and port.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.uri.scheme_str().unwrap_or_default(), self.authority())
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map(Authority::as_str).unwrap_or_default()
    }

    /// The host. IPv6 addresses have no brackets.
    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    pub(super) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// The `Authorization` header that stands for the URL's credentials (RFC 7617).
    pub(super) fn authorization(&self) -> Option<String> {
        let decoded = percent_decode_str(self.userinfo.as_ref()?).decode_utf8().ok()?;
        let colon = if decoded.contains(':') { "" } else { ":" };
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{decoded}{colon}"))))
    }

    /// The parts that must not be shown: the credentials, and the query, which may hold a key.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let userinfo = self.userinfo.as_deref();
        let password = userinfo.map(|it| it.split_once(':').map_or(it, |(_, password)| password));
        userinfo.into_iter().chain(password).chain(self.uri.query())
    }
}

fn with_scheme(text: &str, missing: MissingScheme) -> Result<String, OtlpConfigError> {
    let is_local = || {
        let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        host.parse::<Authority>().is_ok_and(|it| is_loopback(it.host().trim_matches(['[', ']'])))
    };
    let scheme = match missing {
        MissingScheme::Refused => return Err(invalid("it does not begin with http:// or https://")),
        MissingScheme::Insecure => "http",
        MissingScheme::Guessed if is_local() => "http",
        MissingScheme::Guessed => "https",
    };
    Ok(format!("{scheme}://{text}"))
}

/// Whether `host` is this machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_follow_the_specification() {
        let http = Protocol::HttpProtobuf;
        let base = |text: &str| Endpoint::Base(text.into());
        let exact = |text: &str| Endpoint::Exact(text.into());
        let cases = [
            ("default", Endpoint::Default, http, "http://localhost:4318/v1/traces"),
            ("default json", Endpoint::Default, Protocol::HttpJson, "http://localhost:4318/v1/traces"),
            ("default gRPC", Endpoint::Default, Protocol::Grpc, "http://localhost:4317/"),
            ("base", base("http://c:4318"), http, "http://c:4318/v1/traces"),
            ("base with slash", base("http://c:4318/"), http, "http://c:4318/v1/traces"),
            ("base with path", base("https://c/otlp"), http, "https://c/otlp/v1/traces"),
            ("base with path and slash", base("https://c/otlp/"), http, "https://c/otlp/v1/traces"),
            ("base with query", base("http://c/x?key=1"), http, "http://c/x/v1/traces?key=1"),
            ("exact", exact("http://c:4318/v1/traces"), http, "http://c:4318/v1/traces"),
            ("exact other path", exact("http://c/my/own"), http, "http://c/my/own"),
            ("exact without path", exact("http://c:4318"), http, "http://c:4318/"),
            ("exact with slash", exact("http://c/v1/traces/"), http, "http://c/v1/traces/"),
            ("IPv6", base("http://[::1]:4318"), http, "http://[::1]:4318/v1/traces"),
            ("IPv6 without port", base("http://[::1]"), http, "http://[::1]/v1/traces"),
            ("scheme in capitals", base("HTTP://c"), http, "http://c/v1/traces"),
            ("credentials", base("http://me:pw@c"), http, "http://c/v1/traces"),
            ("gRPC appends nothing", base("http://c:4317"), Protocol::Grpc, "http://c:4317/"),
        ];
        for (name, endpoint, protocol, expected) in cases {
            let url = endpoint.url(protocol, MissingScheme::Refused).unwrap();
            assert_eq!(url.without_credentials(), expected, "{name}");
        }
    }

    #[test]
    fn a_missing_scheme_is_http_on_loopback_and_https_elsewhere() {
        let url = |text: &str, missing| {
            Endpoint::Exact(text.into()).url(Protocol::Grpc, missing).map(|url| url.without_credentials())
        };
        for (text, expected) in [
            ("localhost:4317", "http://localhost:4317/"),
            ("LocalHost", "http://LocalHost/"),
            ("127.0.0.1:4317", "http://127.0.0.1:4317/"),
            ("127.9.9.9", "http://127.9.9.9/"),
            ("[::1]:4317", "http://[::1]:4317/"),
            ("me:pw@localhost:4317/x?y", "http://localhost:4317/x?y"),
            ("collector:4317", "https://collector:4317/"),
            ("127.0.0.1.example.com", "https://127.0.0.1.example.com/"),
            ("localhost.example.com:4317", "https://localhost.example.com:4317/"),
            ("example.com/localhost", "https://example.com/localhost"),
            ("localhost@example.com", "https://example.com/"),
        ] {
            assert_eq!(url(text, MissingScheme::Guessed).unwrap(), expected, "{text}");
        }
        assert_eq!(url("collector:4317", MissingScheme::Insecure).unwrap(), "http://collector:4317/");
        assert!(url("localhost:4317", MissingScheme::Refused).is_err());
    }

    #[test]
    fn urls_are_taken_apart() {
        let cases = [
            ("http://c:4318", "c", 4318, "c:4318", "/v1/traces"),
            ("http://me:pw@c/x?key=1", "c", 80, "c", "/x/v1/traces?key=1"),
            ("https://c", "c", 443, "c", "/v1/traces"),
            ("http://[::1]:4318", "::1", 4318, "[::1]:4318", "/v1/traces"),
            ("http://[::1]", "::1", 80, "[::1]", "/v1/traces"),
        ];
        for (text, host, port, authority, path) in cases {
            let url =
                Endpoint::Base(text.into()).url(Protocol::HttpProtobuf, MissingScheme::Refused).unwrap();
            assert_eq!((url.host(), url.port(), url.authority()), (host, port, authority));
            assert_eq!(url.uri().path_and_query().unwrap(), path);
        }
    }

    #[test]
    fn credentials_become_a_header() {
        let authorization = |text: &str| Url::parse(text, MissingScheme::Refused).unwrap().authorization();
        assert_eq!(authorization("http://c"), None);
        assert_eq!(authorization("http://me:pa55word@c").as_deref(), Some("Basic bWU6cGE1NXdvcmQ="));
        assert_eq!(authorization("http://me:a%3Ab@c").as_deref(), Some("Basic bWU6YTpi"));
        assert_eq!(authorization("http://me@c").as_deref(), Some("Basic bWU6"));
    }

    #[test]
    fn unusable_urls_are_errors() {
        for text in [
            "",
            "c:4318",
            "ftp://c",
            "http://",
            "http:///v1",
            "http://c:x",
            "http://c:70000",
            "http://a b",
            "http://me:pw@",
            "http://[::1",
            "http://c:",
            "http://ä",
        ] {
            let result = Endpoint::Base(text.into()).url(Protocol::HttpProtobuf, MissingScheme::Refused);
            assert!(result.is_err(), "{text}");
        }
    }
}
