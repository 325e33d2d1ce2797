//! Spans and trace context for AMQP.
