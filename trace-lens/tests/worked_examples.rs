//! The worked examples of the requirements document come out with its numbers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use trace_lens::analysis::{Adjustment, NodeKind, Times, causes, correct};
use trace_lens::model::{Kind, Tree};
use trace_lens::plan::{Plan, PlanInput};
use trace_lens::show::units::percent;
use trace_lens::{Lens, SpanRecord};

const MS: u64 = 1_000_000;

fn span(trace: u128, id: u64, parent: u64, service: &str, (start, end): (u64, u64)) -> SpanRecord {
    SpanRecord::new(trace, id)
        .with_parent(parent)
        .with_service(service)
        .with_name(format!("{service} work"))
        .with_kind(Kind::Server)
        .with_times(start * MS, end * MS)
}

#[test]
fn critical_path() {
    let lens = Lens::from_records([
        span(1, 1, 0, "Gateway", (0, 2500)),
        span(1, 2, 1, "Auth", (100, 150)),
        span(1, 3, 1, "Orders", (200, 2400)),
        span(1, 4, 3, "Payment", (300, 2300)),
        span(1, 5, 3, "Inventory", (500, 650)),
    ]);
    let path = lens.critical_path(lens.traces().next().unwrap());
    assert_eq!(path.chain, ["Gateway", "Orders", "Payment"]);
    assert_eq!((path.nanos("Payment"), path.duration), (2000 * MS, 2500 * MS));
    assert_eq!(percent(path.share("Payment")), "80 %");
    // The exact path goes through Auth, which the document leaves out.
    let services: Vec<_> = path.sections.iter().map(|it| it.service.as_str()).collect();
    assert_eq!(services, ["Gateway", "Auth", "Gateway", "Orders", "Payment", "Orders", "Gateway"]);
    assert!((path.share("Inventory")).abs() < f64::EPSILON);
}

/// A hundred times twenty requests, so that each share of the document is a whole number.
#[test]
fn service_graph() {
    const REQUESTS: u128 = 2_000;
    let mut records = Vec::new();
    let (mut orders, mut notifications) = (0, 0);
    for request in 1..=REQUESTS {
        let mut next = 1;
        let mut add = |parent: u64, service: &str, kind: Kind| {
            next += 1;
            let record = span(request, next, parent, service, (next, 100 - next)).with_kind(kind);
            records.push(record);
            next
        };
        let api = add(0, "API Gateway", Kind::Server);
        if request % 100 < 98 {
            add(api, "Auth", Kind::Server);
        }
        if request % 20 == 0 {
            continue;
        }
        orders += 1;
        let order = add(api, "Orders", Kind::Server);
        if orders % 10 != 0 {
            let payment = add(order, "Payment", Kind::Server);
            add(payment, "Stripe", Kind::Server);
        }
        if orders % 20 >= 3 {
            add(order, "Inventory", Kind::Server);
        }
        if orders % 10 < 3 {
            let producer = add(order, "Orders", Kind::Producer);
            let notification = add(producer, "Notification", Kind::Consumer);
            notifications += 1;
            add(notification, if notifications % 2 == 0 { "Email" } else { "SMS" }, Kind::Server);
        }
    }
    let map = Lens::from_records(records).dependencies();
    for (caller, callee, share) in [
        ("API Gateway", "Auth", "98 %"),
        ("API Gateway", "Orders", "95 %"),
        ("Orders", "Payment", "90 %"),
        ("Orders", "Inventory", "85 %"),
        ("Orders", "Notification", "30 %"),
        ("Payment", "Stripe", "100 %"),
        ("Notification", "Email", "50 %"),
        ("Notification", "SMS", "50 %"),
    ] {
        assert_eq!(percent(map.share(caller, callee)), share, "{caller} -> {callee}");
    }
    // Notification is fire-and-forget, and everything starts at the user.
    let is_async = |callee: &str| map.edge("Orders", callee).unwrap().is_async();
    assert!(is_async("Notification") && !is_async("Payment"));
    assert_eq!(map.nodes["user"].kind, NodeKind::User);
    assert_eq!(map.nodes["user"].invocations, 2_000);
}

fn order(trace: u128, is_declined: bool) -> Vec<SpanRecord> {
    let fail = |record: SpanRecord| if is_declined { record.with_error("") } else { record };
    let stripe = SpanRecord::new(trace, 6)
        .with_parent(5)
        .with_service("Payment")
        .with_name("POST /v1/charges")
        .with_kind(Kind::Client)
        .with_attribute("peer.service", "Stripe")
        .with_times(30 * MS, 60 * MS);
    let stripe = if is_declined {
        stripe.with_error("declined").with_attribute("error.type", "card_declined")
    } else {
        stripe
    };
    let mut spans = vec![
        fail(span(trace, 1, 0, "API", (0, 100))),
        span(trace, 2, 1, "Auth", (1, 5)),
        fail(span(trace, 3, 1, "Orders", (10, 95))),
        span(trace, 4, 3, "Orders", (11, 15)).with_kind(Kind::Internal).with_name("validate"),
        fail(span(trace, 5, 3, "Payment", (20, 65))),
        stripe,
    ];
    if !is_declined {
        spans.push(span(trace, 7, 3, "Inventory", (70, 90)));
    }
    spans
}

#[test]
fn error_attribution() {
    let good = (1..=20).flat_map(|trace| order(trace, false));
    let lens = Lens::from_records(good.chain(order(99, true)));
    let found = causes(lens.trace(99).unwrap());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].service.as_str(), found[0].error_type.as_str()), ("Stripe", "card_declined"));
    assert_eq!(found[0].chain, ["Stripe", "Payment", "Orders", "API"]);
    assert!(found[0].reached_root);
    let errors = lens.errors();
    let (cause, group) = errors.ranked()[0];
    assert_eq!((cause, group.traces, errors.failed), ("Stripe\tPOST /v1/charges\tcard_declined", 1, 1));
    let missing: Vec<_> = errors.not_called(group).into_iter().map(|it| (it.caller, it.callee)).collect();
    assert_eq!(missing, [("Orders".to_owned(), "Inventory".to_owned())]);
}

#[test]
fn latency_buckets() {
    let durations = [(8_500u128, 50u64), (1_200, 300), (250, 700), (50, 1_500)];
    let mut records = Vec::new();
    for (count, duration) in durations {
        for _ in 0..count {
            let trace = records.len() as u128 + 1;
            records.push(span(trace, 1, 0, "shop", (0, duration)));
        }
    }
    let latency = Lens::from_records(records).latency();
    let buckets = latency.buckets(&latency.all);
    let counts: Vec<_> = buckets.iter().map(|(_, _, bucket)| bucket.unwrap().traces).collect();
    assert_eq!(counts, [8_500, 1_200, 250, 50]);
    // The traces to look at are named.
    assert_eq!(buckets[3].2.unwrap().slowest.len(), 5);
}

#[test]
fn skewed_child() {
    let lens = Lens::from_records([
        span(1, 1, 0, "fast", (0, 1000)).with_resource("host.name", "server 1"),
        span(1, 2, 1, "slow", (1100, 1600)).with_resource("host.name", "server 2"),
    ]);
    let trace = lens.traces().next().unwrap();
    let result = correct(&Tree::new(trace), u64::MAX);
    // A child of 500 fits into the middle of a parent of 1000.
    assert_eq!(result.times, [(0, 1000 * MS), (250 * MS, 750 * MS)]);
    assert_eq!(result.adjustments, [(1, Adjustment::Moved { nanos: -850 * 1_000_000 })]);
    // The recorded times are kept.
    assert_eq!(trace.span(1).start(), 1100 * MS);
    let corrected = Times::Corrected.tree(trace);
    assert_eq!(corrected.times(1), (250 * MS, 750 * MS));
    assert_eq!(lens.skew().hosts["server 1"]["server 2"].mean(), -850_000_000);
}

#[test]
fn volume_of_a_growing_system() {
    let plan = Plan::new(PlanInput::new(100_000.0, 0.01, 10_000.0));
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    near(plan.traces_per_second, 1_000.0);
    near(plan.traces_per_day, 86.4e6);
    near(plan.stored_per_day, 864e9);
    near(plan.stored, 25.92e12);
}

#[test]
fn calls_that_overlap_have_an_alternative_chain() {
    let span = |id: u64, parent: u64, service: &str, start: u64, end: u64| {
        SpanRecord::new(1, id).with_parent(parent).with_service(service).with_times(start, end)
    };
    let lens = Lens::from_records([
        span(1, 0, "gateway", 0, 100),
        span(2, 1, "orders", 5, 95),
        span(3, 2, "payment", 10, 90),
        span(4, 2, "inventory", 12, 89),
        span(5, 4, "warehouse", 12, 88),
    ]);
    let path = lens.critical_path(lens.traces().next().unwrap());
    assert_eq!(path.chain, ["gateway", "orders", "payment"]);
    assert_eq!(path.alternative_chain, ["gateway", "orders", "inventory", "warehouse"]);
    // A call that follows another is no alternative to it.
    let lens =
        Lens::from_records([span(1, 0, "gateway", 0, 100), span(2, 1, "a", 0, 70), span(3, 1, "b", 70, 95)]);
    assert!(lens.critical_path(lens.traces().next().unwrap()).alternative_chain.is_empty());
}
