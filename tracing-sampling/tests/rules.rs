//! The first rule that matches decides, by what is known when a span starts.

use std::net::{IpAddr, Ipv4Addr};

use tracing_core_lite::SpanKind;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::opentelemetry::{Context, KeyValue, baggage::BaggageExt};
use tracing_core_lite::sampling::{AttributeValue, Record, RequestView, Sampler, SamplingInput};
use tracing_sampling::head::{Force, Rule, RuleError, Rules};

const SECRET: &str = "9f2c41d7b06e4a58";

/// A request of tests.
#[derive(Default)]
struct Request {
    attributes: Vec<(&'static str, AttributeValue<'static>)>,
    headers: Vec<(&'static str, &'static str)>,
    peer: Option<IpAddr>,
}

impl Request {
    fn with(mut self, key: &'static str, value: impl Into<AttributeValue<'static>>) -> Self {
        self.attributes.push((key, value.into()));
        self
    }

    fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with_peer(mut self, peer: [u8; 4]) -> Self {
        self.peer = Some(IpAddr::V4(Ipv4Addr::from(peer)));
        self
    }
}

impl RequestView for Request {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        self.attributes.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

/// Returns the rule that decided about a request, `None` if it was dropped.
fn rule_for(rules: &Rules, request: &Request, context: &Context) -> Option<String> {
    let input = SamplingInput::new(None, TraceId::from(u128::MAX), "GET /orders", &SpanKind::Server)
        .with_service_name("orders")
        .with_context(context)
        .with_request(request);
    let decision = rules.sample(&input);
    match decision.record {
        Record::RecordAndSample => {
            decision.attributes.first().map(|KeyValue { value, .. }| value.to_string())
        }
        _ => None,
    }
}

fn only(rule: Rule) -> Rules {
    let rules =
        Rules::builder().with_rule(rule.with_name("hit")).with_allowed_header("x-tier").with_default(0.0);
    rules.build().expect("the rules are valid")
}

#[test]
fn each_condition() {
    let request = || Request::default().with("http.route", "/orders/{id}");
    for (rule, request, expected) in [
        (Rule::sample(1.0), Request::default(), true),
        (Rule::sample(1.0).with_route("/orders/{id}"), request(), true),
        (Rule::sample(1.0).with_route("/orders"), request(), false),
        (Rule::sample(1.0).with_route("/orders/{id}"), Request::default(), false),
        (
            Rule::sample(1.0).with_path_prefix("/admin/*"),
            Request::default().with("url.path", "/admin/users"),
            true,
        ),
        (Rule::sample(1.0).with_path_prefix("/admin/*"), Request::default().with("url.path", "/admin"), true),
        (
            Rule::sample(1.0).with_path_prefix("/admin"),
            Request::default().with("url.path", "/administrator"),
            false,
        ),
        (Rule::sample(1.0).with_method("POST"), Request::default().with("http.request.method", "POST"), true),
        (
            Rule::sample(1.0).with_method("shop.Orders/Place"),
            Request::default().with("rpc.method", "shop.Orders/Place"),
            true,
        ),
        (Rule::sample(1.0).with_method("POST"), Request::default().with("http.request.method", "GET"), false),
        (Rule::sample(1.0).with_service("orders"), Request::default(), true),
        (Rule::sample(1.0).with_service("payment"), Request::default(), false),
        (Rule::sample(1.0).with_span_name("GET /orders"), Request::default(), true),
        (Rule::sample(1.0).with_span_name("GET"), Request::default(), false),
        (Rule::sample(1.0).with_kind(SpanKind::Server), Request::default(), true),
        (Rule::sample(1.0).with_kind(SpanKind::Consumer), Request::default(), false),
        (Rule::sample(1.0).with_attribute("shop.items", 3), Request::default().with("shop.items", 3), true),
        (
            Rule::sample(1.0).with_attribute("shop.items", 3),
            Request::default().with("shop.items", "3"),
            false,
        ),
        (Rule::sample(1.0).with_attribute("shop.items", 3), Request::default(), false),
        (
            Rule::sample(1.0).with_header("X-Tier", "gold"),
            Request::default().with_header("x-tier", "gold"),
            true,
        ),
        (
            Rule::sample(1.0).with_header("x-tier", "gold"),
            Request::default().with_header("x-tier", "silver"),
            false,
        ),
        (
            Rule::sample(1.0).with_route("/orders/{id}").with_method("POST"),
            request().with("http.request.method", "POST"),
            true,
        ),
        (Rule::sample(1.0).with_route("/orders/{id}").with_method("POST"), request(), false),
        (Rule::sample(0.0).with_route("/orders/{id}"), request(), false),
    ] {
        let rules = only(rule);
        let found = rule_for(&rules, &request, &Context::new());
        assert_eq!(found.as_deref(), expected.then_some("hit"), "{}", rules.description());
    }
}

#[test]
fn the_first_match_wins() {
    let rules = Rules::builder()
        .with_rule(Rule::sample(0.0).with_route("/health"))
        .with_rule(Rule::sample(1.0).with_route("/health"))
        .with_rule(Rule::sample(1.0).with_route("/orders").with_name("orders"))
        .with_default(1.0)
        .build()
        .expect("the rules are valid");
    for (route, expected) in [("/health", None), ("/orders", Some("orders")), ("/", Some("default"))] {
        let request = Request::default().with("http.route", route);
        assert_eq!(rule_for(&rules, &request, &Context::new()).as_deref(), expected, "{route}");
    }
}

#[test]
fn only_who_may_forces() {
    let by_secret = || Force::header("X-Force").with_secret(SECRET).expect("long enough");
    let by_peer =
        || Force::header("x-force").with_peers(["10.1.0.0/16".parse().expect("a network")]).expect("one");
    let in_baggage = || Force::baggage("force").with_secret(SECRET).expect("long enough");
    let none = Context::new();
    let with_baggage = Context::new().with_baggage([KeyValue::new("force", SECRET)]);
    let wrong_baggage = Context::new().with_baggage([KeyValue::new("force", "1")]);
    let header = |value| Request::default().with_header("x-force", value);
    for (name, force, request, context, expected) in [
        ("the secret", by_secret(), header(SECRET), &none, true),
        ("no header", by_secret(), Request::default(), &none, false),
        ("another value", by_secret(), header("1"), &none, false),
        ("a part of the secret", by_secret(), header(&SECRET[..15]), &none, false),
        ("a wrong value of a trusted peer", by_secret(), header("1").with_peer([10, 1, 2, 3]), &none, false),
        ("a trusted peer", by_peer(), header("1").with_peer([10, 1, 2, 3]), &none, true),
        ("a trusted peer that says no", by_peer(), header("0").with_peer([10, 1, 2, 3]), &none, false),
        (
            "a trusted peer that says false",
            by_peer(),
            header(" False ").with_peer([10, 1, 2, 3]),
            &none,
            false,
        ),
        ("another peer", by_peer(), header("1").with_peer([10, 2, 2, 3]), &none, false),
        ("an unknown peer", by_peer(), header("1"), &none, false),
        ("the secret in the baggage", in_baggage(), Request::default(), &with_baggage, true),
        ("another value in the baggage", in_baggage(), Request::default(), &wrong_baggage, false),
        ("suspended", by_secret().with_suspension(|| true), header(SECRET), &none, false),
        ("not suspended", by_secret().with_suspension(|| false), header(SECRET), &none, true),
    ] {
        let found = rule_for(&only(Rule::force(force)), &request, context);
        assert_eq!(found.is_some(), expected, "{name}");
    }
}

#[test]
fn invalid_rules_are_errors() {
    let not_allowed = Rules::builder().with_rule(Rule::sample(1.0).with_header("x-tier", "gold")).build();
    assert!(matches!(&not_allowed, Err(RuleError::HeaderNotAllowed { header, .. }) if header == "x-tier"));
    let credential = Rules::builder().with_allowed_header("Authorization").build();
    assert!(matches!(&credential, Err(RuleError::CredentialHeader { .. })), "{credential:?}");
    let short = Force::header("x-force").with_secret("secret");
    assert!(matches!(&short, Err(RuleError::ShortSecret { len: 6, .. })), "{short:?}");
    let nobody = Force::header("x-force").with_peers([]);
    assert!(matches!(&nobody, Err(RuleError::NoPeers { .. })), "{nobody:?}");
}

#[test]
fn a_secret_is_not_shown() {
    let rules = only(Rule::force(Force::header("x-force").with_secret(SECRET).expect("long enough")));
    assert!(!format!("{rules:?} {}", rules.description()).contains(SECRET));
}
