//! One trace crosses all four languages over all four transports, and returns.

use peer_tests::{Language, Peer, Relay, Transport, until};

use crate::pair::{self, unique};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_crosses_all_languages_and_returns() {
    let relay = Relay::start(&unique("around")).await.expect("the service starts");
    let mut peers = Vec::new();
    for language in Language::ALL {
        peers.push(Peer::start(language, &unique("around")).await);
    }
    // To Go, Java, JavaScript, Python, and back.
    let transports = [Transport::Http, Transport::Grpc, Transport::Kafka, Transport::Amqp];
    let mut hops: Vec<_> =
        peers.iter().zip(transports).map(|(peer, transport)| peer.hop(transport)).collect();
    hops.push(relay.hop(Transport::Http));
    let trace = pair::send(&relay, &hops, true).await;
    until("the message has come back", || !relay.seen().is_empty());

    // Each service records into the same trace, and propagates it.
    let returned = relay.seen().remove(0);
    assert_eq!(returned.trace, trace);
    assert_eq!(returned.baggage, pair::baggage_from(Language::Python));
    assert_eq!(returned.tracestate, pair::STATE);
    for (peer, language) in peers.iter().zip(Language::ALL) {
        assert_eq!(peer.seen()[0].trace, trace, "{language:?}");
    }
    // The last one is the parent of our server's span.
    let spans = relay.spans().wait_for(3);
    let server = spans.iter().map(|it| &it.span).find(|it| it.span_id.to_string() == returned.span);
    let parent = server.expect("our server's span is recorded").parent_span_id;
    let last = peers.last().expect("there are four");
    let _client = last.span("client span", |span| span.span_id == parent);
}
