//! Spans for sqlx.

pub mod sanitize;
