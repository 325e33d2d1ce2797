//! The shop: nine services that take an order from the customer to the delivery message.
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
//! The modules form layers, from top to bottom:
//!
//! | module | contents |
//! |---|---|
//! | [`Wiring`] | reads the settings, opens the connections of one service, and starts it |
//! | `services` | one folder per service; a service gets its connections as arguments |
//! | `connections` | how services reach each other, databases and brokers |
//! | [`api`], [`proto`], `events`, `jobs` | what services send each other: JSON, gRPC, Kafka, AMQP |
//! | [`Service`], [`Settings`], [`Problem`], [`serve()`] | what every service uses |
//!
//! Layers and wrappers join all services into one trace. Each is applied where a connection is made:
//!
//! | what | where |
//! |---|---|
//! | `tracing_http`'s `ServerLayer` | the router of each service that speaks HTTP |
//! | `tracing_http`'s `ClientLayer` | the HTTP client in [`Peer`] |
//! | `tracing_grpc`'s layers | `connections::grpc`: the channel of a client, the router of a server |
//! | `tracing_sql`'s `TracedPool` | [`Database::open`] |
//! | `tracing_redis`'s `TracedRedis`, the core's `TracedCache` | the prices of `orders` |
//! | `tracing_kafka`'s producer and consumers | `connections::kafka`, and the [reconciliation] |
//! | `tracing_amqp`'s `TracedChannel` | `connections::job_queues` |
//!
//! A service starts spans of its own only for work that deserves one: see `traced` in `classified.rs`.

pub mod api;
mod classified;
mod connections;
mod events;
mod jobs;
mod messenger;
mod problem;
pub mod proto;
mod serve;
mod service;
mod services;
mod settings;
mod wiring;

pub use connections::{CallError, Database, Peer};
pub use events::ORDERS_CREATED;
pub use problem::Problem;
pub use serve::{healthz, serve};
pub use service::{Service, UnknownService};
pub use services::reconciliation;
pub use settings::Settings;
pub use wiring::Wiring;
