//! The shop: five services that talk HTTP, one file each.
//!
//! ```text
//!  customer ──> gateway ──> auth
//!                  └──────> orders ──> payment ──> card processor
//!                              └ ─ ─ ─ send receipt (nobody waits for it)
//! ```
//!
//! Each service is a function from its [`TracerProvider`](tracing_core_lite::TracerProvider) and its [peers](Peer) to an
//! [`axum::Router`]. That all of them appear in one trace is the doing of two layers: `ServerLayer` around the router,
//! and `ClientLayer` around the HTTP client in [`Peer`]. Work inside of a service that deserves a span of its own is
//! run with [`try_in_span`](tracing_core_lite::context::FutureExt::try_in_span).

pub mod api;
pub mod auth;
pub mod card_processor;
pub mod gateway;
pub mod orders;
pub mod payment;
mod peer;
mod problem;
mod serve;

pub use peer::{CallError, Peer};
pub use problem::Problem;
pub use serve::{healthz, serve, terminated};
