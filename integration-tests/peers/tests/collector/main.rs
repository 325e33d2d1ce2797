//! The OpenTelemetry Collector receives our spans as they were sent, also when it refuses some of them or starts again. Our
//! configurations for it are valid, and do what we say.

mod configurations;
mod fields;
mod refusals;
