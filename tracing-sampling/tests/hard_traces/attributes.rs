//! Attributes that policies compare: present, missing, of the wrong type, twice, on a span, its resource or its scope.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};

use super::Random;

pub(crate) const NUMBER: &str = "http.response.status_code";
pub(crate) const TIER: &str = "user.tier";
pub(crate) const ROUTE: &str = "url.path";
pub(crate) const CACHED: &str = "cache.hit";

/// Where an attribute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Missing,
    Span,
    Resource,
    Scope,
}

/// An attribute of a trace and where it is.
pub(crate) struct Placed {
    pub(crate) place: Place,
    pub(crate) attribute: KeyValue,
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Returns the attributes of one trace.
pub(crate) fn of_trace(random: &mut Random) -> Vec<Placed> {
    [NUMBER, TIER, ROUTE, CACHED].iter().flat_map(|key| placed(key, random)).collect()
}

fn placed(key: &str, random: &mut Random) -> Vec<Placed> {
    // Mostly one, sometimes two with different values in different places.
    let count = if random.percent(15) { 2 } else { 1 };
    (0..count)
        .map(|_| {
            let place = match random.below(100) {
                0..=59 => Place::Span,
                60..=74 => Place::Resource,
                75..=84 => Place::Scope,
                _ => Place::Missing,
            };
            let attribute = match random.percent(12) {
                true => {
                    KeyValue { key: key.into(), value: Some(foreign(key, random)), ..KeyValue::default() }
                }
                false => attribute(key, value(key, random)),
            };
            Placed { place, attribute }
        })
        .collect()
}

fn value(key: &str, random: &mut Random) -> Value {
    match key {
        // 400 and 499 are the thresholds.
        NUMBER => Value::IntValue(match random.below(10) {
            0 => random.pick(&[399, 400, 401, 498, 499, 500]),
            1 => random.pick(&[0, -1, i64::MIN, i64::MAX]),
            _ => 100 + random.below(500) as i64,
        }),
        TIER => Value::StringValue(
            random
                .pick(&["gold", "gold", "silver", "bronze", "", "Gold", "gold ", "goldfish", "\u{437}oloto"])
                .into(),
        ),
        ROUTE => Value::StringValue(
            random
                .pick(&[
                    "/api/orders/123",
                    "/api/orders/{id}",
                    "/api/orders/\u{663}",
                    "/api/orders/123/",
                    "/health",
                    "/caf\u{e9}/9",
                    "/API/orders/7",
                    "",
                ])
                .into(),
        ),
        _ => Value::BoolValue(random.percent(40)),
    }
}

/// Returns a value of another type.
fn foreign(key: &str, random: &mut Random) -> AnyValue {
    let mut values = vec![
        Some(Value::DoubleValue(450.5)),
        Some(Value::BytesValue(b"gold".to_vec())),
        Some(Value::ArrayValue(ArrayValue {
            values: vec![AnyValue { value: Some(Value::StringValue("gold".into())) }],
        })),
        Some(Value::KvlistValue(KeyValueList { values: vec![attribute("gold", Value::IntValue(450))] })),
        None,
    ];
    match key {
        NUMBER => values.push(Some(Value::StringValue("450".into()))),
        CACHED => values.push(Some(Value::StringValue("true".into()))),
        _ => values.push(Some(Value::BoolValue(true))),
    }
    AnyValue { value: random.pick(&values) }
}
