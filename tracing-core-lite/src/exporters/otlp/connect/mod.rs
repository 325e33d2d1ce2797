//! Connections to a receiver: directly or through a proxy, with or without TLS.

mod connector;
mod proxy;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub(super) use connector::{Connector, Tunnel};
#[cfg(feature = "otlp-grpc")]
pub(super) use stream::Stream;
