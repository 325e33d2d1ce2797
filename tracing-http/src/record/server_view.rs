//! What a sampler can ask about a request that a server has received.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use tracing_core_lite::net::{HostPort, default_port};
use tracing_core_lite::sampling::{AttributeValue, RequestView};

use super::known_methods::{self, OTHER};
use super::semconv::{
    CLIENT_ADDRESS, METHOD, METHOD_ORIGINAL, PEER_ADDRESS, PROTOCOL_VERSION, ROUTE, SERVER_ADDRESS,
    SERVER_PORT, URL_PATH, URL_QUERY, URL_SCHEME, USER_AGENT, protocol_version,
};
use super::server::Addresses;
use crate::head::RequestHead;
use crate::server::ServerConfig;

/// A request, and what has been found out about it before its span starts.
pub(crate) struct ServerView<'a> {
    pub(crate) config: &'a ServerConfig,
    pub(crate) request: &'a RequestHead<'a>,
    pub(crate) addresses: &'a Addresses<'a>,
    /// Folded.
    pub(crate) method: &'a str,
    pub(crate) route: Option<&'a str>,
}

impl RequestView for ServerView<'_> {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        let uri = self.request.uri();
        Some(match key {
            ROUTE => self.route?.into(),
            METHOD => self.method.into(),
            METHOD_ORIGINAL if self.method == OTHER => known_methods::original(self.request.method()).into(),
            URL_PATH => AttributeValue::Str(self.config.common.secret_keys.path(uri.path())),
            URL_QUERY => AttributeValue::Str(self.config.common.secret_keys.query(uri.query()?)),
            URL_SCHEME => self.addresses.scheme(self.config, self.request).unwrap_or("http").into(),
            PROTOCOL_VERSION => protocol_version(self.request.version())?.into(),
            SERVER_ADDRESS => self.server()?.host.into(),
            SERVER_PORT => {
                let scheme = self.addresses.scheme(self.config, self.request);
                self.server()?.port.or_else(|| default_port(scheme?))?.into()
            }
            CLIENT_ADDRESS => self.addresses.client()?.to_string().into(),
            PEER_ADDRESS => self.peer()?.to_string().into(),
            USER_AGENT => text(self.request.headers(), "user-agent")?.into(),
            _ => return None,
        })
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.request.headers().get(name).map(HeaderValue::as_bytes)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.addresses.peer()
    }
}

impl ServerView<'_> {
    fn server(&self) -> Option<HostPort<'_>> {
        HostPort::parse(self.addresses.authority(self.request)?)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
