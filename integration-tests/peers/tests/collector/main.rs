//! The OpenTelemetry Collector receives our spans unchanged, even if it refuses requests or restarts. The published
//! configurations for it are valid and work as described.

mod configurations;
mod fields;
mod refusals;
