//! Fields of unusual types and values neither fail nor take the place of others.

use std::error::Error;
use std::fmt;
use std::num::{NonZeroU32, Wrapping};

use tracing::field::{self, Empty};
use tracing::{error, info, info_span};
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::TestSpans;

use crate::support::plain;

fn attributes(spans: &TestSpans) -> Vec<(String, AnyValue)> {
    spans.one("work").attributes
}

fn text(text: &str) -> AnyValue {
    AnyValue::String(text.to_owned())
}

#[test]
fn an_option_is_its_value_or_no_attribute() {
    let (spans, guard) = plain();
    let (none, some) = (None::<&str>, Some("gold"));
    let (no_count, count) = (None::<u64>, Some(7_u64));
    let span = info_span!(
        "work",
        none,
        some,
        no_count,
        count,
        flag = Some(true),
        owned = Some(String::from("text")),
        later = Empty
    );
    span.record("later", None::<i64>);
    drop((span, guard));
    let expected = [
        ("some", text("gold")),
        ("count", AnyValue::Int(7)),
        ("flag", AnyValue::Bool(true)),
        ("owned", text("text")),
    ];
    assert_eq!(attributes(&spans), expected.map(|(key, value)| (key.to_owned(), value)));
}

#[test]
fn numbers_that_otlp_has_not_are_texts_and_others_are_numbers() {
    let (spans, guard) = plain();
    drop(info_span!(
        "work",
        wide = i128::MIN,
        wide_unsigned = u128::MAX,
        most = i64::MAX,
        least = i64::MIN,
        above = i64::MAX as u64 + 1,
        wrapping = Wrapping(7_u64),
        non_zero = NonZeroU32::MIN,
        boxed = Box::new(5_i64),
        infinite = f64::INFINITY,
        zero = -0.0_f64,
        single = 0.5_f32 as f64,
        bytes = &[0xde_u8, 0xad][..],
    ));
    drop(guard);
    let span = spans.one("work");
    for (key, expected) in [
        ("wide", text(&i128::MIN.to_string())),
        ("wide_unsigned", text(&u128::MAX.to_string())),
        ("most", AnyValue::Int(i64::MAX)),
        ("least", AnyValue::Int(i64::MIN)),
        ("above", text("9223372036854775808")),
        ("wrapping", AnyValue::Int(7)),
        ("non_zero", AnyValue::Int(1)),
        ("boxed", AnyValue::Int(5)),
        ("infinite", AnyValue::Double(f64::INFINITY)),
        ("single", AnyValue::Double(0.5)),
        ("bytes", text("[de ad]")),
    ] {
        assert_eq!(span.attribute(key), Some(&expected), "{key}");
    }
    assert!(span.double("zero").is_some_and(|zero| zero.is_sign_negative()));
    assert_eq!(span.attributes.len(), 12);
}

#[test]
fn not_a_number_stays() {
    let (spans, guard) = plain();
    drop(info_span!("work", value = f64::NAN));
    drop(guard);
    assert!(spans.one("work").double("value").is_some_and(f64::is_nan));
}

#[test]
fn names_with_dots_quotes_and_keywords() {
    let (spans, guard) = plain();
    let span = info_span!("work", shop.tier = "gold", "guid:x-request-id" = "7", r#match = 1, "" = "no name");
    span.in_scope(|| info!(shop.tier = "silver", "message" = "named"));
    drop((span, guard));
    let span = spans.one("work");
    let expected =
        [("shop.tier", text("gold")), ("guid:x-request-id", text("7")), ("match", AnyValue::Int(1))];
    assert_eq!(span.attributes, expected.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(span.events[0].name, "named");
}

#[test]
fn a_field_twice_in_one_span_counts_once() {
    let (spans, guard) = plain();
    drop(info_span!("work", tier = "gold", tier = "silver"));
    drop(guard);
    assert_eq!(attributes(&spans), [("tier".to_owned(), text("silver"))]);
}

/// Fails after the first half.
struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        Err(fmt::Error)
    }
}

impl fmt::Debug for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Fails {}

#[test]
fn a_value_that_cannot_be_formatted_stays_as_far_as_it_was() {
    let (spans, guard) = plain();
    let span = info_span!("work", display = %Fails, debug = ?Fails, error = &Fails as &dyn Error);
    span.in_scope(|| {
        info!(value = %Fails, error = &Fails as &dyn Error, "{}", "formatted");
        error!(error = %Fails);
    });
    drop((span, guard));
    let span = spans.one("work");
    for key in ["display", "debug", "error"] {
        assert_eq!(span.text(key), Some("half"), "{key}");
    }
    assert_eq!(span.events.len(), 3);
}

/// An error that is its own cause.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("endless")
    }
}

impl Error for Endless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

#[test]
fn an_error_that_is_its_own_cause_ends() {
    let (spans, guard) = plain();
    let span = info_span!("work", error = &Endless as &dyn Error);
    span.in_scope(|| error!(error = &Endless as &dyn Error, "failed"));
    drop((span, guard));
    let span = spans.one("work");
    assert_eq!((span.text("error"), span.events.len()), (Some("endless"), 2));
}

#[test]
fn a_long_text_does_not_reach_later_spans() {
    let (spans, guard) = plain();
    let long = "x".repeat(1 << 16);
    drop(info_span!("long", text = %long, value = long));
    drop(info_span!("work", text = %"short", value = ""));
    drop(guard);
    assert_eq!(spans.one("long").text("text").map(str::len), Some(1 << 16));
    assert_eq!(attributes(&spans), [("text".to_owned(), text("short")), ("value".to_owned(), text(""))]);
}

#[test]
fn a_name_that_changes_with_each_record_is_the_last_one() {
    let (spans, guard) = plain();
    let span = info_span!("first", otel.name = Empty, otel.kind = Empty);
    span.record("otel.name", "second");
    span.record("otel.name", field::display("work"));
    span.record("otel.kind", "no kind");
    drop((span, guard));
    assert_eq!(spans.one("work").attributes, []);
}
