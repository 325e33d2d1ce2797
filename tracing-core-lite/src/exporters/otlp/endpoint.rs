//! The URL of a receiver.

use std::fmt;

use super::{OtlpConfigError, Protocol};
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
use crate::exporters::base64;

/// What the user said about where to send.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Nothing: the protocol's own port on this machine.
    Default,
    /// A base URL, to which HTTP appends the signal's path.
    Base(String),
    /// The URL itself.
    Exact(String),
}

impl Endpoint {
    pub(super) fn url(&self, protocol: Protocol, insecure: bool) -> Result<Url, OtlpConfigError> {
        let grpc = protocol == Protocol::Grpc;
        let (text, append) = match self {
            Endpoint::Default if grpc => ("http://localhost:4317", false),
            Endpoint::Default => ("http://localhost:4318", true),
            Endpoint::Base(text) => (text.trim(), !grpc),
            Endpoint::Exact(text) => (text.trim(), false),
        };
        let schemeless = grpc && !text.contains("://");
        let mut url = match (schemeless, insecure) {
            (true, true) => Url::parse(&format!("http://{text}"))?,
            (true, false) => Url::parse(&format!("https://{text}"))?,
            (false, _) => Url::parse(text)?,
        };
        if append {
            let slash = if url.path.ends_with('/') { "" } else { "/" };
            url.path = format!("{}{slash}v1/traces", url.path);
        } else if url.path.is_empty() {
            url.path.push('/');
        }
        Ok(url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Default => f.write_str("Default"),
            Endpoint::Base(text) | Endpoint::Exact(text) => match Url::parse(text.trim()) {
                Ok(url) => f.write_str(&url.without_credentials()),
                Err(_) => f.write_str("(not a URL)"),
            },
        }
    }
}

/// An `http` or `https` URL, taken apart.
pub(super) struct Url {
    https: bool,
    /// Without a transport built in, there is nobody to send it.
    #[cfg_attr(not(any(feature = "otlp-http", feature = "otlp-grpc")), allow(dead_code))]
    userinfo: Option<String>,
    authority: String,
    path: String,
    query: Option<String>,
}

impl Url {
    fn parse(text: &str) -> Result<Self, OtlpConfigError> {
        let unusable = |reason| OtlpConfigError::Endpoint { reason };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable("it has a space, a control character or one that is not ASCII"));
        }
        let (scheme, rest) =
            text.split_once("://").ok_or(unusable("it does not begin with http:// or https://"))?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(unusable("its scheme is neither http nor https")),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority),
        };
        let (host, port) = split_port(authority);
        if host.is_empty() || host.contains(['<', '>', '"', '{', '}', '\\', '^', '`', '|']) {
            return Err(unusable("it has no host"));
        }
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(unusable("its port is not a number up to 65535"));
        }
        Ok(Self { https, userinfo, authority: authority.to_owned(), path: path.to_owned(), query })
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    pub(super) fn without_credentials(&self) -> String {
        let mut url = self.origin();
        url.push_str(&self.path);
        if let Some(query) = &self.query {
            url.push('?');
            url.push_str(query);
        }
        url
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
impl Url {
    /// The `Authorization` header that stands for the URL's credentials (RFC 7617).
    pub(super) fn authorization(&self) -> Option<String> {
        let decoded = crate::percent::decode_text(self.userinfo.as_ref()?)?;
        let pair = if decoded.contains(':') { decoded } else { decoded + ":" };
        Some(format!("Basic {}", base64::encode(pair.as_bytes())))
    }

    /// What must not be shown: the credentials, and a query that may hold a key.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let password =
            self.userinfo.as_deref().map(|it| it.split_once(':').map_or(it, |(_, password)| password));
        self.userinfo.as_deref().into_iter().chain(password).chain(self.query.as_deref())
    }
}

#[cfg(feature = "otlp-http")]
impl Url {
    /// Without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        split_port(&self.authority).0.trim_matches(['[', ']'])
    }

    pub(super) fn port_or(&self, default: u16) -> u16 {
        split_port(&self.authority).1.and_then(|port| port.parse().ok()).unwrap_or(default)
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether the host is this machine, which no proxy should be asked for.
    pub(super) fn is_loopback(&self) -> bool {
        let host = split_port(&self.authority).0;
        host.eq_ignore_ascii_case("localhost") || host == "[::1]" || host.starts_with("127.")
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The colons within the brackets of an IPv6 address are no port.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
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
            ("default", Endpoint::Default, http, false, "http://localhost:4318/v1/traces"),
            ("default json", Endpoint::Default, Protocol::HttpJson, false, "http://localhost:4318/v1/traces"),
            ("default gRPC", Endpoint::Default, Protocol::Grpc, false, "http://localhost:4317/"),
            ("base", base("http://c:4318"), http, false, "http://c:4318/v1/traces"),
            ("base with slash", base("http://c:4318/"), http, false, "http://c:4318/v1/traces"),
            ("base with path", base("https://c/otlp"), http, false, "https://c/otlp/v1/traces"),
            ("base with path and slash", base("https://c/otlp/"), http, false, "https://c/otlp/v1/traces"),
            ("base with query", base("http://c/x?key=1"), http, false, "http://c/x/v1/traces?key=1"),
            ("exact", exact("http://c:4318/v1/traces"), http, false, "http://c:4318/v1/traces"),
            ("exact other path", exact("http://c/my/own"), http, false, "http://c/my/own"),
            ("exact without path", exact("http://c:4318"), http, false, "http://c:4318/"),
            ("exact with slash", exact("http://c/v1/traces/"), http, false, "http://c/v1/traces/"),
            ("IPv6", base("http://[::1]:4318"), http, false, "http://[::1]:4318/v1/traces"),
            ("IPv6 without port", base("http://[::1]"), http, false, "http://[::1]/v1/traces"),
            ("scheme in capitals", base("HTTP://c"), http, false, "http://c/v1/traces"),
            ("credentials", base("http://me:pw@c"), http, false, "http://c/v1/traces"),
            ("gRPC appends nothing", base("http://c:4317"), Protocol::Grpc, false, "http://c:4317/"),
            ("gRPC without scheme", base("c:4317"), Protocol::Grpc, false, "https://c:4317/"),
            ("gRPC insecure", base("c:4317"), Protocol::Grpc, true, "http://c:4317/"),
        ];
        for (name, endpoint, protocol, insecure, expected) in cases {
            let url = endpoint.url(protocol, insecure).unwrap();
            assert_eq!(url.without_credentials(), expected, "{name}");
        }
    }

    #[cfg(feature = "otlp-http")]
    #[test]
    fn urls_are_taken_apart() {
        let cases = [
            ("http://c:4318", "c", 4318, "c:4318", "/v1/traces"),
            ("http://me:pw@c/x?key=1", "c", 80, "c", "/x/v1/traces?key=1"),
            ("http://[::1]:4318", "::1", 4318, "[::1]:4318", "/v1/traces"),
            ("http://[::1]", "::1", 80, "[::1]", "/v1/traces"),
        ];
        for (text, host, port, authority, path) in cases {
            let url = Endpoint::Base(text.into()).url(Protocol::HttpProtobuf, false).unwrap();
            assert_eq!((url.host(), url.port_or(80), url.authority()), (host, port, authority));
            assert_eq!(url.path_and_query(), path);
        }
    }

    #[test]
    fn unusable_urls_are_errors() {
        for text in
            ["", "c:4318", "ftp://c", "http://", "http:///v1", "http://c:x", "http://c:70000", "http://a b"]
        {
            assert!(Endpoint::Base(text.into()).url(Protocol::HttpProtobuf, false).is_err(), "{text}");
        }
    }
}
