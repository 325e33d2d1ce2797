//! OTLP's nested `AnyValue` and plain JSON.

use serde_json::{Map, Value as Json, json};

/// Turns `{"values": [AnyValue…]}`, or a key-value list, into plain JSON.
pub(crate) fn plain_container(container: Json) -> Json {
    match container {
        Json::Object(mut fields) => match fields.remove("values") {
            Some(Json::Array(items)) if items.iter().any(|it| it.get("key").is_some()) => {
                Json::Object(items.into_iter().filter_map(pair).collect())
            }
            Some(Json::Array(items)) => Json::Array(items.into_iter().map(plain).collect()),
            _ => Json::Array(Vec::new()),
        },
        Json::Array(items) => Json::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

fn pair(mut item: Json) -> Option<(String, Json)> {
    let key = item.get("key")?.as_str()?.to_owned();
    let value = item.get_mut("value").map(Json::take).unwrap_or_default();
    Some((key, plain(value)))
}

/// Turns an `AnyValue` into plain JSON.
fn plain(value: Json) -> Json {
    let Json::Object(fields) = value else { return value };
    let Some((kind, inner)) = fields.into_iter().next() else { return Json::Null };
    match kind.as_str() {
        "intValue" | "int_value" => match inner.as_str().and_then(|it| it.parse::<i64>().ok()) {
            Some(number) => number.into(),
            None => inner,
        },
        "arrayValue" | "array_value" | "kvlistValue" | "kvlist_value" => plain_container(inner),
        "stringValue" | "string_value" | "doubleValue" | "double_value" | "boolValue" | "bool_value"
        | "bytesValue" | "bytes_value" => inner,
        _ => {
            let mut object = Map::new();
            object.insert(kind, inner);
            Json::Object(object)
        }
    }
}

/// Turns plain JSON into an `AnyValue`.
pub(crate) fn any_value(value: &Json) -> Json {
    match value {
        Json::Null => json!({}),
        Json::Bool(flag) => json!({ "boolValue": flag }),
        Json::Number(number) => match number.as_i64() {
            Some(int) => json!({ "intValue": int.to_string() }),
            None => json!({ "doubleValue": number }),
        },
        Json::String(text) => json!({ "stringValue": text }),
        Json::Array(items) => {
            json!({ "arrayValue": { "values": items.iter().map(any_value).collect::<Vec<_>>() } })
        }
        Json::Object(fields) => {
            let pair = |(key, value): (&String, &Json)| json!({ "key": key, "value": any_value(value) });
            json!({ "kvlistValue": { "values": fields.iter().map(pair).collect::<Vec<_>>() } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_survive_both_ways() {
        let plain_value = json!([1, "two", [true, null], {"three": 3.5}]);
        let wrapped = any_value(&plain_value);
        assert_eq!(plain_container(wrapped["arrayValue"].clone()), plain_value);
    }
}
