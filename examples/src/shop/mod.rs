//! The shop: nine services, one file or folder each.
//!
//! ```text
//!  customer ──> gateway ──> auth
//!                  └──────> orders ─ gRPC ─> inventory ──> its database
//!                             │└──── gRPC ─> payment ──> card processor
//!                             ├──> its database, and a cache of prices
//!                             └──> Kafka ──> notification ──> AMQP ──> email worker
//!                                                               └────> sms worker
//! ```
//!
//! Each service is a function `start` from its [`Wiring`] to an [`axum::Router`], and has a row in [`SERVICES`]. That all of
//! them appear in one trace is the doing of layers and wrappers, all in the places where a connection is made:
//!
//! | what | where |
//! |---|---|
//! | `tracing_http`'s `ServerLayer` | around the router of a service that speaks HTTP |
//! | `tracing_http`'s `ClientLayer` | around the HTTP client in [`Peer`] |
//! | `tracing_grpc`'s layers | `grpc`: the channel of a client, the router of a server |
//! | `tracing_sql`'s `TracedPool` | [`Database::open`] |
//! | `tracing_cache`'s `TracedCache` and `TracedConnection` | the prices of `orders` |
//! | `tracing_kafka`'s producer and consumers | `events`, and the [reconciliation] |
//! | `tracing_amqp`'s `TracedChannel` | `post_office` |
//!
//! Work inside of a service that deserves a span of its own says so.

pub mod api;
mod auth;
mod card_processor;
mod database;
mod events;
mod gateway;
mod grpc;
mod inventory;
mod jobs;
mod messenger;
mod notification;
mod orders;
mod payment;
mod peer;
mod post_office;
mod problem;
pub mod proto;
pub mod reconciliation;
mod serve;
mod services;
mod settings;
mod wiring;
mod work;
mod worker;

pub use database::Database;
pub use events::ORDERS_CREATED;
pub use peer::{CallError, Peer};
pub use problem::Problem;
pub use serve::{healthz, serve, terminated};
pub use services::{SERVICES, Service, UnknownService};
pub use settings::Settings;
pub use wiring::Wiring;
pub use work::Classified;
