//! Instrumentation for RPC protocols: a client span, a server span, and the context that travels between them.
//!
//! Use this module for a protocol that the suite does not wrap, such as Thrift, JSON-RPC or one of your own. gRPC has the
//! crate `tracing-grpc`.
//!
//! - A [`Client`] starts the span of a call and writes its context into the request. Anything that implements
//!   [`Inject`](crate::propagation::Inject) carries it: a map of headers, a list of pairs, or a type of yours.
//! - A [`Server`] reads that context from a request and starts a span that continues the caller's trace.
//! - Both return an [`RpcSpan`], which ends once: by [`succeed`](RpcSpan::succeed), by [`fail`](RpcSpan::fail), with the
//!   future that it [runs](RpcSpan::run), or when it is dropped.
//!
//! ```
//! use std::collections::HashMap;
//! use tracing_core_lite::InstrumentationScope;
//! use tracing_core_lite::rpc::{Call, Client, Failure, Server};
//! use tracing_core_lite::testing::TestSpans;
//!
//! let spans = TestSpans::new();
//! let scope = || InstrumentationScope::builder("shop-thrift").build();
//! let client = Client::new("thrift", scope()).with_server("prices.internal", 9090).with_provider(spans.provider());
//! let server = Server::new("thrift", scope()).with_provider(spans.provider());
//!
//! let mut headers = HashMap::new();
//! let outgoing = client.start(&Call::new("shop.Prices/get"), &mut headers);
//!
//! // In the other process, which has received the headers:
//! let incoming = server.start(&Call::new("shop.Prices/get"), &headers);
//! incoming.fail(&Failure::from_status_code("NO_SUCH_PRICE"));
//!
//! outgoing.fail(&Failure::from_status_code("NO_SUCH_PRICE"));
//! spans.assert_tree(
//!     "
//!     shop.Prices/get
//!       shop.Prices/get
//!     ",
//! );
//! ```
//!
//! # What a span shows
//! | attribute | value |
//! |---|---|
//! | `rpc.system.name` | the protocol, as it was given to [`Client::new`] or [`Server::new`] |
//! | `rpc.method` | the full name of the method, such as `shop.Prices/get`; `_OTHER` for a method that the server does not know |
//! | `rpc.method_original` | the name that the caller sent, if the server does not know it; at most 256 bytes |
//! | `rpc.response.status_code` | the code that the server responded with, if the protocol has codes |
//! | `error.type` | the class of the error: see [`error_class`](crate::error_class) |
//! | `server.address`, `server.port` | the server that the client calls |
//! | `network.peer.address`, `network.peer.port` | the address at the other end of the connection |
//!
//! The span is named after the method, or after the protocol if the method is not known. Source: semantic conventions v1.44.0,
//! RPC spans (release candidate).
//!
//! # How a span ends
//! | end | client | server |
//! |---|---|---|
//! | success | unset | unset |
//! | failure | error | error |
//! | failure of the [caller](Failure::caused_by_caller) | error | unset; `error.type` is recorded |
//! | dropped | error, `cancelled`, an event `cancelled` | unset, `cancelled`, an event `cancelled` |
//! | panic | error, `panic`, an `exception` event | error, `panic`, an `exception` event |
//!
//! # Names of attributes
//! [`Conventions`] selects the names of v1.44.0, the older `rpc.system`, `rpc.service` and `rpc.method`, or both.

pub mod attribute;
mod call;
mod client;
mod conventions;
mod failure;
mod run;
mod server;
mod span;

pub use call::Call;
pub use client::Client;
pub use conventions::Conventions;
pub use failure::Failure;
pub use run::RunCall;
pub use server::Server;
pub use span::RpcSpan;
