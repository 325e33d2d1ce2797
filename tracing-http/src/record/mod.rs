//! What is written into spans and metrics.

mod address;
mod call;
#[cfg(feature = "client")]
pub(crate) mod client;
#[cfg(feature = "server")]
mod client_address;
#[cfg(feature = "client")]
pub(crate) mod client_view;
mod ending;
pub(crate) mod error_type;
#[cfg(feature = "server")]
mod forwarded;
pub(crate) mod known_methods;
#[cfg(feature = "metrics")]
#[cfg_attr(not(any(feature = "client", feature = "server")), allow(unused_imports))]
pub(crate) mod metrics;
#[cfg(feature = "server")]
pub(crate) mod parameterize;
pub(crate) mod semconv;
#[cfg(feature = "server")]
pub(crate) mod server;
#[cfg(feature = "server")]
pub(crate) mod server_view;
pub(crate) mod span_name;

pub(crate) use call::HttpCall;
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use ending::Side;
