//! The layer for `tracing-subscriber`: one module for each promise.

mod attributes;
mod destructors;
mod errors;
mod events;
mod follows_from;
mod identity;
mod nesting;
mod parents;
mod reentrance;
mod support;
mod threads;
mod times;
mod unusual_values;
