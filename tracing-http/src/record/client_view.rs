//! What a sampler can ask about a request that a client sends.

use http::HeaderValue;
use tracing_core_lite::sampling::{AttributeValue, RequestView};

use super::client::{Target, full_url};
use super::known_methods::{self, OTHER};
use super::semconv::client::{SERVICE_PEER_NAME, URL_FULL, URL_TEMPLATE};
use super::semconv::{METHOD, METHOD_ORIGINAL, SERVER_ADDRESS, SERVER_PORT};
use crate::client::ClientConfig;
use crate::head::RequestHead;

/// A request, and what has been found out about it before its span starts.
pub(crate) struct ClientView<'a> {
    pub(crate) config: &'a ClientConfig,
    pub(crate) request: &'a RequestHead<'a>,
    pub(crate) target: &'a Target<'a>,
    /// Folded.
    pub(crate) method: &'a str,
    pub(crate) template: Option<&'a str>,
}

impl RequestView for ClientView<'_> {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        Some(match key {
            METHOD => self.method.into(),
            METHOD_ORIGINAL if self.method == OTHER => known_methods::original(self.request.method()).into(),
            URL_TEMPLATE => self.template?.into(),
            URL_FULL => {
                let url = full_url(self.request.uri(), self.target.host_header);
                self.config.common.secret_keys.url(&url).into_owned().into()
            }
            SERVER_ADDRESS => self.target.server.as_ref()?.host.into(),
            SERVER_PORT => self.target.server.as_ref()?.port?.into(),
            SERVICE_PEER_NAME => {
                let server = self.target.server.as_ref()?;
                self.config.peer_services.find(server.host, server.port)?.into()
            }
            _ => return None,
        })
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.request.headers().get(name).map(HeaderValue::as_bytes)
    }
}
