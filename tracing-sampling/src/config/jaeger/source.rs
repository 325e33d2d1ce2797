//! Where strategies are read.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::Agent;
use ureq::http::Uri;

use super::{Strategies, Strategy};
use crate::http_agent;

/// The longest response, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The time for one request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A file or an endpoint.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File { path: PathBuf, service: String },
    Http { url: String, agent: Agent },
}

impl Source {
    pub(super) fn file(path: PathBuf, service: &str) -> Self {
        Self::File { path, service: service.to_owned() }
    }

    /// `endpoint` is a URL. Its path is `/sampling` if it has none.
    pub(super) fn http(endpoint: &str, service: &str) -> Result<Self, String> {
        let uri: Uri = endpoint
            .parse()
            .map_err(|_| format!("endpoint {endpoint:?} is not a URL: use http://HOST:PORT"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => return Err("endpoint is https: enable the feature `tls`".into()),
            _ => {
                return Err(format!(
                    "endpoint {endpoint:?} is not a URL: use http://HOST:PORT or file:///PATH"
                ));
            }
        }
        if uri.port_u16() == Some(14250) {
            return Err(
                "port 14250 is Jaeger's gRPC port: use its HTTP endpoint, usually http://HOST:5778".into()
            );
        }
        let base = endpoint.trim_end_matches('/');
        let path = if uri.path().trim_matches('/').is_empty() { "/sampling" } else { "" };
        let separator = if uri.query().is_some() { '&' } else { '?' };
        let service = utf8_percent_encode(service, NON_ALPHANUMERIC);
        Ok(Self::Http {
            url: format!("{base}{path}{separator}service={service}"),
            agent: http_agent::agent(TIMEOUT),
        })
    }

    /// Reads the strategies.
    pub(super) fn read(&self) -> Result<String, String> {
        match self {
            Self::File { path, .. } => {
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
            }
            Self::Http { url, agent } => {
                let mut response = agent.get(url).call().map_err(|error| format!("{url}: {error}"))?;
                let body = response.body_mut().with_config().limit(LONGEST).read_to_string();
                body.map_err(|error| format!("{url}: {error}"))
            }
        }
    }

    /// Returns the strategy of the service.
    pub(super) fn parse(&self, text: &str) -> Result<Strategy, String> {
        match self {
            Self::File { path, service } => Strategies::parse(text)
                .map(|strategies| strategies.strategy(service).clone())
                .map_err(|error| format!("{}: {error}", path.display())),
            Self::Http { url, .. } => {
                Strategy::from_response(text).map_err(|error| format!("response of {url}: {error}"))
            }
        }
    }
}
