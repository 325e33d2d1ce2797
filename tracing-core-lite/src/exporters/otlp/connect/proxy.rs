//! The proxy that the environment asks for.

use http::HeaderValue;
use http::uri::Scheme;
use hyper_util::client::proxy::matcher::Matcher;

use crate::exporters::otlp::endpoint::Url;

/// How a receiver is reached.
pub(super) enum Route {
    Direct,
    Proxy(Proxy),
    /// Through a proxy whose protocol is not supported, for example SOCKS. Going around it could reveal spans, so nothing is
    /// sent.
    Unsupported {
        scheme: String,
    },
}

/// An HTTP proxy.
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the proxy itself is reached by TLS.
    pub(super) is_https: bool,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<HeaderValue>,
}

impl Route {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in lower case. No proxy is asked for a receiver on
    /// this machine.
    pub(super) fn from_env(url: &Url) -> Self {
        if url.is_loopback() { Self::Direct } else { Self::choose(&Matcher::from_env(), url) }
    }

    fn choose(matcher: &Matcher, url: &Url) -> Self {
        let Some(chosen) = matcher.intercept(url.uri()) else { return Self::Direct };
        let uri = chosen.uri();
        let scheme = uri.scheme().cloned().unwrap_or(Scheme::HTTP);
        let is_https = scheme == Scheme::HTTPS;
        let (Some(host), true) = (uri.host(), is_https || scheme == Scheme::HTTP) else {
            return Self::Unsupported { scheme: scheme.to_string() };
        };
        let mut authorization = chosen.basic_auth().cloned();
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Self::Proxy(Proxy {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            is_https,
            authorization,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporters::otlp::config::OtlpConfig;

    #[test]
    fn the_environment_chooses_the_proxy() {
        let matcher = Matcher::builder()
            .http("http://me:pw@plain-proxy:3128")
            .https("https://[::1]")
            .no("internal, 10.0.0.0/8")
            .build();
        let route = |endpoint: &str| {
            let url = OtlpConfig::new().with_endpoint(endpoint).url().unwrap();
            match Route::choose(&matcher, &url) {
                Route::Direct => "direct".to_owned(),
                Route::Unsupported { scheme } => format!("unsupported {scheme}"),
                Route::Proxy(it) => {
                    format!("{} {} {} {}", it.host, it.port, it.is_https, it.authorization.is_some())
                }
            }
        };
        assert_eq!(route("http://c:4318"), "plain-proxy 3128 false true");
        assert_eq!(route("https://c:4318"), "::1 443 true false");
        assert_eq!(route("http://internal:4318"), "direct");
        assert_eq!(route("https://a.internal:4318"), "direct");
        assert_eq!(route("http://10.1.2.3:4318"), "direct");
    }

    #[test]
    fn socks_proxies_are_not_bypassed() {
        let matcher = Matcher::builder().all("socks5://proxy:1080").build();
        let url = OtlpConfig::new().with_endpoint("http://c").url().unwrap();
        assert!(matches!(Route::choose(&matcher, &url), Route::Unsupported { scheme } if scheme == "socks5"));
    }

    #[test]
    fn this_machine_is_reached_directly() {
        for endpoint in ["http://localhost:4318", "http://127.0.0.1", "http://[::1]:4318"] {
            let url = OtlpConfig::new().with_endpoint(endpoint).url().unwrap();
            assert!(matches!(Route::from_env(&url), Route::Direct), "{endpoint}");
        }
    }
}
