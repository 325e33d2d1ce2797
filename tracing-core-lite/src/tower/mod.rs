//! What layers of tower have in common: the toolkit that the HTTP and gRPC layers are built on.
//!
//! A layer reads the head of a request, starts a span, and runs the service in the context of that span. The span ends
//! exactly once: with the last frame of the response, with an error, with a panic, or when the future or the body is
//! dropped.
//!
//! | part | purpose |
//! |---|---|
//! | [`HeaderScan`], [`Source`], [`Start`] | from the headers of a request to its parent, its sampling decision and its span, in one pass |
//! | [`Call`] | a context and a span that ends once |
//! | [`CallFuture`], [`TracedBody`] | run a service and its response's body in the context of a call |
//! | [`RequestHeaders`] | the headers of a request to inject into |
//! | [`Protocol`], [`OnHead`], [`ResponseBody`] | what a protocol supplies |
//! | [`Filter`], [`OnRequest`], [`OnResponse`] | what users supply |
//! | [`RequestContext`], [`CarryContextLayer`] | a context that travels with a request |
#![cfg_attr(feature = "tower-metrics", doc = "| [`CallMetrics`] | the duration of calls |")]
//!
//! The example `tower_service` traces a protocol of its own.

mod body;
mod call;
mod filter;
mod future;
mod hooks;
#[cfg(feature = "tower-metrics")]
mod metrics;
mod observed;
mod protocol;
mod request_context;
mod request_headers;
mod response_body;
mod start;

pub use body::TracedBody;
pub use call::Call;
pub use filter::Filter;
pub use future::{CallFuture, OnHead};
pub use hooks::{Hooks, OnRequest, OnResponse};
#[cfg(feature = "tower-metrics")]
pub use metrics::{CallMetrics, Measurement};
pub use observed::{CallPool, Observed};
pub use protocol::{AfterHead, End, Protocol};
pub use request_context::{CarryContext, CarryContextLayer, RequestContext};
pub use request_headers::RequestHeaders;
#[doc(hidden)]
pub use response_body::LayerOnly;
pub use response_body::{AnyBody, FramesAhead, NoFramesAhead, ResponseBody};
pub use start::{Decision, Origin, Source, Start};

pub use crate::propagation::header_scan::HeaderScan;
