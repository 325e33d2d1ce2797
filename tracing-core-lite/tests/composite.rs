//! Several formats in one propagator: the first valid one wins, disagreement is recorded, nothing is written twice.

use opentelemetry::trace::TraceContextExt;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Propagator, PropagatorError, SamplingState};
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const LOW_HALF: u64 = 0xa3ce_929d_0e0e_4736;
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SAME_B3: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1";
const OTHER_B3: &str = "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0";

type Headers<'a> = [(&'a str, &'a str)];

fn propagator(names: &str) -> Propagator {
    Propagator::from_names(names).expect("known names")
}

fn extract(names: &str, headers: &Headers<'_>) -> Context {
    propagator(names).extract(&headers).into_context()
}

fn trace_of(context: &Context) -> String {
    context.span().span_context().trace_id().to_string()
}

/// Starts a span as the child of the headers' sender.
fn received(names: &str, headers: &Headers<'_>) -> SpanData {
    let spans = TestSpans::new();
    let context = extract(names, headers);
    spans.tracer().span("received").with_parent(&context).start().end();
    spans.wait_for(1).remove(0).span
}

fn written(names: &str, context: &Context) -> Vec<(String, String)> {
    let mut carrier = Vec::new();
    propagator(names).inject(context, &mut carrier);
    carrier
}

fn header<'a>(carrier: &'a [(String, String)], name: &str) -> Option<&'a str> {
    carrier.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_first_valid_format_wins_and_the_other_span_is_linked() {
    let headers = [("traceparent", PARENT), ("b3", OTHER_B3)];
    for (names, trace, other, format) in [
        ("tracecontext,b3", TRACE, "463ac35c9f6413ad48485a3953bb6124", "b3"),
        ("b3,tracecontext", "463ac35c9f6413ad48485a3953bb6124", TRACE, "tracecontext"),
    ] {
        assert_eq!(trace_of(&extract(names, &headers)), trace, "{names}");
        if names.starts_with("b3") {
            // Unsampled, so the span is not recorded.
            continue;
        }
        let span = received(names, &headers);
        assert_eq!(span.links.len(), 1, "{names}");
        assert_eq!(span.links[0].trace_id.to_string(), other, "{names}");
        let attribute = |key: &str| {
            span.links[0]
                .attributes
                .iter()
                .find(|(name, _)| name == key)
                .and_then(|(_, value)| value.as_str())
        };
        assert_eq!(attribute("tracing_suite.propagation.format"), Some(format));
        assert_eq!(attribute("tracing_suite.propagation.link_reason"), Some("other_format"));
    }
}

#[test]
fn an_invalid_format_does_not_win() {
    for invalid in ["", "nonsense", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-x"] {
        let headers = [("b3", invalid), ("traceparent", PARENT)];
        assert_eq!(trace_of(&extract("b3,tracecontext", &headers)), TRACE, "{invalid:?}");
    }
    let twice = [("b3", SAME_B3), ("b3", OTHER_B3), ("traceparent", PARENT)];
    assert_eq!(trace_of(&extract("b3,tracecontext", &twice)), TRACE, "of two headers, none can be trusted");
    assert!(received("b3,tracecontext", &twice).links.is_empty());
}

#[test]
fn formats_that_agree_leave_no_link() {
    let low_half = LOW_HALF.to_string();
    let parent_id = 0x00f0_67aa_0ba9_02b7_u64.to_string();
    let headers = [
        ("traceparent", PARENT),
        ("b3", SAME_B3),
        ("uber-trace-id", "4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:1"),
        ("x-amzn-trace-id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1"),
        ("ot-tracer-traceid", "a3ce929d0e0e4736"),
        ("ot-tracer-spanid", "f067aa0ba902b7"),
        ("ot-tracer-sampled", "true"),
        ("x-datadog-trace-id", &low_half),
        ("x-datadog-parent-id", &parent_id),
        ("x-datadog-sampling-priority", "1"),
    ];
    for names in
        ["tracecontext,b3,b3multi,jaeger,xray,ottrace,datadog", "datadog,ottrace,xray,jaeger,b3,tracecontext"]
    {
        let span = received(names, &headers);
        assert!(span.links.is_empty(), "{names}: {:?}", span.links);
        assert_eq!(span.trace_id.to_string(), TRACE, "{names}: a wider id completes a narrow one");
    }
}

#[test]
fn a_later_format_of_the_same_trace_adds_what_the_first_cannot_carry() {
    let headers = [("b3", SAME_B3), ("traceparent", PARENT), ("tracestate", "vendor@tenant@x=1,b=2")];
    let sent = written("tracecontext", &extract("b3,tracecontext", &headers));
    assert_eq!(header(&sent, "tracestate"), Some("vendor@tenant@x=1,b=2"));

    let debug = format!("{}d", &SAME_B3[..SAME_B3.len() - 1]);
    let context = extract("tracecontext,b3", &[("traceparent", PARENT), ("b3", &debug)]);
    assert_eq!(SamplingState::of(context.span().span_context(), &context), SamplingState::Debug);
    assert_eq!(header(&written("b3", &context), "b3"), Some(debug.as_str()));

    let other =
        extract("b3,tracecontext", &[("b3", OTHER_B3), ("traceparent", PARENT), ("tracestate", "a=1")]);
    assert_eq!(
        header(&written("tracecontext", &other), "tracestate"),
        None,
        "of another trace, nothing is taken"
    );
}

#[test]
fn decisions_without_ids_are_about_the_trace_that_starts() {
    for (value, expected) in [("0", 0), ("1", 1), ("d", 1)] {
        let spans = TestSpans::new();
        let context = extract("b3", &[("b3", value)]);
        assert!(!context.span().span_context().is_valid());
        let span = spans.tracer().span("root").with_parent(&context).start();
        assert_eq!(span.is_recording(), expected == 1, "b3: {value}");
        assert_eq!(header(&written("b3", &context), "b3"), Some(value), "sent on if no span starts");
        let sent = written("b3", &span.in_context(&context));
        let sent = header(&sent, "b3").expect("ids");
        assert!(sent.len() > 50 && sent.ends_with(value), "sent on with the ids: {sent}");
        span.end();
    }
    let context = extract("b3,tracecontext", &[("b3", "0"), ("traceparent", PARENT)]);
    assert!(context.span().span_context().is_sampled(), "a format with ids decides");
    assert!(
        extract("tracecontext,b3", &[("b3", "0"), ("traceparent", PARENT)])
            .span()
            .span_context()
            .is_sampled()
    );
}

#[test]
fn a_deferred_decision_is_made_here_and_sent_on() {
    let headers = [("b3", &SAME_B3[..SAME_B3.len() - 2])];
    let context = extract("b3", &headers);
    assert_eq!(
        header(&written("b3", &context), "b3"),
        Some(headers[0].1),
        "a proxy without spans decides nothing"
    );
    let spans = TestSpans::new();
    let span = spans.tracer().span("decides").with_parent(&context).start();
    assert!(span.is_recording(), "the sampler records all roots");
    let sent = written("b3", &span.in_context(&context));
    assert_eq!(header(&sent, "b3"), Some(format!("{TRACE}-{}-1", span.span_context().span_id()).as_str()));
}

#[test]
fn datadog_keeps_priority_origin_tags_and_the_high_half() {
    let low_half = LOW_HALF.to_string();
    let headers = [
        ("x-datadog-trace-id", low_half.as_str()),
        ("x-datadog-parent-id", "7"),
        ("x-datadog-sampling-priority", "2"),
        ("x-datadog-origin", "rum"),
        ("x-datadog-tags", "_dd.p.tidx=ffffffffffffffff,_dd.p.tid=4bf92f3577b34da6,_dd.p.dm=-4,other=1"),
    ];
    let context = extract("datadog", &headers);
    assert_eq!(trace_of(&context), TRACE);
    let sent = written("datadog", &context);
    assert_eq!(header(&sent, "x-datadog-trace-id"), Some(low_half.as_str()));
    assert_eq!(header(&sent, "x-datadog-sampling-priority"), Some("2"));
    assert_eq!(header(&sent, "x-datadog-origin"), Some("rum"));
    let tags = header(&sent, "x-datadog-tags").expect("tags");
    assert_eq!(tags, "_dd.p.tid=4bf92f3577b34da6,_dd.p.tidx=ffffffffffffffff,_dd.p.dm=-4");

    let both = written("tracecontext,datadog", &context);
    let expected = "dd=s:2;p:0000000000000007;o:rum;t.tidx:ffffffffffffffff;t.dm:-4";
    assert_eq!(header(&both, "tracestate"), Some(expected));
    let only_w3c: Vec<_> = both.iter().filter(|(name, _)| !name.starts_with("x-datadog")).cloned().collect();
    let again = written("datadog", &propagator("tracecontext,datadog").extract(&only_w3c).into_context());
    assert_eq!(header(&again, "x-datadog-sampling-priority"), Some("2"));
    assert_eq!(header(&again, "x-datadog-origin"), Some("rum"));
    assert_eq!(header(&again, "x-datadog-tags"), Some(tags));
}

#[test]
fn datadog_headers_that_are_wrong() {
    let low_half = LOW_HALF.to_string();
    let narrow = "0000000000000000a3ce929d0e0e4736";
    for (tags, priority, expected) in [
        ("_dd.p.tid=4BF92F3577B34DA6", "1", Some(narrow)),
        ("_dd.p.tid=4bf92f35", "1", Some(narrow)),
        ("_dd.p.tid=", "1", Some(narrow)),
        ("_dd.p.tid=0000000000000000", "-1", Some(narrow)),
        ("nonsense", "0", Some(narrow)),
        ("", "3", Some(narrow)),
        ("", "many", None),
        ("", "999", None),
    ] {
        let headers = [
            ("x-datadog-trace-id", low_half.as_str()),
            ("x-datadog-parent-id", "7"),
            ("x-datadog-sampling-priority", priority),
            ("x-datadog-tags", tags),
        ];
        let context = extract("datadog", &headers);
        let found = Some(trace_of(&context)).filter(|_| context.span().span_context().is_valid());
        assert_eq!(found.as_deref(), expected, "{tags} {priority}");
        if expected.is_some() {
            let sent = written("datadog", &context);
            assert_eq!(header(&sent, "x-datadog-sampling-priority"), Some(priority), "{priority}");
        }
    }
    for (trace, span) in
        [("0", "7"), ("7", "0"), ("-7", "7"), ("18446744073709551616", "7"), ("7", ""), ("0x7", "7")]
    {
        let headers = [("x-datadog-trace-id", trace), ("x-datadog-parent-id", span)];
        assert!(!extract("datadog", &headers).span().span_context().is_valid(), "{trace} {span}");
    }
}

#[test]
fn xray_headers() {
    let parent = "Parent=00f067aa0ba902b7";
    let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736";
    for (header, expected) in [
        (format!("{root};{parent};Sampled=1"), Some(SamplingState::Accept)),
        (format!("Sampled=0; {parent} ;{root}"), Some(SamplingState::Deny)),
        (format!("{root};{parent};Sampled=?;Lineage=1:2|3:4"), Some(SamplingState::Deferred)),
        (format!("Self=1-x;{root};{parent};CalledFrom=app"), Some(SamplingState::Deferred)),
        (root.to_owned(), None),
        (format!("{root};{parent};Sampled=2"), None),
        (format!("{root};{root};{parent}"), None),
        (format!("Root=2-4bf92f35-77b34da6a3ce929d0e0e4736;{parent}"), None),
        (format!("Root=1-4bf92f35-77b34da6a3ce929d0e0e473;{parent}"), None),
        (format!("Root=1-4BF92F35-77b34da6a3ce929d0e0e4736;{parent}"), None),
        (format!("Root=1-00000000-000000000000000000000000;{parent}"), None),
        (format!("Root=1-77b34da6a3ce929d;{parent};Sampled=1"), None),
        (format!("{root};Parent=0000000000000000"), None),
    ] {
        let extracted = propagator("xray").extract(&vec![("x-amzn-trace-id", header.as_str())]);
        let state = extracted.span_context.as_ref().and_then(|_| extracted.sampling_state());
        assert_eq!(state, expected, "{header}");
        if let Some(found) = extracted.span_context {
            assert_eq!(found.trace_id().to_string(), TRACE);
        }
    }
}

/// Load balancers of AWS name a trace without a span, and so do browsers and synthetic tests of Datadog.
#[test]
fn a_trace_without_a_span_gets_its_root_here() {
    let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736";
    let low_half = LOW_HALF.to_string();
    let datadog = |priority: &'static str| {
        vec![
            ("x-datadog-trace-id", low_half.as_str()),
            ("x-datadog-parent-id", "0"),
            ("x-datadog-sampling-priority", priority),
            ("x-datadog-origin", "synthetics"),
            ("x-datadog-tags", "_dd.p.tid=4bf92f3577b34da6"),
        ]
    };
    for (names, headers) in [
        ("xray", vec![("x-amzn-trace-id", root)]),
        ("xray,tracecontext", vec![("x-amzn-trace-id", root), ("traceparent", "nonsense")]),
        ("datadog", datadog("1")),
    ] {
        let span = received(names, &headers);
        assert_eq!(span.trace_id.to_string(), TRACE, "{names}");
        assert_eq!(span.parent_span_id, opentelemetry::trace::SpanId::INVALID, "{names}");
        assert!(span.links.is_empty(), "{names}");
    }
    // The sender's decision counts.
    let sampled = format!("{root};Sampled=1");
    let unsampled = format!("{root};Sampled=0");
    for (names, headers, expected) in [
        ("xray", vec![("x-amzn-trace-id", sampled.as_str())], true),
        ("xray", vec![("x-amzn-trace-id", unsampled.as_str())], false),
        ("datadog", datadog("2"), true),
        ("datadog", datadog("-1"), false),
    ] {
        let spans = TestSpans::with(|builder| {
            builder.with_sampler(tracing_core_lite::sampling::ParentBased::new(
                tracing_core_lite::sampling::Ratio::new(if expected { 0.0 } else { 1.0 }),
            ))
        })
        .expect("a provider");
        let context = extract(names, &headers);
        let span = spans.tracer().span("received").with_parent(&context).start();
        assert_eq!(span.span_context().trace_id().to_string(), TRACE, "{headers:?}");
        assert_eq!(span.span_context().is_sampled(), expected, "{headers:?}");
        let sent = written(names, &span.in_context(&context));
        if names == "datadog" {
            assert_eq!(header(&sent, "x-datadog-origin"), Some("synthetics"));
        }
    }
    // A span that another format finds takes precedence, in either order.
    let headers = [("x-amzn-trace-id", "Root=1-00000001-000000000000000000000002"), ("traceparent", PARENT)];
    for names in ["xray,tracecontext", "tracecontext,xray"] {
        assert_eq!(trace_of(&extract(names, &headers)), TRACE, "{names}");
    }
}

/// Headers that are ignored do not decide either.
#[test]
fn invalid_ids_decide_nothing() {
    for (names, name, value) in [
        ("jaeger", "uber-trace-id", "0:0:0:3"),
        ("jaeger", "uber-trace-id", "1:0:0:3"),
        (
            "xray",
            "x-amzn-trace-id",
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=0000000000000000;Sampled=1",
        ),
        ("xray", "x-amzn-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=1"),
        ("ottrace", "ot-tracer-traceid", "0"),
        ("b3", "b3", "00000000000000000000000000000000-0000000000000000-d"),
    ] {
        let extracted = propagator(names).extract(&vec![(name, value), ("ot-tracer-spanid", "0")]);
        assert_eq!(extracted.sampling_state(), None, "{name}: {value}");
    }
}

#[test]
fn ot_trace_headers() {
    for (trace, span, sampled, expected) in [
        ("A3CE929D0E0E4736", "F067AA0BA902B7", "TRUE", Some(SamplingState::Accept)),
        ("a3ce929d0e0e4736", "f067aa0ba902b7", "0", Some(SamplingState::Deny)),
        ("a3ce929d0e0e4736", "f067aa0ba902b7", "", Some(SamplingState::Deferred)),
        ("a3ce929d0e0e4736", "f067aa0ba902b7", "maybe", None),
        ("0", "f067aa0ba902b7", "true", None),
        ("a3ce929d0e0e4736", "100000000f067aa0ba902b7", "true", None),
    ] {
        let headers = vec![
            ("ot-tracer-traceid", trace),
            ("ot-tracer-spanid", span),
            ("ot-tracer-sampled", sampled),
            ("OT-Baggage-Tenant", "acme corp"),
        ];
        let extracted = propagator("ottrace").extract(&headers);
        let state = extracted.span_context.as_ref().and_then(|_| extracted.sampling_state());
        assert_eq!(state, expected, "{trace} {span} {sampled}");
        assert_eq!(extracted.baggage.is_some(), expected.is_some(), "baggage comes with ids");
        if expected.is_some() {
            let sent = written("ottrace", &extracted.into_context());
            assert_eq!(header(&sent, "ot-tracer-traceid"), Some("a3ce929d0e0e4736"));
            assert_eq!(header(&sent, "ot-tracer-spanid"), Some("00f067aa0ba902b7"));
            assert_eq!(header(&sent, "ot-baggage-tenant"), Some("acme corp"));
        }
    }
}

#[test]
fn names_of_the_environment() {
    let from_env = |value: &str| {
        Propagator::from_env(&|name: &str| (name == "OTEL_PROPAGATORS").then(|| value.to_owned()))
    };
    for (value, first, warnings) in [
        ("b3,tracecontext", Some("b3"), 0),
        ("B3Multi, jaeger ,jaeger", Some("b3"), 0),
        ("nonsense,xray", Some("x-amzn-trace-id"), 1),
        ("nonsense", Some("traceparent"), 1),
        ("none", None, 0),
        ("none,datadog", Some("x-datadog-trace-id"), 1),
    ] {
        let (propagator, warned) = from_env(value);
        assert_eq!(propagator.fields().next(), first, "{value}");
        assert_eq!(warned.len(), warnings, "{value}: {warned:?}");
    }
    assert!(matches!(Propagator::from_names("b3,nonsense"), Err(PropagatorError::Unknown { .. })));
    assert_eq!(Propagator::from_names("none,b3").err(), Some(PropagatorError::NoneAmongOthers));
}
