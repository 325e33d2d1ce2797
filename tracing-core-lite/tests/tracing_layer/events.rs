//! Events are span events with level and target.

use tracing::{debug, info, info_span, warn};
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::subscriber::SpanExt;

use crate::support::{plain, with};

#[test]
fn an_event_has_its_level_target_message_and_fields() {
    let (spans, guard) = plain();
    let r#type = "card";
    info_span!("work").in_scope(|| {
        info!(target: "shop::orders", items = 3, total = %"19.07", ok = true, ratio = 0.5, r#type, "order {}", 7);
        warn!(answer = ?Some(42_u64));
    });
    drop(guard);
    let span = spans.one("work");
    let text = |text: &str| AnyValue::String(text.into());
    assert_eq!(span.events[0].name, "order 7");
    let expected = [
        ("level", text("INFO")),
        ("target", text("shop::orders")),
        ("items", AnyValue::Int(3)),
        ("total", text("19.07")),
        ("ok", AnyValue::Bool(true)),
        ("ratio", AnyValue::Double(0.5)),
        ("type", text("card")),
    ];
    assert_eq!(span.events[0].attributes, expected.map(|(key, value)| (key.to_owned(), value)));
    assert!(span.events[1].name.starts_with("event "), "{}", span.events[1].name);
    assert_eq!(span.events[1].attributes[0].1, text("WARN"));
    assert_eq!(span.events[1].attributes[2], ("answer".to_owned(), text("Some(42)")));
}

#[test]
fn an_event_has_its_place_in_the_code() {
    let (spans, guard) = with(|layer| layer.with_location(true));
    info_span!("work").in_scope(|| info!("here"));
    let line = i64::from(line!()) - 1;
    drop(guard);
    let event = &spans.one("work").events[0];
    assert!(event.attributes.contains(&("code.line.number".to_owned(), AnyValue::Int(line))));
    assert!(event.attributes.iter().any(|(key, _)| key == "code.file.path"));
}

#[test]
fn events_outside_of_spans_are_no_spans() {
    let (spans, guard) = plain();
    info!("alone");
    let span = info_span!("work");
    info!("before it is entered");
    info!(parent: &span, "given to it");
    info!(parent: None, "given to none");
    span.in_scope(|| {});
    info!("after it was left");
    drop((span, guard));
    let names: Vec<String> = spans.one("work").events.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["given to it"]);
}

#[test]
fn explicit_parents_of_events_are_respected() {
    let (spans, guard) = plain();
    let root = info_span!("root");
    let child = info_span!(parent: &root, "child");
    root.in_scope(|| {
        debug!("1");
        debug!(parent: &child, "2");
        debug!(parent: None, "3");
        child.in_scope(|| {
            debug!("4");
            debug!(parent: &root, "5");
        });
        debug!("6");
    });
    debug!(parent: &root, "7");
    drop((child, root, guard));
    let names = |span: &str| spans.one(span).events.into_iter().map(|event| event.name).collect::<Vec<_>>();
    assert_eq!(names("root"), ["1", "5", "6", "7"]);
    assert_eq!(names("child"), ["2", "4"]);
}

#[test]
fn the_extension_trait_adds_events_links_attributes_and_status() {
    use std::time::{Duration, SystemTime};
    use tracing_core_lite::{SpanContext, Status};
    let (spans, guard) = plain();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    let linked = crate::support::remote(true);
    let span = info_span!("work");
    let write = |step: i64| {
        span.set_attribute("step", step);
        span.add_event("named", &[("step", step.into())]);
        span.add_event_at("timed", time, &[]);
        span.add_link(linked.clone());
        span.add_link_with_attributes(linked.clone(), &[("why", "retry".into())]);
        span.add_link(SpanContext::NONE);
    };
    write(1);
    span.in_scope(|| write(2));
    span.set_status(Status::error("late"));
    drop((span, guard));
    let span = spans.one("work");
    assert_eq!((span.int("step"), span.links.len(), span.events.len()), (Some(2), 4, 4));
    assert_eq!(span.events[1].time_unix_nano, 1_900_000_000_000_000_000);
    assert_eq!(span.links[1].attributes.len(), 1);
    assert_eq!(span.status, tracing_core_lite::span::data::StatusData::Error("late".into()));
}

/// `tracing-log` passes target and place of a `log` record in fields.
#[test]
fn records_of_the_log_crate_have_their_own_target_and_place() {
    let (spans, guard) = with(|layer| layer.with_location(true));
    info_span!("work").in_scope(|| {
        tracing::event!(
            target: "log",
            tracing::Level::INFO,
            { log.target = "hyper::client", log.module_path = "hyper::client", log.file = "client.rs", log.line = 7_u64 },
            "connected"
        );
    });
    drop(guard);
    let event = &spans.one("work").events[0];
    let text = |text: &str| AnyValue::String(text.into());
    let expected = [
        ("level", text("INFO")),
        ("target", text("hyper::client")),
        ("code.file.path", text("client.rs")),
        ("code.line.number", AnyValue::Int(7)),
    ];
    assert_eq!(event.attributes, expected.map(|(key, value)| (key.to_owned(), value)));
}
