//! Carries the context of a piece of work across `.await`, tasks and threads.
//!
//! There is one context, [`opentelemetry::Context`], so spans of this crate, of the OpenTelemetry API and of
//! `tracing-opentelemetry` nest in each other. It is stored in a thread-local, so code that moves work to
//! another task or thread has to carry it along.
//!
//! | moving work by | keeps the context |
//! |---|---|
//! | `.await` | [`FutureExt::in_context`], [`FutureExt::in_current_context`]; [`FutureExt::in_span`] for the work of one span |
//! | `tokio::spawn` | [`spawn`] (feature `tokio`); a plain spawn loses it |
//! | `tokio::task::spawn_blocking` | [`spawn_blocking`] (feature `tokio`) |
//! | `std::thread::spawn` | [`spawn_thread`] |
//! | rayon, channels, callbacks | [`bind`] on the closure |
//! | the threads of an exporter, which must not be traced | [`suppress_tracing`] drops it |
//! | a task that outlives the request | [`Detached`]: a span of its own that FollowsFrom the origin |

mod bind;
mod future;
#[cfg(feature = "tokio")]
mod spawn;
mod suppress;

pub use crate::provider::Detached;
pub use crate::span::{FutureExt, InSpan, StoredContext};
pub use bind::{bind, spawn_thread};
pub use future::InContext;
pub use opentelemetry::Context;
#[cfg(feature = "tokio")]
pub use spawn::{spawn, spawn_blocking};
pub(crate) use suppress::is_suppressed;
pub use suppress::{SuppressTracing, suppress_tracing};
