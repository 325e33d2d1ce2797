//! reqwest's client, traced. Supports reqwest 0.13.
//!
//! | type | takes | returns |
//! |---|---|---|
//! | [`TracedClient`] | `reqwest::Request` or `RequestBuilder` | `reqwest::Response`, with `json()` and the like |
//! | [`ReqwestService`] | `http::Request` | `http::Response`, for layers of tower |

mod client;
mod redirect;
mod service;

pub use client::{TracedClient, TracedResponse};
pub use service::{ReqwestFuture, ReqwestService};
