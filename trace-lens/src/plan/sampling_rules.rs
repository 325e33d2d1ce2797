//! Sampling rules in words, from the configuration of a sampler.

use serde_json::Value as Json;

/// Returns the sampling rules of a configuration, one a line: of the Collector's `tail_sampling` and `probabilistic_sampler`
/// processors, or of Jaeger's strategies. `None` if it is neither.
///
/// YAML is passed as the JSON value that it stands for. Sections of the Collector may have names, as in `tail_sampling/eu`.
///
/// ```
/// use trace_lens::plan::sampling_rules;
///
/// let configuration = serde_json::json!({ "default_strategy": { "type": "probabilistic", "param": 0.01 } });
/// assert_eq!(sampling_rules(&configuration).unwrap(), ["other services: 1 % of requests"]);
/// ```
#[must_use]
pub fn sampling_rules(configuration: &Json) -> Option<Vec<String>> {
    let rules = if configuration.get("default_strategy").is_some()
        || configuration.get("service_strategies").is_some()
    {
        jaeger(configuration)
    } else {
        collector(configuration)
    };
    Some(rules).filter(|it| !it.is_empty())
}

fn list<'j>(value: &'j Json, key: &str) -> &'j [Json] {
    value.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'j>(value: &'j Json, key: &str) -> &'j str {
    value.get(key).and_then(Json::as_str).unwrap_or("?")
}

/// A number or a text as it is written.
fn shown(value: &Json, key: &str) -> String {
    match value.get(key) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "?".to_owned(),
    }
}

fn listed(value: &Json, key: &str) -> String {
    let items = list(value, key).iter();
    items.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)).collect::<Vec<_>>().join(" or ")
}

fn jaeger(configuration: &Json) -> Vec<String> {
    let mut rules = Vec::new();
    for service in list(configuration, "service_strategies") {
        strategy(text(service, "service"), service, &mut rules);
    }
    if let Some(default) = configuration.get("default_strategy") {
        strategy("other services", default, &mut rules);
    }
    rules
}

fn strategy(who: &str, strategy: &Json, rules: &mut Vec<String>) {
    for operation in list(strategy, "operation_strategies") {
        rules.push(format!("{who}, {}: {}", text(operation, "operation"), amount(operation)));
    }
    if strategy.get("type").is_some() {
        rules.push(format!("{who}: {}", amount(strategy)));
    }
}

fn amount(strategy: &Json) -> String {
    match (text(strategy, "type"), strategy.get("param").and_then(Json::as_f64)) {
        ("probabilistic", Some(share)) => format!("{} of requests", percent(share)),
        ("ratelimiting", Some(rate)) => format!("at most {rate} traces a second for each process"),
        (kind, _) => format!("{kind} {}", shown(strategy, "param")),
    }
}

/// A share without the rounding of [`percent`](crate::show::units::percent): a configuration is exact.
fn percent(share: f64) -> String {
    // Removes what the multiplication adds: 0.07 is 7 %, not 7.000000000000001 %.
    format!("{} %", (share * 1e8).round() / 1e6)
}

/// A configuration of a Collector, its processors, or one processor's settings.
fn collector(configuration: &Json) -> Vec<String> {
    let sections = configuration.get("processors").unwrap_or(configuration);
    let mut rules = Vec::new();
    if sections.get("policies").is_some() {
        tail_sampling(sections, &mut rules);
    }
    for (name, section) in sections.as_object().into_iter().flatten() {
        match name.split('/').next() {
            Some("tail_sampling") => tail_sampling(section, &mut rules),
            Some("probabilistic_sampler") => {
                rules.push(format!("{} % of traces at random", shown(section, "sampling_percentage")));
            }
            _ => {}
        }
    }
    rules
}

fn tail_sampling(section: &Json, rules: &mut Vec<String>) {
    let wait = section.get("decision_wait").and_then(Json::as_str).unwrap_or("30s");
    rules.push(format!(
        "decided {wait} after the first span of a trace; a trace is kept if one of these keeps it"
    ));
    for policy in list(section, "policies") {
        rules.push(format!("{}: {}", text(policy, "name"), words(policy)));
    }
}

/// What a policy keeps.
fn words(policy: &Json) -> String {
    let kind = text(policy, "type");
    let of = policy.get(kind).unwrap_or(&Json::Null);
    match kind {
        "always_sample" => "every trace".to_owned(),
        "probabilistic" => format!("{} % of traces at random", shown(of, "sampling_percentage")),
        "latency" => between("traces of", of, "threshold_ms", "upper_threshold_ms", " ms"),
        "status_code" => format!("traces with a span of status {}", listed(of, "status_codes")),
        "numeric_attribute" => {
            between(&format!("traces with {}", text(of, "key")), of, "min_value", "max_value", "")
        }
        "boolean_attribute" => format!("traces with {} = {}", text(of, "key"), shown(of, "value")),
        "string_attribute" => string_attribute(of),
        "trace_state" => {
            format!("traces whose trace state has {} = {}", text(of, "key"), listed(of, "values"))
        }
        "span_count" => between("traces with", of, "min_spans", "max_spans", " spans"),
        "rate_limiting" => format!("at most {} spans a second", shown(of, "spans_per_second")),
        "bytes_limiting" => format!("at most {} bytes a second", shown(of, "bytes_per_second")),
        "ottl_condition" => {
            let conditions = [listed(of, "span"), listed(of, "spanevent")];
            let given: Vec<_> = conditions.into_iter().filter(|it| !it.is_empty()).collect();
            format!("traces with a span for which {}", given.join(" or "))
        }
        "and" => subs(of, "and_sub_policy", "all of"),
        "drop" => format!("dropped, whatever the others say: {}", subs(of, "drop_sub_policy", "all of")),
        "not" => of.get("not_sub_policy").map_or("?".to_owned(), |it| format!("all but {}", words(it))),
        "composite" => format!(
            "{}, at most {} spans a second",
            subs(of, "composite_sub_policy", "in this order"),
            shown(of, "max_total_spans_per_second")
        ),
        other => format!("{other} {of}"),
    }
}

fn between(what: &str, of: &Json, low: &str, high: &str, unit: &str) -> String {
    let bound = |key: &str| of.get(key).and_then(Json::as_f64).filter(|it| *it != 0.0);
    match (bound(low), bound(high)) {
        (low, Some(high)) => format!("{what} {} to {high}{unit}", low.unwrap_or(0.0)),
        (low, None) => format!("{what} at least {}{unit}", low.unwrap_or(0.0)),
    }
}

fn string_attribute(of: &Json) -> String {
    let is = |key: &str| of.get(key).and_then(Json::as_bool).unwrap_or(false);
    let relation = match (is("invert_match"), is("enabled_regex_matching")) {
        (false, false) => "=",
        (false, true) => "like",
        (true, false) => "other than",
        (true, true) => "not like",
    };
    format!("traces with {} {relation} {}", text(of, "key"), listed(of, "values"))
}

fn subs(of: &Json, key: &str, how: &str) -> String {
    let all: Vec<_> = list(of, key).iter().map(words).collect();
    format!("{how} ({})", all.join("; "))
}
