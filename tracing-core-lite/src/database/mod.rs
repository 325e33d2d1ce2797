//! Instrumentation for database clients: client spans with `db.*` attributes, and their metrics.
//!
//! `tracing-sql` and `tracing-redis` are built on this module. Use it directly to instrument a client that the suite
//! does not wrap, such as a document store that reports its commands as events.
//!
//! A [`Client`] has the settings that all spans of one database share. [`Client::start`] starts the span of one
//! [`Command`] and returns a [`DatabaseSpan`], which ends once: by [`succeed`](DatabaseSpan::succeed), by
//! [`fail`](DatabaseSpan::fail), or as `cancelled` when it is dropped before either.
//!
//! ```
//! use tracing_core_lite::InstrumentationScope;
//! use tracing_core_lite::database::{Client, Command, Endpoint, Failure};
//! use tracing_core_lite::testing::TestSpans;
//!
//! let spans = TestSpans::new();
//! let client = Client::new("mongodb", InstrumentationScope::builder("shop-documents").build())
//!     .with_endpoint(Endpoint::unknown().with_namespace("shop").with_server("documents.internal", 27017))
//!     .with_provider(spans.provider());
//!
//! let command = Command::named("find").with_collection("orders");
//! client.start(&command).succeed();
//!
//! let insert = Command::named("insert").with_collection("orders");
//! client.start(&insert).fail(&Failure::new("DuplicateKey").with_status_code("11000"));
//!
//! assert_eq!(spans.one("find orders").text("db.system.name"), Some("mongodb"));
//! assert_eq!(spans.one("insert orders").text("error.type"), Some("DuplicateKey"));
//! ```
//!
//! # Clients that report events
//! Some clients call back when a command starts and when it ends, with an id that connects the two. Keep the open spans
//! in [`PendingSpans`] under that id. The calls may come from different threads. The span becomes a child of the
//! context that is current in the first callback, unless [`Command::with_parent`] names another. The example
//! `document_store` shows a whole program.
//!
//! # Names of spans
//! A span is named after the summary of the query. Without one it is named `{operation} {target}`, where the target is
//! the collection, else the namespace, else `address:port`. Without an operation the target alone is the name, and
//! without a target the name of the system (semantic conventions v1.44.0, database spans, "Name").
//!
//! # Attributes
//! The module [`attribute`] lists them. [`Conventions`] selects the stable names, the older ones, or both.

pub mod attribute;
mod client;
mod command;
mod conventions;
mod endpoint;
mod failure;
#[cfg(feature = "database-metrics")]
mod metrics;
mod pending;
mod span;

pub use attribute::AttributeName;
pub use client::Client;
pub use command::Command;
pub use conventions::Conventions;
pub use endpoint::Endpoint;
pub use failure::{Ending, Failure};
pub use pending::PendingSpans;
pub use span::DatabaseSpan;
