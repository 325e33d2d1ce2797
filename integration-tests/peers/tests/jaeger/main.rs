//! Jaeger receives our spans as they were sent, and shows the shop's traces as what they are. As a Collector, it accepts our
//! configuration.

mod as_collector;
mod fields;
mod shop;
