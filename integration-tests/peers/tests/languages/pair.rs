//! Our client calls their server, and their client ours.

use std::collections::{BTreeMap, BTreeSet};

use peer_tests::{Command, Hop, Language, Peer, Relay, Seen, Transport, report, until};
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::opentelemetry::KeyValue;
use tracing_core_lite::opentelemetry::baggage::BaggageExt;
use tracing_core_lite::opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};
use tracing_core_lite::span::data::SpanData;

/// The tracestate of the first caller.
pub(crate) const STATE: &str = "vendor=a/b,other=1";
/// The span of the first caller.
const CALLER: u64 = 0x00f0_67aa_0ba9_02b7;

/// Baggage whose values need every kind of encoding.
pub(crate) fn baggage() -> BTreeMap<String, String> {
    let members = [("user", "J\u{fc}rgen \u{2713}"), ("rate", "100% a+b, c;d=\"e\""), ("plain", "7")];
    members.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Returns this baggage as it arrives from `sender`. Python's SDK encodes a space as a plus sign.
pub(crate) fn baggage_from(sender: Language) -> BTreeMap<String, String> {
    let blank = if sender == Language::Python { "+" } else { " " };
    baggage().into_iter().map(|(key, value)| (key, value.replace(' ', blank))).collect()
}

/// Returns a name that no other test uses.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{:016x}", random())
}

fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() | 1
}

pub(crate) async fn both_ways(language: Language, transport: Transport) {
    let name = unique(&format!("{language:?}-{transport:?}").to_lowercase());
    let relay = Relay::start(&format!("{name}-ours")).await.expect("the service starts");
    let mut peer = Peer::start(language, &format!("{name}-theirs")).await;
    we_call(&relay, &peer, transport).await;
    they_call(&relay, &mut peer, transport);
    unsampled(&relay, &mut peer, transport).await;
    if transport.is_messaging() {
        several(&relay, &mut peer, transport).await;
    }
    if transport == Transport::Kafka {
        tombstones(&relay, &mut peer).await;
    }
    for direction in ["we call", "they call"] {
        report(&serde_json::json!({
            "language": format!("{language:?}"), "transport": format!("{transport:?}"), "direction": direction,
        }));
    }
}

/// Sends along `hops` for a caller whose trace is new, and returns the trace.
pub(crate) async fn send(relay: &Relay, hops: &[Hop], sampled: bool) -> String {
    let trace = TraceId::from(u128::from(random()) << 64 | u128::from(random()));
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let state = STATE.parse().expect("a valid tracestate");
    let caller = SpanContext::new(trace, SpanId::from(CALLER), flags, true, state);
    let span = relay.spans().tracer().span("test").with_remote_parent(&caller).start();
    let members = baggage().into_iter().map(|(key, value)| KeyValue::new(key, value));
    let context = span.in_context(&Context::new().with_baggage(members.collect::<Vec<_>>()));
    relay.send_to(hops).in_context(context).await.expect("it is sent");
    span.end();
    trace.to_string()
}

/// Makes `peer` send along `hops` for a caller whose trace is new, and returns the trace.
pub(crate) fn make_send(peer: &mut Peer, hops: Vec<Hop>, sampled: bool) -> String {
    let trace = format!("{:016x}{:016x}", random(), random());
    let flags = if sampled { "01" } else { "00" };
    let carrier = [
        ("traceparent".to_owned(), format!("00-{trace}-{CALLER:016x}-{flags}")),
        ("tracestate".to_owned(), STATE.to_owned()),
    ];
    peer.obey(&Command { carrier: carrier.into(), baggage: baggage(), hops });
    trace
}

/// Waits until `count` messages of `trace` have arrived.
fn arrived(trace: &str, count: usize, seen: impl Fn() -> Vec<Seen>) -> Vec<Seen> {
    let of_trace = || seen().into_iter().filter(|it| it.trace == trace).collect::<Vec<_>>();
    let mut found = Vec::new();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while found.len() < count {
        assert!(std::time::Instant::now() < deadline, "not all of {trace} has arrived: {:#?}", seen());
        std::thread::sleep(std::time::Duration::from_millis(20));
        found = of_trace();
    }
    found
}

/// Checks that everything that was set has arrived.
fn assert_carried(seen: &Seen, sampled: bool, baggage: &BTreeMap<String, String>) {
    assert_eq!(seen.baggage, *baggage);
    // Java's API does not preserve the order.
    let members = |state: &str| state.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(members(&seen.tracestate), members(STATE));
    assert_eq!(seen.sampled, sampled);
    assert_eq!(seen.traceparent.len(), 1, "{:?}", seen.traceparent);
}

/// Returns whether `span` is below the span that the header names, or links to it.
fn follows(span: &SpanData, seen: &Seen) -> bool {
    let sender = seen.traceparent[0].split('-').nth(2).unwrap_or_default();
    span.parent_span_id.to_string() == sender
        || span.links.iter().any(|link| link.span_id.to_string() == sender)
}

async fn we_call(relay: &Relay, peer: &Peer, transport: Transport) {
    let trace = send(relay, &[peer.hop(transport)], true).await;
    let seen = arrived(&trace, 1, || peer.seen()).remove(0);
    assert_carried(&seen, true, &baggage());
    // The header names our client's span, and theirs follows it.
    let sender = seen.traceparent[0].split('-').nth(2).unwrap_or_default().to_owned();
    let ours = relay.spans().finished();
    assert!(ours.iter().any(|it| it.span.span_id.to_string() == sender), "{sender} is none of {ours:#?}");
    let _theirs = peer.span("span that follows ours", |span| follows(span, &seen));
}

fn they_call(relay: &Relay, peer: &mut Peer, transport: Transport) {
    let trace = make_send(peer, vec![relay.hop(transport)], true);
    let seen = arrived(&trace, 1, || relay.seen()).remove(0);
    assert_carried(&seen, true, &baggage_from(peer.language()));
    assert_eq!(seen.tracestate, STATE);
    let sender = seen.traceparent[0].split('-').nth(2).unwrap_or_default().to_owned();
    let _theirs = peer.span("span of their client", |span| span.span_id.to_string() == sender);
    let is_there = || relay.spans().finished().iter().any(|it| follows(&it.span, &seen));
    until("our span follows theirs", is_there);
}

/// Neither service records anything for a caller that has not sampled its trace.
async fn unsampled(relay: &Relay, peer: &mut Peer, transport: Transport) {
    let to_them = send(relay, &[peer.hop(transport)], false).await;
    assert_carried(&arrived(&to_them, 1, || peer.seen())[0], false, &baggage());
    let to_us = make_send(peer, vec![relay.hop(transport)], false);
    assert_carried(&arrived(&to_us, 1, || relay.seen())[0], false, &baggage_from(peer.language()));
    // A sampled call follows. When its spans have arrived, spans of the earlier calls would have arrived too.
    let after = send(relay, &[peer.hop(transport)], true).await;
    let seen = arrived(&after, 1, || peer.seen()).remove(0);
    let _last = peer.span("span that follows ours", |span| follows(span, &seen));
    for trace in [to_them, to_us] {
        let names = |spans: Vec<SpanData>| spans.into_iter().map(|span| span.name).collect::<Vec<_>>();
        assert_eq!(names(peer.spans_of(&trace)), Vec::<String>::new());
        let ours = relay.spans().finished().into_iter().map(|it| it.span);
        assert_eq!(
            names(ours.filter(|span| span.trace_id.to_string() == trace).collect()),
            Vec::<String>::new()
        );
    }
}

/// Several messages at once, each with a header that occurs twice.
async fn several(relay: &Relay, peer: &mut Peer, transport: Transport) {
    let tenants: &[&str] = if transport == Transport::Kafka { &["7", "8"] } else { &["7"] };
    let trace = send(relay, &[Hop { count: 3, ..peer.hop(transport) }], true).await;
    for seen in arrived(&trace, 3, || peer.seen()) {
        assert_carried(&seen, true, &baggage());
        assert_eq!(seen.tenant, tenants);
        let _theirs = peer.span("span that follows ours", |span| follows(span, &seen));
    }
    let trace = make_send(peer, vec![Hop { count: 3, ..relay.hop(transport) }], true);
    for seen in arrived(&trace, 3, || relay.seen()) {
        assert_carried(&seen, true, &baggage_from(peer.language()));
        assert_eq!(seen.tenant, tenants);
        until("our span follows theirs", || {
            relay.spans().finished().iter().any(|it| follows(&it.span, &seen))
        });
    }
}

/// Messages without a value.
async fn tombstones(relay: &Relay, peer: &mut Peer) {
    let transport = Transport::Kafka;
    let trace = send(relay, &[Hop { tombstone: true, ..peer.hop(transport) }], true).await;
    let seen = arrived(&trace, 1, || peer.seen()).remove(0);
    assert_carried(&seen, true, &baggage());
    assert_eq!(seen.body, "");
    let trace = make_send(peer, vec![Hop { tombstone: true, ..relay.hop(transport) }], true);
    let seen = arrived(&trace, 1, || relay.seen()).remove(0);
    assert_carried(&seen, true, &baggage_from(peer.language()));
    assert_eq!(seen.body, "");
}
