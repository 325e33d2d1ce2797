//! Every log event is one line with its time, service and trace, whatever is logged.
#![cfg(feature = "log")]

use std::io;
use std::sync::{Arc, Mutex};

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use serde_json::{Value, json};
use tracing::{Subscriber, info, info_span, warn};
use tracing_core_lite::provider::ResourceBuilder;
use tracing_core_lite::{Context, Resource, log};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{JsonFields, debug_fn};
use tracing_subscriber::util::SubscriberInitExt;

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";
const HOSTILE: &str =
    "a\r\n2026-11-22T10:00:00Z ERROR forged \u{1b}[31m\"quoted\" \\ \0 \u{7f}\u{9b}2J \u{2028} {\"x\":1}";

/// The captured output.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the only line that `work` logs under `subscriber`.
fn line<S: Subscriber + Send + Sync>(subscriber: impl FnOnce(Lines) -> S, work: impl FnOnce()) -> String {
    let lines = Lines::default();
    let guard = subscriber(lines.clone()).set_default();
    work();
    drop(guard);
    let logged = lines.0.lock().expect("no writer panics").clone();
    let logged = String::from_utf8(logged).expect("lines are UTF-8");
    let line = logged.strip_suffix('\n').expect("a line ends with a line feed");
    assert!(!line.contains(|c: char| c.is_control()), "one line without control characters: {line:?}");
    line.to_owned()
}

fn text_line(work: impl FnOnce()) -> String {
    line(
        |lines| tracing_subscriber::fmt().event_format(log::text("orders")).with_writer(lines).finish(),
        work,
    )
}

fn json_line(work: impl FnOnce()) -> Value {
    let text = line(
        |lines| {
            let format = tracing_subscriber::fmt().fmt_fields(JsonFields::new());
            format.event_format(log::json("orders")).with_writer(lines).finish()
        },
        work,
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn in_span(work: impl FnOnce()) {
    let (trace_id, span_id) =
        (TraceId::from_hex(TRACE_ID).expect("hex"), SpanId::from_hex(SPAN_ID).expect("hex"));
    let span_context = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::NONE);
    let _guard = Context::new().with_remote_span_context(span_context).attach();
    work();
}

fn assert_rfc3339(time: &str) {
    let pattern = "0000-00-00T00:00:00.000000Z";
    let digits: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(digits, pattern);
}

#[test]
fn text_has_everything_in_one_line() {
    let line =
        text_line(|| in_span(|| info!(target: "shop::orders", order_id = 7, to = "a b", "order placed")));
    let (time, rest) = line.split_at(27);
    assert_rfc3339(time);
    let ids = format!("trace_id={TRACE_ID} span_id={SPAN_ID}");
    assert_eq!(rest, format!("  INFO orders shop::orders: order placed order_id=7 to=\"a b\" {ids}"));
}

#[test]
fn lines_name_the_service_as_its_resource_does() {
    let full = Resource::builder()
        .with_service_name("orders")
        .with_attribute("service.version", "1.4.0 beta")
        .with_attribute("deployment.environment.name", "test")
        .build();
    let bare = ResourceBuilder::empty().with_service_name("stock").build();
    for (resource, text, json) in [
        (
            &full,
            " orders log_lines: placed n=1 service.version=\"1.4.0 beta\" deployment.environment.name=test",
            json!(["orders", "1.4.0 beta", "test"]),
        ),
        (&bare, " stock log_lines: placed n=1", json!(["stock", null, null])),
    ] {
        let logged = line(
            |lines| {
                let format = log::text("").with_resource(resource);
                tracing_subscriber::fmt().event_format(format).with_writer(lines).finish()
            },
            || info!(n = 1, "placed"),
        );
        assert!(logged.ends_with(text), "{logged}");
        let logged = line(
            |lines| {
                let format = log::json("").with_resource(resource);
                tracing_subscriber::fmt().event_format(format).with_writer(lines).finish()
            },
            || info!(n = 1, "placed"),
        );
        let logged: Value = serde_json::from_str(&logged).expect("a line is JSON");
        let named =
            ["service", "service.version", "deployment.environment.name"].map(|key| logged[key].clone());
        assert_eq!(json!(named), json);
    }
}

#[test]
fn json_has_everything_in_one_line() {
    let mut line =
        json_line(|| in_span(|| warn!(target: "shop", order_id = 7, ok = true, rate = 0.5, "{} lost", 1)));
    assert_rfc3339(line["timestamp"].take().as_str().unwrap());
    let expected = json!({
        "timestamp": null, "level": "WARN", "service": "orders", "target": "shop", "message": "1 lost",
        "fields": {"order_id": 7, "ok": true, "rate": 0.5}, "trace_id": TRACE_ID, "span_id": SPAN_ID,
    });
    assert_eq!(line, expected);
}

#[test]
fn without_a_span_there_are_no_ids() {
    assert!(!text_line(|| info!("alone")).contains("trace_id"));
    let line = json_line(|| info!("alone"));
    assert!(line.get("trace_id").is_none() && line.get("span_id").is_none());
    assert!(line.get("fields").is_none() && line.get("spans").is_none());
}

#[test]
fn entered_spans_are_logged_with_their_fields() {
    let work = || {
        let _request = info_span!("request", method = "GET", status = tracing::field::Empty).entered();
        let _charge = info_span!("charge").entered();
        info!(target: "shop", "done");
    };
    assert!(
        text_line(work).contains("INFO orders request{method=\"GET\"}:charge: shop: done"),
        "{}",
        text_line(work)
    );
    let spans = json!([{"name": "request", "fields": {"method": "GET"}}, {"name": "charge"}]);
    let mut line = json_line(work);
    let mut found = line["spans"].take();
    // JsonFields formats a span without fields as an empty object. Both forms are valid.
    if let Some(charge) = found[1].as_object_mut() {
        charge.remove("fields");
    }
    assert_eq!(found, spans);
}

/// The default format of span fields if the `ansi` feature of `tracing-subscriber` is enabled.
fn coloured_fields() -> impl for<'a> FormatFields<'a> {
    debug_fn(|out, field, value| write!(out, "\u{1b}[3m{field}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{value:?}"))
}

#[test]
fn span_fields_that_are_text_stay_text_in_json() {
    let text = line(
        |lines| {
            let format = tracing_subscriber::fmt().fmt_fields(coloured_fields());
            format.event_format(log::json("orders")).with_writer(lines).finish()
        },
        || {
            let _request = info_span!("request", path = HOSTILE).entered();
            info!("done");
        },
    );
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["spans"][0]["fields"], format!("path={HOSTILE:?}"));
}

#[test]
fn hostile_values_do_not_break_json() {
    let line = json_line(|| {
        let _span = info_span!("request", shown = %HOSTILE, text = HOSTILE).entered();
        info!(text = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, level = "fake", trace_id = "fake", "{HOSTILE}");
    });
    assert_eq!(line["message"], HOSTILE);
    assert_eq!(line["fields"]["text"], HOSTILE);
    assert_eq!(line["fields"]["shown"], HOSTILE);
    assert_eq!(line["fields"]["trace_id"], "fake");
    assert_eq!(line["level"], "INFO");
    assert!(line.get("trace_id").is_none(), "a field cannot pass for the trace id");
    assert_eq!(line["spans"][0]["fields"]["shown"], HOSTILE);
}

#[test]
fn hostile_values_do_not_break_text() {
    let work = || {
        let _span = info_span!("request", shown = %HOSTILE, text = HOSTILE).entered();
        info!(text = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "{HOSTILE}");
    };
    let coloured = |lines| {
        let format = tracing_subscriber::fmt().fmt_fields(coloured_fields());
        format.event_format(log::text("orders\n")).with_writer(lines).finish()
    };
    for line in [text_line(work), line(coloured, work)] {
        assert!(line.contains("text=\"a\\r\\n2026"), "{line}");
        assert!(!line.contains('\u{2028}') && !line.contains("\\u{1b}[3m"), "{line}");
    }
}

#[test]
fn numbers_that_json_does_not_have() {
    let line = json_line(|| info!(nan = f64::NAN, inf = f64::INFINITY, big = u128::MAX, max = u64::MAX));
    assert_eq!(
        line["fields"],
        json!({"nan": "NaN", "inf": "inf", "big": u128::MAX.to_string(), "max": u64::MAX})
    );
    assert!(line.get("message").is_none());
}

#[test]
fn errors_are_logged_as_text() {
    let error = io::Error::other("card declined");
    let shown: &(dyn std::error::Error + 'static) = &error;
    assert_eq!(json_line(|| info!(error = shown, "failed"))["fields"]["error"], "card declined");
    assert!(text_line(|| info!(error = shown, "failed")).ends_with("failed error=\"card declined\""));
}
