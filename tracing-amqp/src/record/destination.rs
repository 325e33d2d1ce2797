//! What destinations are called (semantic conventions for RabbitMQ, section "RabbitMQ attributes").

use std::borrow::Cow;

use tracing_core_lite::messaging::Destination;

/// The default exchange, where there is no routing key either.
const DEFAULT_EXCHANGE: &str = "amq.default";

/// Names that the broker makes: of queues that were declared without a name, and of where a direct reply goes.
const MADE_BY_THE_BROKER: [&str; 2] = ["amq.gen-", "amq.rabbitmq.reply-to"];

/// Where a message is published to: `{exchange}:{routing key}`, or the one of them that is not empty.
pub(crate) fn published<'a>(exchange: &'a str, routing_key: &'a str) -> Cow<'a, str> {
    match (exchange, routing_key) {
        ("", "") => Cow::Borrowed(DEFAULT_EXCHANGE),
        ("", one) | (one, "") => Cow::Borrowed(one),
        _ => Cow::Owned([exchange, ":", routing_key].concat()),
    }
}

/// Where a message was delivered from: `{exchange}:{routing key}:{queue}`, without what is empty, and without the queue where
/// it is called as the routing key is.
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

/// `name`, temporary when the broker made the name of the `queue` behind it.
pub(crate) fn with_queue<'a>(name: &'a str, queue: &str) -> Destination<'a> {
    let destination = Destination::new(name);
    let is_made = MADE_BY_THE_BROKER.iter().any(|prefix| queue.starts_with(prefix));
    if is_made { destination.temporary() } else { destination }
}

/// Where a reply goes. It is temporary whatever its name is: the peer chose that, and it may choose another each time.
pub(crate) fn of_reply(reply_to: &str) -> Destination<'_> {
    let mut destination = with_queue(if reply_to.is_empty() { DEFAULT_EXCHANGE } else { reply_to }, reply_to);
    destination.is_temporary = true;
    destination
}

/// What `delivered` calls a destination, kept only where it is not the queue.
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
    fn names_of_the_broker_s_making_are_temporary() {
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
