//! The names of destinations (semantic conventions for RabbitMQ, section "RabbitMQ attributes").

use std::borrow::Cow;

use tracing_core_lite::messaging::Destination;

/// The name of the default exchange, for messages without a routing key.
const DEFAULT_EXCHANGE: &str = "amq.default";

/// Prefixes of names that the broker generates: of queues declared without a name, and of direct replies.
const GENERATED: [&str; 2] = ["amq.gen-", "amq.rabbitmq.reply-to"];

/// Returns the destination of a publish: `{exchange}:{routing key}`, or whichever of them is not empty.
pub(crate) fn published<'a>(exchange: &'a str, routing_key: &'a str) -> Cow<'a, str> {
    match (exchange, routing_key) {
        ("", "") => Cow::Borrowed(DEFAULT_EXCHANGE),
        ("", one) | (one, "") => Cow::Borrowed(one),
        _ => Cow::Owned([exchange, ":", routing_key].concat()),
    }
}

/// Returns the destination of a delivery: `{exchange}:{routing key}:{queue}` without empty parts, and without a queue whose name
/// is the routing key.
pub(crate) fn delivered<'a>(exchange: &'a str, routing_key: &'a str, queue: &'a str) -> Cow<'a, str> {
    if queue.is_empty() || queue == routing_key {
        return published(exchange, routing_key);
    }
    match (exchange, routing_key) {
        ("", "") => Cow::Borrowed(queue),
        ("", one) | (one, "") => Cow::Owned([one, ":", queue].concat()),
        _ => Cow::Owned([exchange, ":", routing_key, ":", queue].concat()),
    }
}

/// Returns `name` as a destination, temporary if the broker generated the name of its `queue`.
pub(crate) fn with_queue<'a>(name: &'a str, queue: &str) -> Destination<'a> {
    let is_generated = GENERATED.iter().any(|prefix| queue.starts_with(prefix));
    Destination::new(name).with_temporary(is_generated).with_anonymous(is_generated)
}

/// Returns the destination of a reply. It is always temporary, because the peer chose the name and may choose another
/// each time.
pub(crate) fn of_reply(reply_to: &str) -> Destination<'_> {
    let name = if reply_to.is_empty() { DEFAULT_EXCHANGE } else { reply_to };
    with_queue(name, reply_to).with_temporary(true)
}

/// Returns the name of a destination if it differs from that of the queue.
pub(crate) fn other_than(name: Cow<'_, str>, queue: &str) -> Option<Box<str>> {
    (name != queue).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (exchange, routing_key, queue, sent, received) in [
            ("", "", "", "amq.default", "amq.default"),
            ("", "", "q", "amq.default", "q"),
            ("", "q", "q", "q", "q"),
            ("", "k", "q", "k", "k:q"),
            ("x", "", "", "x", "x"),
            ("x", "", "q", "x", "x:q"),
            ("x", "k", "", "x:k", "x:k"),
            ("x", "k", "q", "x:k", "x:k:q"),
            ("x", "q", "q", "x:q", "x:q"),
        ] {
            let row = format!("{exchange:?} {routing_key:?} {queue:?}");
            assert_eq!(published(exchange, routing_key), sent, "{row}");
            assert_eq!(delivered(exchange, routing_key, queue), received, "{row}");
        }
    }

    #[test]
    fn names_that_the_broker_generates_are_temporary() {
        for (queue, is_temporary) in [
            ("amq.gen-JzTY20BRgKO", true),
            ("amq.rabbitmq.reply-to", true),
            ("amq.rabbitmq.reply-to.g1h2AA5y", true),
            ("orders", false),
            ("amq.topic", false),
        ] {
            assert_eq!(with_queue(queue, queue).is_temporary, is_temporary, "{queue}");
            let reply = of_reply(queue);
            assert_eq!((reply.is_temporary, reply.is_anonymous), (true, is_temporary), "reply to {queue}");
        }
    }
}
