//! Jaeger receives our spans unchanged and shows the shop's traces correctly. As a Collector, it accepts our configuration.

mod as_collector;
mod fields;
mod shop;
