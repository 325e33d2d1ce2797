//! What a sampler can ask about a call.

use std::net::IpAddr;

use http::HeaderValue;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::sampling::{AttributeValue, RequestView};

use super::address;
use super::callee::Callee;
use super::ending::Side;
use super::method::{self, Method};
use super::semconv::{
    GRPC, METHOD, METHOD_ORIGINAL, OTHER, PEER_ADDRESS, SERVER_ADDRESS, SERVER_PORT, SYSTEM,
};
use crate::config::Config;
use crate::head::RequestHead;

/// A call, and what has been found out about it before its span starts.
pub(crate) struct CallView<'a> {
    pub(crate) config: &'a Config,
    pub(crate) request: &'a RequestHead<'a>,
    pub(crate) method: Method<'a>,
}

impl RequestView for CallView<'_> {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        let server = || {
            let callee = Callee::of(self.config, self.request.uri());
            let HostPort { host, port, .. } = callee.parse()?;
            Some((host.to_owned(), port))
        };
        Some(match key {
            METHOD => self.method.name().unwrap_or(OTHER).into(),
            METHOD_ORIGINAL if self.method == Method::Other => {
                method::original(self.request.uri().path()).into()
            }
            SYSTEM => GRPC.into(),
            SERVER_ADDRESS => server()?.0.into(),
            SERVER_PORT => server()?.1?.into(),
            PEER_ADDRESS => self.peer()?.to_string().into(),
            _ => return None,
        })
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.request.metadata().get(name).map(HeaderValue::as_bytes)
    }

    fn peer(&self) -> Option<IpAddr> {
        match self.config.side {
            Side::Server => address::peer(self.request.extensions()).map(|peer| peer.ip()),
            Side::Client => None,
        }
    }
}
