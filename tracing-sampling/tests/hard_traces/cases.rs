//! The configurations: every policy type of both samplers, with its options.

/// A configuration.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The section `tail_sampling`, without its waits and its number of traces, as the inside of a YAML flow mapping.
    pub(crate) section: &'static str,
    pub(crate) decides: Decides,
}

/// What the decisions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decides {
    /// On the spans alone, so that every decision is compared.
    BySpans,
    /// On chance or on the order in which the Collector looks at the traces of a second, which is random. The number of
    /// kept traces is compared.
    ByChance,
}

macro_rules! cases {
    ($($name:literal $decides:ident $section:literal)*) => {
        pub(crate) const CASES: &[Case] =
            &[$(Case { name: $name, section: $section, decides: Decides::$decides }),*];
    };
}

cases! {
"latency" BySpans "policies: [{name: a, type: latency, latency: {threshold_ms: 500}}]"
"latency_upper" BySpans "policies: [{name: a, type: latency, latency: {threshold_ms: 200, upper_threshold_ms: 800}}]"
"numeric_min" BySpans "policies: [{name: a, type: numeric_attribute,
    numeric_attribute: {key: http.response.status_code, min_value: 400}}]"
"numeric_max" BySpans "policies: [{name: a, type: numeric_attribute,
    numeric_attribute: {key: http.response.status_code, max_value: 400}}]"
"numeric_range" BySpans "policies: [{name: a, type: numeric_attribute,
    numeric_attribute: {key: http.response.status_code, min_value: 400, max_value: 499}}]"
"numeric_inverted" BySpans "policies: [{name: a, type: numeric_attribute,
    numeric_attribute: {key: http.response.status_code, min_value: 200, max_value: 499, invert_match: true}}]"
"numeric_negative" BySpans "policies: [{name: a, type: numeric_attribute,
    numeric_attribute: {key: http.response.status_code, min_value: -1, max_value: 250}}]"
"string" BySpans "policies: [{name: a, type: string_attribute,
    string_attribute: {key: user.tier, values: [gold, bronze, '']}}]"
"string_inverted" BySpans "policies: [{name: a, type: string_attribute,
    string_attribute: {key: user.tier, values: [gold, silver], invert_match: true}}]"
"regex" BySpans "policies: [{name: a, type: string_attribute, string_attribute:
    {key: url.path, values: ['^/api/orders/\\d+', 'caf\\w+$'], enabled_regex_matching: true, cache_max_size: 10}}]"
"regex_inverted" BySpans "policies: [{name: a, type: string_attribute, string_attribute:
    {key: url.path, values: ['orders/{id}$', '(?i)^/API'], enabled_regex_matching: true, invert_match: true}}]"
"regex_empty" BySpans "policies: [{name: a, type: string_attribute, string_attribute:
    {key: user.tier, values: ['^$', '^\\w{4} $'], enabled_regex_matching: true}}]"
"boolean" BySpans "policies: [{name: a, type: boolean_attribute, boolean_attribute: {key: cache.hit, value: true}}]"
"boolean_false" BySpans "policies: [{name: a, type: boolean_attribute, boolean_attribute: {key: cache.hit, value: false}}]"
"boolean_inverted" BySpans "policies: [{name: a, type: boolean_attribute,
    boolean_attribute: {key: cache.hit, value: true, invert_match: true}}]"
"status_error" BySpans "policies: [{name: a, type: status_code, status_code: {status_codes: [ERROR]}}]"
"status_unset" BySpans "policies: [{name: a, type: status_code, status_code: {status_codes: [UNSET]}}]"
"status_two" BySpans "policies: [{name: a, type: status_code, status_code: {status_codes: [OK, UNSET]}}]"
"trace_state" BySpans "policies: [{name: a, type: trace_state, trace_state: {key: vendor, values: [a, '']}}]"
"trace_state_two" BySpans "policies: [{name: a, type: trace_state, trace_state: {key: vendor, values: [b, a]}}]"
"trace_flags" BySpans "policies: [{name: a, type: trace_flags}]"
"span_count" BySpans "policies: [{name: a, type: span_count, span_count: {min_spans: 5}}]"
"span_count_range" BySpans "policies: [{name: a, type: span_count, span_count: {min_spans: 5, max_spans: 9}}]"
"rate_limiting_burst" BySpans "policies: [{name: a, type: rate_limiting,
    rate_limiting: {spans_per_second: 1000000000000, burst_capacity: 6}}]"
"bytes_limiting_burst" BySpans "policies: [{name: a, type: bytes_limiting,
    bytes_limiting: {bytes_per_second: 1000000000000000, burst_capacity: 1300}}]"
"maximum_trace_size" BySpans "maximum_trace_size_bytes: 1100, policies: [{name: a, type: always_sample}]"
"always_sample" BySpans "policies: [{name: a, type: and, and: {and_sub_policy: [{name: b, type: always_sample},
    {name: c, type: status_code, status_code: {status_codes: [ERROR]}}]}}]"
"and" BySpans "policies: [{name: a, type: and, and: {and_sub_policy: [
    {name: b, type: latency, latency: {threshold_ms: 200}},
    {name: c, type: numeric_attribute, numeric_attribute: {key: http.response.status_code, min_value: 300}}]}}]"
"and_inverted" BySpans "policies: [{name: a, type: and, and: {and_sub_policy: [
    {name: b, type: string_attribute, string_attribute: {key: user.tier, values: [gold], invert_match: true}},
    {name: c, type: not, not: {not_sub_policy: {name: d, type: latency, latency: {threshold_ms: 800}}}}]}}]"
"not" BySpans "policies: [{name: a, type: not, not: {not_sub_policy:
    {name: b, type: latency, latency: {threshold_ms: 500}}}}]"
"not_inverted" BySpans "policies: [{name: a, type: not, not: {not_sub_policy: {name: b, type: boolean_attribute,
    boolean_attribute: {key: cache.hit, value: true, invert_match: true}}}}]"
"drop" BySpans "policies: [{name: all, type: always_sample}, {name: a, type: drop, drop: {drop_sub_policy: [
    {name: b, type: status_code, status_code: {status_codes: [ERROR]}},
    {name: c, type: not, not: {not_sub_policy: {name: d, type: span_count, span_count: {min_spans: 9}}}}]}}]"
"composite" BySpans "policies: [{name: a, type: composite, composite: {max_total_spans_per_second: 1000000000,
    policy_order: [c, b], composite_sub_policy: [
    {name: b, type: numeric_attribute, numeric_attribute: {key: http.response.status_code, min_value: 400}},
    {name: c, type: and, and: {and_sub_policy: [{name: d, type: latency, latency: {threshold_ms: 500}},
    {name: e, type: trace_flags}]}}], rate_allocation: [{policy: b, percent: 29}, {policy: c, percent: 71}]}}]"
"inverted_beside_others" BySpans "policies: [
    {name: a, type: string_attribute, string_attribute: {key: user.tier, values: [gold, silver], invert_match: true}},
    {name: b, type: numeric_attribute, numeric_attribute: {key: http.response.status_code, min_value: 500}}]"
"first_match" BySpans "sample_on_first_match: true, policies: [
    {name: a, type: latency, latency: {threshold_ms: 800}}, {name: b, type: rate_limiting,
    rate_limiting: {spans_per_second: 1000000000000, burst_capacity: 3}}, {name: c, type: trace_flags}]"
"decision_cache" BySpans "decision_cache: {sampled_cache_size: 100000, non_sampled_cache_size: 100000}, policies: [
    {name: a, type: status_code, status_code: {status_codes: [ERROR]}},
    {name: b, type: drop, drop: {drop_sub_policy: [{name: c, type: trace_flags}]}}]"
"many" BySpans "policies: [{name: a, type: latency, latency: {threshold_ms: 800}},
    {name: b, type: string_attribute, string_attribute: {key: user.tier, values: [bronze]}},
    {name: c, type: trace_state, trace_state: {key: vendor, values: [b]}},
    {name: d, type: drop, drop: {drop_sub_policy: [{name: e, type: boolean_attribute,
    boolean_attribute: {key: cache.hit, value: true}}]}}, {name: f, type: span_count, span_count: {min_spans: 12}}]"
"probabilistic" ByChance "policies: [{name: a, type: probabilistic, probabilistic: {sampling_percentage: 35}}]"
"probabilistic_salt" ByChance "policies: [{name: a, type: probabilistic,
    probabilistic: {hash_salt: pepper, sampling_percentage: 12.5}}]"
"probabilistic_and" ByChance "policies: [{name: a, type: and, and: {and_sub_policy: [
    {name: b, type: latency, latency: {threshold_ms: 200}},
    {name: c, type: probabilistic, probabilistic: {sampling_percentage: 60}}]}}]"
"rate_limiting" ByChance "policies: [{name: a, type: rate_limiting,
    rate_limiting: {spans_per_second: 10, burst_capacity: 30000}}]"
"bytes_limiting" ByChance "policies: [{name: a, type: bytes_limiting,
    bytes_limiting: {bytes_per_second: 2000, burst_capacity: 4000000}}]"
}
