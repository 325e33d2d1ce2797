//! Trust boundaries: which policy applies to whom, and what queues and RPC protocols do with strangers, partners and secrets.

use std::collections::HashMap;
use std::net::IpAddr;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing_core_lite::messaging::{
    Client, Destination, MessagingOperation, OperationType, Origin, Peer, Settings,
};
use tracing_core_lite::propagation::boundary::{
    InboundBoundary, InboundPolicy, OutboundBoundary, OutboundPolicy, Partner, PeerIdentity, Receiver, Sender,
};
use tracing_core_lite::propagation::{Extract, Propagator};
use tracing_core_lite::rpc;
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, InstrumentationScope};

type Carrier = Vec<(String, String)>;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SECRET: &str = "q7Zk0secretW3x";

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("test").build()
}

/// What a stranger sends: a sampled flag, 100 baggage members, 32 tracestate members.
fn strangers_headers(trace: u128) -> Carrier {
    let list = |count: usize, key: &str| {
        (0..count).map(|i| format!("{key}{i}={SECRET}")).collect::<Vec<_>>().join(",")
    };
    vec![
        ("traceparent".to_owned(), format!("00-{trace:032x}-00f067aa0ba902b7-01")),
        ("tracestate".to_owned(), list(32, "vendor")),
        ("baggage".to_owned(), list(100, "key")),
    ]
}

/// Checks that nothing of a stranger is in what is sent on.
fn assert_nothing_of_a_stranger(sent: &Carrier, trace: u128) {
    let trace = format!("{trace:032x}");
    assert!(sent.iter().any(|(name, _)| name == "traceparent"));
    for (name, value) in sent {
        assert!(name != "baggage" && !value.contains(SECRET) && !value.contains(&trace), "{name}: {value}");
    }
}

fn network(policy: InboundPolicy) -> InboundBoundary {
    InboundBoundary::new(InboundPolicy::Public).with_peers(["10.0.0.0/8"], policy).expect("a network")
}

#[test]
fn rules_of_servers() {
    let partner = || Partner::new("acme");
    let boundary = network(InboundPolicy::Trusted)
        .with_identity("spiffe://acme.example/*", partner())
        .with_header("x-edge", "1", InboundPolicy::Public)
        .with_header("x-trusted", "*", InboundPolicy::Trusted)
        .with_host("*.public.example", InboundPolicy::Public)
        .with_proxies(["10.9.0.0/16"])
        .expect("a network");
    let identity = PeerIdentity("spiffe://acme.example/orders".to_owned());
    let other = PeerIdentity("spiffe://other.example/orders".to_owned());
    let trust = |policy: &InboundPolicy| match policy {
        InboundPolicy::Trusted => "trusted",
        InboundPolicy::Partner(_) => "partner",
        _ => "public",
    };
    type Row<'a> = (
        &'a str,
        Option<&'a str>,
        Option<&'a PeerIdentity>,
        Option<&'a str>,
        &'a [(&'a str, &'a str)],
        &'a str,
    );
    let rows: [Row<'_>; 12] = [
        ("inside", Some("10.1.1.1"), None, None, &[], "trusted"),
        ("outside", Some("203.0.113.9"), None, None, &[], "public"),
        ("peer unknown", None, None, None, &[], "public"),
        ("identity", Some("203.0.113.9"), Some(&identity), None, &[], "partner"),
        ("another identity", Some("203.0.113.9"), Some(&other), None, &[], "public"),
        ("a header lowers", Some("10.1.1.1"), None, None, &[("X-Edge", "1")], "public"),
        ("another value does not", Some("10.1.1.1"), None, None, &[("x-edge", "2")], "trusted"),
        (
            "one of two values lowers",
            Some("10.1.1.1"),
            None,
            None,
            &[("x-edge", "2"), ("x-edge", "1")],
            "public",
        ),
        (
            "a header of a stranger does not raise",
            Some("203.0.113.9"),
            None,
            None,
            &[("x-trusted", "1")],
            "public",
        ),
        ("a header of a proxy does", Some("10.9.0.1"), None, None, &[("x-trusted", "1")], "trusted"),
        ("a host lowers", Some("10.1.1.1"), None, Some("shop.public.example"), &[], "public"),
        ("a host does not raise", Some("203.0.113.9"), None, Some("internal"), &[], "public"),
    ];
    for (name, peer, identity, host, headers, expected) in rows {
        let sender = Sender::new(&headers)
            .with_peer(peer.map(|peer| peer.parse::<IpAddr>().expect("an address")))
            .with_identity(identity)
            .with_host(host.map(|host| (host, None)));
        assert_eq!(trust(boundary.policy_of(&sender)), expected, "{name}");
    }
    let raised_by_proxy = InboundBoundary::new(InboundPolicy::Public)
        .with_header("x-trusted", "yes", InboundPolicy::Trusted)
        .with_proxies(["10.9.0.0/16"])
        .expect("a network");
    let twice: &[(&str, &str)] = &[("x-trusted", "yes"), ("x-trusted", "no")];
    let sender = Sender::new(&twice).with_peer(Some("10.9.0.1".parse().expect("an address")));
    assert_eq!(
        trust(raised_by_proxy.policy_of(&sender)),
        "public",
        "a header that is sent twice raises nothing"
    );
}

#[test]
fn rules_of_consumers() {
    let boundary =
        InboundBoundary::new(InboundPolicy::Trusted).with_destination("partner.*", InboundPolicy::Public);
    let none: &[(&str, &str)] = &[];
    for (destination, is_trusted) in [(Some("orders"), true), (Some("partner.orders"), false), (None, false)]
    {
        assert_eq!(
            boundary.policy_of_message(destination, &none).is_trusted(),
            is_trusted,
            "{destination:?}"
        );
    }
}

#[test]
fn rules_of_clients() {
    let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
        .with_rule("api.shop.example", OutboundPolicy::TraceparentOnly)
        .with_partner("*.cards.example", "cards", OutboundPolicy::Pseudonym)
        .with_rule("evil.example", OutboundPolicy::Everything)
        .with_only(["*.shop.example", "*.cards.example:443", "shop.*"]);
    for (receiver, expected) in [
        (Receiver::Host("db.shop.example", Some(80)), OutboundPolicy::Everything),
        (Receiver::Host("api.shop.example", None), OutboundPolicy::TraceparentOnly),
        (Receiver::Host("API.SHOP.EXAMPLE.", None), OutboundPolicy::TraceparentOnly),
        (Receiver::Host("eu.cards.example", Some(443)), OutboundPolicy::Pseudonym),
        (Receiver::Host("eu.cards.example", Some(80)), OutboundPolicy::Nothing),
        (Receiver::Host("evil.example", Some(443)), OutboundPolicy::Nothing),
        (Receiver::Host("evilshop.example", None), OutboundPolicy::Nothing),
        (Receiver::Host("", None), OutboundPolicy::Nothing),
        (Receiver::Destination("shop.orders"), OutboundPolicy::Everything),
        (Receiver::Destination("orders"), OutboundPolicy::Nothing),
        (Receiver::Unknown, OutboundPolicy::Nothing),
    ] {
        assert_eq!(boundary.policy_of(receiver), expected, "{receiver:?}");
    }
    assert_eq!(boundary.partner_of(Receiver::Host("eu.cards.example", Some(443))), Some("cards"));
    let without_list = OutboundBoundary::new(OutboundPolicy::Everything);
    assert_eq!(without_list.policy_of(Receiver::Unknown), OutboundPolicy::Nothing);
}

fn messaging(spans: &TestSpans, settings: Settings) -> Client {
    Client::new("nats", scope(), settings.with_provider(spans.provider()), Peer::new())
}

fn process(client: &Client, origin: &Origin) -> Context {
    let operation = MessagingOperation::new(OperationType::Process, Destination::new("partner.orders"));
    let processing = client.process(&operation, origin, |_| {});
    let context = processing.context().clone();
    processing.end();
    context
}

#[test]
fn a_stranger_on_a_topic_changes_neither_sampling_nor_what_is_sent_on() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1))))
        .expect("a provider");
    let boundary =
        InboundBoundary::new(InboundPolicy::Trusted).with_destination("partner.*", InboundPolicy::Public);
    let client = messaging(&spans, Settings::new().with_inbound_boundary(boundary));
    let mut sampled = 0;
    for message in 0..2000_u128 {
        // Ids that every sampler would choose.
        let trace = (message << 64) | 0xff_ffff_ffff_ffff;
        let mut headers = strangers_headers(trace);
        headers.push(("x-attempt".to_owned(), "7".to_owned()));
        headers.push(("x-first-traceparent".to_owned(), headers[0].1.clone()));
        let origin = client.extract_from("partner.orders", &headers);
        assert!(origin.span_context().is_none());
        assert_eq!(origin.attempt().number(), 1);
        let context = process(&client, &origin);
        sampled += usize::from(context.span().span_context().is_sampled());
        let mut sent = Carrier::new();
        Propagator::default().inject(&context, &mut sent);
        assert_nothing_of_a_stranger(&sent, trace);
    }
    // Ten percent, within six standard deviations.
    assert!((120..280).contains(&sampled), "{sampled} of 2000");
    let span = spans.wait_for(1).remove(0).span;
    assert_eq!(span.links.len(), 1, "a link to what came in");
    assert!(span.links[0].trace_id.to_string().ends_with("00ffffffffffffff"));
    assert_eq!(span.text("tracing_suite.boundary.policy"), Some("public"));
}

#[test]
fn a_batch_of_strangers_is_a_trace_of_its_own_with_a_link_to_each() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(1.0))))
        .expect("a provider");
    let boundary =
        InboundBoundary::new(InboundPolicy::Trusted).with_destination("partner.*", InboundPolicy::Public);
    let client = messaging(&spans, Settings::new().with_inbound_boundary(boundary));
    let operation = MessagingOperation::new(OperationType::Process, Destination::new("partner.orders"));
    let origins: Vec<_> =
        (1..=3).map(|trace| client.extract_from("partner.orders", &strangers_headers(trace))).collect();
    let mut batch = client.batch(&operation, |_| {});
    origins.iter().for_each(|origin| batch.add(origin, 10));
    for (trace, origin) in (1..).zip(&origins) {
        let item = batch.item(origin);
        let mut sent = Carrier::new();
        Propagator::default().inject(item.context(), &mut sent);
        assert_nothing_of_a_stranger(&sent, trace);
        item.processed();
    }
    batch.end();
    let finished: Vec<_> = spans.wait_for(4).into_iter().map(|it| it.span).collect();
    let whole =
        finished.iter().find(|span| span.text("messaging.operation.type").is_some() && span.links.len() == 3);
    let whole = whole.expect("the span of the batch links to each sender");
    for (link, trace) in whole.links.iter().zip(1_u128..) {
        assert_eq!(link.trace_id.to_string(), format!("{trace:032x}"));
        let reason =
            ("tracing_suite.propagation.link_reason".to_owned(), AnyValue::String("untrusted".to_owned()));
        assert!(link.attributes.contains(&reason), "{link:?}");
        assert!(link.trace_state.is_empty(), "a stranger's tracestate is not kept");
    }
    assert!(finished.iter().all(|span| span.trace_id == whole.trace_id), "one trace, of our own");
}

#[test]
#[cfg(feature = "xray")]
fn only_trusted_senders_choose_the_trace_of_a_root() {
    let spans = TestSpans::new();
    let propagator = Propagator::from_names("xray").expect("a known name");
    let headers = [("x-amzn-trace-id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1")];
    for (policy, is_chosen) in [
        (InboundPolicy::Trusted, true),
        (InboundPolicy::Public, false),
        (InboundPolicy::Partner(Partner::new("acme")), false),
    ] {
        let mut extracted = propagator.extract(&headers.as_slice());
        extracted.apply(&policy);
        let span = spans.tracer().span("root").with_parent(&extracted.into_context()).start();
        assert_eq!(span.span_context().trace_id().to_string() == TRACE, is_chosen, "{policy:?}");
    }
    let settings = || Settings::new().with_propagator(propagator.clone());
    for (settings, is_chosen) in [
        (settings(), true),
        (settings().with_relation(tracing_core_lite::messaging::Relation::NewTrace), false),
    ] {
        let client = messaging(&spans, settings);
        let context = process(&client, &client.extract(&headers.as_slice()));
        assert_eq!(trace_of(&context) == TRACE, is_chosen);
    }
}

fn trace_of(context: &Context) -> String {
    context.span().span_context().trace_id().to_string()
}

#[test]
fn a_trusted_topic_continues_the_trace() {
    let spans = TestSpans::new();
    let boundary =
        InboundBoundary::new(InboundPolicy::Public).with_destination("orders", InboundPolicy::Trusted);
    let client = messaging(&spans, Settings::new().with_inbound_boundary(boundary));
    let origin = client.extract_from("orders", &strangers_headers(7));
    assert_eq!(process(&client, &origin).span().span_context().trace_id().to_string(), format!("{:032x}", 7));
    assert!(
        client.extract(&strangers_headers(7)).span_context().is_none(),
        "of an unknown topic, nothing is trusted"
    );
}

#[test]
fn a_partner_continues_the_trace_but_does_not_decide() {
    let spans = TestSpans::with(|builder| builder.with_sampler(ParentBased::new(Ratio::new(0.1))))
        .expect("a provider");
    let partner = Partner::new("acme").with_baggage_keys(["region"]).with_tracestate_keys(["acme"]);
    let boundary = InboundBoundary::new(partner);
    let client = messaging(&spans, Settings::new().with_inbound_boundary(boundary));
    let headers = [
        ("traceparent", PARENT),
        ("tracestate", "acme=1,ot=th:0;rv:ffffffffffffff,spy=2"),
        ("baggage", "region=eu,secret=q7Zk0secretW3x"),
    ];
    let (mut sampled, mut drawn) = (0, std::collections::HashSet::new());
    for _ in 0..2000 {
        let origin = client.extract_from("partner.orders", &headers.as_slice());
        let context = process(&client, &origin);
        let span_context = context.span().span_context().clone();
        assert_eq!(span_context.trace_id().to_string(), TRACE);
        sampled += usize::from(span_context.is_sampled());
        let ot = OtTraceState::of(span_context.trace_state());
        let randomness = ot.randomness().expect("randomness of our own").get();
        assert_eq!(ot.threshold().is_some(), span_context.is_sampled());
        assert!(drawn.insert(randomness), "drawn for each request");
        assert_eq!(span_context.trace_state().get("acme"), Some("1"));
        assert_eq!(span_context.trace_state().get("spy"), None);
        let keys: Vec<_> = context.baggage().iter().map(|(key, _)| key.to_string()).collect();
        assert_eq!(keys, ["region"]);
    }
    assert!((120..280).contains(&sampled), "{sampled} of 2000");
    let span = spans.wait_for(1).remove(0).span;
    assert_eq!(span.text("service.peer.name"), Some("acme"));
    assert_eq!(span.text("tracing_suite.boundary.policy"), Some("partner"));
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
}

/// Returns a context with a span and a secret in baggage and tracestate.
fn secret_context(spans: &TestSpans) -> Context {
    let incoming =
        [("traceparent", PARENT), ("tracestate", "vendor=q7Zk0secretW3x"), ("baggage", "k=q7Zk0secretW3x")];
    let context = Propagator::default().extract(&incoming.as_slice()).into_context();
    spans.tracer().span("work").with_parent(&context).start().in_context(&context)
}

fn everything() -> Propagator {
    Propagator::from_names("tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog")
        .expect("known names")
}

/// Returns headers of an earlier hop in every format.
fn stale() -> Carrier {
    let mut carrier = Carrier::new();
    let context = Context::new().with_baggage([opentelemetry::KeyValue::new("k", SECRET)]);
    let parent = Propagator::default().extract(&vec![("traceparent", PARENT)]).into_context();
    everything().inject_span(parent.span().span_context(), &context, &mut carrier);
    carrier.push(("grpc-trace-bin".to_owned(), SECRET.to_owned()));
    carrier.push(("X-First-Traceparent".to_owned(), PARENT.to_owned()));
    carrier
}

#[test]
fn each_policy_sends_what_it_says_in_every_format() {
    let spans = TestSpans::new();
    let context = secret_context(&spans);
    let own = context.span().span_context().clone();
    for propagator in [Propagator::default(), everything()] {
        for policy in [OutboundPolicy::TraceparentOnly, OutboundPolicy::Pseudonym, OutboundPolicy::Nothing] {
            let mut carrier = stale();
            carrier.push(("tenant".to_owned(), "7".to_owned()));
            let sent = propagator.inject_as(policy, &own, &context, &mut carrier);
            assert!(carrier.iter().all(|(_, value)| !value.contains(SECRET)), "{policy:?}: {carrier:?}");
            assert!(carrier.contains(&("tenant".to_owned(), "7".to_owned())));
            let read = propagator.extract(&carrier);
            assert!(read.baggage.is_none());
            let ids = read.span_context.as_ref().map(|read| (read.trace_id(), read.span_id()));
            match policy {
                OutboundPolicy::TraceparentOnly => assert_eq!(ids, Some((own.trace_id(), own.span_id()))),
                OutboundPolicy::Pseudonym => {
                    assert_eq!(ids, sent.pseudonym());
                    assert!(!format!("{carrier:?}").contains(TRACE));
                }
                _ => assert_eq!(carrier.len(), 1, "{carrier:?}"),
            }
            assert!(read.span_context.is_none_or(|read| read.trace_state().get("vendor").is_none()));
        }
    }
    let mut carrier = stale();
    let _sent =
        Propagator::default().inject_as(OutboundPolicy::TraceparentOnly, &own, &context, &mut carrier);
    assert_eq!(carrier.len(), 1, "traceparent alone: {carrier:?}");
}

#[test]
fn a_secret_does_not_reach_a_topic_outside_the_list() {
    let spans = TestSpans::new();
    let boundary = OutboundBoundary::new(OutboundPolicy::Everything)
        .with_partner("partner.*", "acme", OutboundPolicy::Pseudonym)
        .with_only(["orders.*", "partner.*"]);
    let client = messaging(&spans, Settings::new().with_outbound_boundary(boundary));
    let context = secret_context(&spans);
    for (topic, has_context, has_secret) in
        [("orders.created", true, true), ("partner.orders", true, false), ("elsewhere", false, false)]
    {
        let operation = MessagingOperation::new(OperationType::Send, Destination::new(topic));
        let sending = client.start(&operation, &context, |_| {});
        let mut headers = stale();
        client.inject_to(topic, &sending, &context, &mut headers);
        sending.end();
        assert_eq!(headers.iter().any(|(name, _)| name == "traceparent"), has_context, "{topic}");
        assert_eq!(headers.iter().any(|(_, value)| value.contains(SECRET)), has_secret, "{topic}");
        let sending = client.start(&operation, &context, |_| {});
        let mut unknown = stale();
        client.inject(&sending, &context, &mut unknown);
        assert!(unknown.is_empty(), "without a destination, nothing is sent");
    }
    let finished = spans.wait_for(3);
    let partner = finished.iter().find(|it| it.span.name == "send partner.orders").expect("its span");
    assert_eq!(partner.span.text("service.peer.name"), Some("acme"));
    assert_eq!(partner.span.text("tracing_suite.boundary.sent"), Some("pseudonym"));
    assert_eq!(partner.span.text("tracing_suite.boundary.pseudonym.trace_id").map(str::len), Some(32));
}

#[test]
fn rpc_servers_and_clients() {
    let spans = TestSpans::new();
    let public = InboundBoundary::new(InboundPolicy::Public);
    let server =
        rpc::Server::new("jsonrpc", scope()).with_provider(spans.provider()).with_inbound_boundary(public);
    let served = server.start(&rpc::Call::new("stock.check"), &strangers_headers(7));
    let only = OutboundBoundary::new(OutboundPolicy::Everything).with_only(["stock.internal"]);
    for (host, has_context) in [("stock.internal", true), ("evil.example", false)] {
        let client = rpc::Client::new("jsonrpc", scope())
            .with_provider(spans.provider())
            .with_server(host, None)
            .with_outbound_boundary(only.clone());
        let context = served.context().clone();
        let mut sent: HashMap<String, String> = stale().into_iter().collect();
        let call = client.start(&rpc::Call::new("stock.check").with_parent(&context), &mut sent);
        drop(call);
        assert_eq!(Extract::get(&sent, "traceparent").is_some(), has_context, "{host}");
        assert!(has_context || sent.is_empty(), "{sent:?}");
        let ids = Propagator::default().extract(&sent).span_context.map(|it: SpanContext| it.trace_id());
        assert_ne!(ids.map(|id| id.to_string()), Some(format!("{:032x}", 7)));
    }
}
