//! The shape of the YAML. Unknown keys are errors, as in the Collector.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::duration::GoDuration;

/// A Collector's configuration, of which only the processors matter.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) processors: Processors,
}

/// Named processors. Those of other types are left out.
#[derive(Debug)]
pub(super) struct Processors(pub(super) Vec<(String, Section)>);

/// Returns whether a processor of this name is a tail sampler: `tail_sampling`, or `tail_sampling/name`.
pub(super) fn is_tail_sampling(name: &str) -> bool {
    name.split('/').next() == Some("tail_sampling")
}

impl<'de> Deserialize<'de> for Processors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Processors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("processors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut sections = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if is_tail_sampling(&name) {
                        sections.push((name, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Processors(sections))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// The section `tail_sampling`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub(super) decision_wait: Option<GoDuration>,
    pub(super) decision_wait_after_root_received: Option<GoDuration>,
    pub(super) num_traces: Option<u64>,
    #[serde(default)]
    pub(super) block_on_overflow: bool,
    #[serde(rename = "expected_new_traces_per_sec")]
    pub(super) _expected_new_traces_per_sec: Option<u64>,
    #[serde(default)]
    pub(super) policies: Vec<Spanned<PolicySection>>,
    #[serde(default)]
    pub(super) decision_cache: DecisionCache,
    pub(super) tail_storage: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) sample_on_first_match: bool,
    pub(super) sampling_strategy: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) drop_pending_traces_on_shutdown: bool,
    #[serde(default)]
    pub(super) maximum_trace_size_bytes: u64,
    pub(super) num_shards: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DecisionCache {
    pub(super) sampled_cache_size: usize,
    pub(super) non_sampled_cache_size: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySection {
    #[serde(default)]
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    /// Not in the Collector: the policy only counts.
    #[serde(default)]
    pub(super) dry_run: bool,
    pub(super) latency: Option<Latency>,
    pub(super) numeric_attribute: Option<NumericAttribute>,
    pub(super) string_attribute: Option<StringAttribute>,
    pub(super) boolean_attribute: Option<BooleanAttribute>,
    pub(super) probabilistic: Option<Probabilistic>,
    pub(super) status_code: Option<StatusCodes>,
    pub(super) trace_state: Option<TraceState>,
    pub(super) rate_limiting: Option<RateLimiting>,
    pub(super) bytes_limiting: Option<BytesLimiting>,
    pub(super) span_count: Option<SpanCount>,
    pub(super) and: Option<And>,
    pub(super) drop: Option<Drop>,
    pub(super) not: Option<Not>,
    pub(super) composite: Option<Composite>,
    #[serde(rename = "ottl_condition")]
    pub(super) _ottl_condition: Option<IgnoredAny>,
    #[serde(rename = "always_sample")]
    pub(super) _always_sample: Option<IgnoredAny>,
    #[serde(rename = "trace_flags")]
    pub(super) _trace_flags: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Latency {
    pub(super) threshold_ms: i64,
    pub(super) upper_threshold_ms: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NumericAttribute {
    pub(super) key: String,
    pub(super) min_value: i64,
    pub(super) max_value: i64,
    pub(super) invert_match: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StringAttribute {
    pub(super) key: String,
    pub(super) values: Vec<String>,
    pub(super) enabled_regex_matching: bool,
    #[serde(rename = "cache_max_size")]
    pub(super) _cache_max_size: Option<u64>,
    pub(super) invert_match: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BooleanAttribute {
    pub(super) key: String,
    pub(super) value: bool,
    pub(super) invert_match: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Probabilistic {
    #[serde(rename = "hash_salt")]
    pub(super) _hash_salt: Option<String>,
    pub(super) sampling_percentage: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StatusCodes {
    pub(super) status_codes: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TraceState {
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateLimiting {
    pub(super) spans_per_second: u64,
    pub(super) burst_capacity: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BytesLimiting {
    pub(super) bytes_per_second: u64,
    pub(super) burst_capacity: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SpanCount {
    pub(super) min_spans: u32,
    pub(super) max_spans: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct And {
    pub(super) and_sub_policy: Vec<Spanned<PolicySection>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Drop {
    pub(super) drop_sub_policy: Vec<Spanned<PolicySection>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Not {
    pub(super) not_sub_policy: Box<Spanned<PolicySection>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Composite {
    pub(super) max_total_spans_per_second: u64,
    pub(super) policy_order: Vec<Spanned<String>>,
    pub(super) composite_sub_policy: Vec<Spanned<PolicySection>>,
    pub(super) rate_allocation: Vec<Spanned<RateAllocation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateAllocation {
    pub(super) policy: String,
    pub(super) percent: i64,
}
