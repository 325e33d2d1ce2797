//! Spans and trace context for Kafka.
