//! Traces cross services in other languages with their own instrumentation, in both directions. Parents and links are correct,
//! the sampled flag is followed, and tracestate and baggage are preserved. Spans for the same work are the same.

mod around;
mod pair;
mod same_spans;

use peer_tests::{Language, Transport};

/// One test for each language and transport.
macro_rules! pairs {
    ($($language:ident $name:ident: $($transport:ident $test:ident),+;)+) => {
        $(mod $name {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                pair::both_ways(Language::$language, Transport::$transport).await;
            })+
        })+
    };
}

pairs! {
    Go go: Http http, Grpc grpc, Kafka kafka, Amqp amqp;
    Java java: Http http, Grpc grpc, Kafka kafka, Amqp amqp;
    JavaScript javascript: Http http, Grpc grpc, Kafka kafka, Amqp amqp;
    Python python: Http http, Grpc grpc, Kafka kafka, Amqp amqp;
}
