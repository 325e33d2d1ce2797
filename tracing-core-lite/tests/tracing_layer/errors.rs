//! Errors in fields and error events are exceptions, and set the status.

use std::error::Error;
use std::fmt;

use tracing::{error, info_span, instrument, warn};
use tracing_core_lite::span::data::{EventData, SpanData, StatusData};

use crate::support::{plain, with};

#[derive(Debug)]
struct Declined {
    #[allow(dead_code, reason = "part of the Debug text")]
    code: u32,
    source: Disconnected,
}

#[derive(Debug)]
struct Disconnected;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bank disconnected")
    }
}

impl Error for Declined {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl Error for Disconnected {}

const DECLINED: Declined = Declined { code: 51, source: Disconnected };

fn exception(span: &SpanData) -> &EventData {
    span.events.iter().find(|event| event.name == "exception").expect("an exception event")
}

fn texts(event: &EventData) -> Vec<(String, String)> {
    event.attributes.iter().map(|(key, value)| (key.clone(), format!("{value:?}"))).collect()
}

fn has(event: &EventData, key: &str, text: &str) -> bool {
    texts(event).iter().any(|(known, value)| known == key && value.contains(text))
}

#[test]
fn an_error_in_a_field_of_a_span_is_an_exception_with_its_chain() {
    let (spans, guard) = plain();
    let error: &(dyn Error + 'static) = &DECLINED;
    info_span!("charge", error).in_scope(|| {});
    drop(guard);
    let span = spans.one("charge");
    let event = exception(&span);
    assert!(has(event, "exception.type", "Declined") && has(event, "exception.message", "card declined"));
    assert!(has(event, "exception.stacktrace", "caused by: bank disconnected"));
    assert_eq!(span.text("error"), Some("card declined"));
    assert!(format!("{:?}", span.attribute("error.chain")).contains("bank disconnected"));
}

#[test]
fn an_error_in_a_field_of_an_event_is_an_exception_with_its_chain() {
    let (spans, guard) = plain();
    info_span!("charge").in_scope(|| error!(error = &DECLINED as &(dyn Error + 'static)));
    info_span!("message").in_scope(|| error!(error = &DECLINED as &(dyn Error + 'static), "no money"));
    info_span!("io").in_scope(|| {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        warn!(error = &error as &(dyn Error + 'static));
    });
    drop(guard);
    for (span, event) in [("charge", "exception"), ("message", "no money")] {
        let span = spans.one(span);
        assert_eq!(span.events[0].name, event);
        assert!(has(&span.events[0], "exception.type", "Declined"));
        assert!(has(&span.events[0], "exception.message", "card declined"));
        assert!(has(&span.events[0], "exception.stacktrace", "bank disconnected"));
        assert_eq!(span.status, StatusData::Error("card declined".into()));
    }
    let io = spans.one("io");
    assert!(has(&io.events[0], "exception.type", "std::io::Error"));
    assert_eq!(io.status, StatusData::Unset, "a warning is no failure");
}

#[instrument(err)]
fn failing() -> Result<(), &'static str> {
    Err("test error")
}

#[test]
fn instrument_err_sets_the_status_and_is_an_exception() {
    for (to_exceptions, to_status) in [(true, true), (true, false), (false, true), (false, false)] {
        let (spans, guard) = with(|layer| {
            layer.with_error_events_to_exceptions(to_exceptions).with_error_events_to_status(to_status)
        });
        let _ = failing();
        drop(guard);
        let span = spans.one("failing");
        let description = if to_status { "test error" } else { "" };
        assert_eq!(span.status, StatusData::Error(description.into()), "{to_exceptions} {to_status}");
        let key = if to_exceptions { "exception.message" } else { "error" };
        assert_eq!(span.events[0].name == "exception", to_exceptions);
        assert!(has(&span.events[0], key, "test error"));
    }
}

#[test]
fn an_event_of_level_error_sets_the_status_unless_it_is_ok() {
    let (spans, guard) = plain();
    info_span!("failed").in_scope(|| error!("it broke"));
    info_span!("recovered", otel.status_code = "ok").in_scope(|| error!("it broke"));
    info_span!("warned").in_scope(|| warn!("it creaks"));
    drop(guard);
    assert_eq!(spans.one("failed").status, StatusData::Error(String::new()));
    assert_eq!(spans.one("recovered").status, StatusData::Ok);
    assert_eq!(spans.one("warned").status, StatusData::Unset);
}

#[test]
fn exceptions_of_fields_can_be_switched_off() {
    let (spans, guard) = with(|layer| layer.with_error_fields_to_exceptions(false));
    info_span!("charge", error = &DECLINED as &(dyn Error + 'static)).in_scope(|| {});
    drop(guard);
    let span = spans.one("charge");
    assert!(span.events.is_empty());
    assert_eq!(span.text("error"), Some("card declined"));
}
