//! Converts the YAML into settings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_saphyr::Spanned;
use tracing_core_lite::pipeline::view::StatusCode;

use super::expand::expand;
use super::go_regex::to_rust;
use super::schema::{Composite, File, PolicySection, Processors, Section, is_tail_sampling};
use crate::config::ConfigError;
use crate::tail::{
    AttributeMatch, CollectorVersion, Mode, Policy, PolicyKind, Share, TailSettings, TextMatch, Unit,
};

/// The Collector's default for `num_traces`.
const NUM_TRACES: usize = 50_000;

/// The supported types of policies.
const TYPES: &str = "always_sample, latency, numeric_attribute, probabilistic, status_code, string_attribute, trace_state, \
                     trace_flags, rate_limiting, bytes_limiting, span_count, boolean_attribute, and, not, drop and composite";

/// The settings of a `tail_sampling` section.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TailSampling {
    /// The settings, in the mode [`Mode::Collector`] and with the Collector's defaults.
    pub settings: TailSettings,
    /// Settings that have no effect here, and why.
    pub warnings: Vec<String>,
}

impl TailSampling {
    /// Reads a Collector's configuration with one `tail_sampling` processor, or the section alone, with or without its name.
    ///
    /// # Errors
    /// Returns an error with its line if the YAML is malformed or a setting is invalid.
    pub fn from_yaml(yaml: &str) -> Result<Self, ConfigError> {
        let yaml = &expand(yaml, |name| std::env::var(name).ok())?;
        let top: BTreeMap<String, IgnoredAny> = parse(yaml)?;
        let sections = if top.contains_key("processors") {
            parse::<File>(yaml)?.processors.0
        } else if top.keys().any(|name| is_tail_sampling(name)) {
            parse::<Processors>(yaml)?.0
        } else {
            vec![("tail_sampling".to_owned(), parse(yaml)?)]
        };
        match <[_; 1]>::try_from(sections) {
            Ok([(_, section)]) => Reader::default().section(section),
            Err(sections) if sections.is_empty() => {
                Err(ConfigError::new(1, "there is no processor named tail_sampling"))
            }
            Err(sections) => {
                let names: Vec<_> = sections.into_iter().map(|(name, _)| name).collect();
                Err(ConfigError::new(1, format!("there are several: {}; keep one", names.join(", "))))
            }
        }
    }
}

fn parse<T: DeserializeOwned>(yaml: &str) -> Result<T, ConfigError> {
    serde_saphyr::from_str(yaml).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line() as usize);
        ConfigError::new(line, plain(&error))
    })
}

/// Returns the message without the excerpt of the source.
fn plain(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[derive(Default)]
struct Reader {
    warnings: Vec<String>,
    /// The name of the policy that is being read.
    policy: String,
}

impl Reader {
    fn warn_if(&mut self, condition: bool, text: &str) {
        if condition {
            self.warnings.push(text.to_owned());
        }
    }

    fn error<T>(&self, line: usize, reason: impl std::fmt::Display) -> Result<T, ConfigError> {
        Err(ConfigError::new(line, format!("policy {:?}: {reason}", self.policy)))
    }

    fn section(mut self, section: Section) -> Result<TailSampling, ConfigError> {
        if let Some(strategy) = &section.sampling_strategy
            && strategy.value != "trace-complete"
        {
            let message =
                format!("sampling_strategy {:?} is not supported; valid is trace-complete", strategy.value);
            return Err(ConfigError::new(line(strategy), message));
        }
        if let Some(storage) = &section.tail_storage {
            return Err(ConfigError::new(
                line(storage),
                "tail_storage is not supported; spans wait in memory",
            ));
        }
        let policies = self.policies(&section.policies)?;
        let num_traces = section.num_traces.map_or(NUM_TRACES, |number| number as usize);
        let after_root = section.decision_wait_after_root_received.map(|wait| wait.0);
        let settings = TailSettings::default()
            .with_policies(policies)
            .with_mode(Mode::Collector(CollectorVersion::default()))
            .with_unit(Unit::Trace)
            .with_decision_wait(section.decision_wait.map_or(Duration::from_secs(30), |wait| wait.0))
            .with_decision_wait_after_root_received(after_root.filter(|wait| !wait.is_zero()))
            .with_num_traces(num_traces)
            .with_block_on_overflow(section.block_on_overflow)
            .with_drop_pending_traces_on_shutdown(section.drop_pending_traces_on_shutdown)
            .with_maximum_trace_size_bytes(section.maximum_trace_size_bytes)
            .with_sample_on_first_match(section.sample_on_first_match)
            // Without a cache, the Collector remembers the decision as long as the trace.
            .with_sampled_cache_size(section.decision_cache.sampled_cache_size.max(num_traces))
            .with_non_sampled_cache_size(section.decision_cache.non_sampled_cache_size.max(num_traces))
            .with_shards(section.num_shards.map_or(1, |shards| shards.max(1) as usize));
        Ok(TailSampling { settings, warnings: self.warnings })
    }

    fn policies(&mut self, sections: &[Spanned<PolicySection>]) -> Result<Vec<Policy>, ConfigError> {
        let mut policies: Vec<Policy> = Vec::new();
        for section in sections {
            self.policy.clone_from(&section.value.name);
            if section.value.name.is_empty() {
                return Err(ConfigError::new(line(section), "the policy has no name; add `name:`"));
            }
            if policies.iter().any(|known| known.name == section.value.name) {
                return self.error(line(section), "there is another policy of this name; names must differ");
            }
            policies.push(self.policy(section)?);
        }
        Ok(policies)
    }

    /// Reads the sub-policies of a policy. They need no name.
    fn parts(&mut self, sections: &[Spanned<PolicySection>]) -> Result<Vec<Policy>, ConfigError> {
        sections.iter().map(|section| self.policy(section)).collect()
    }

    fn policy(&mut self, section: &Spanned<PolicySection>) -> Result<Policy, ConfigError> {
        let at = line(section);
        let it = &section.value;
        let kind = match it.kind.value.as_str() {
            "always_sample" => PolicyKind::AlwaysSample,
            "trace_flags" => PolicyKind::TraceFlags,
            "latency" => {
                let latency = it.latency.as_ref();
                PolicyKind::Latency {
                    threshold_ms: latency.map_or(0, |it| it.threshold_ms),
                    upper_threshold_ms: latency.map_or(0, |it| it.upper_threshold_ms),
                }
            }
            "probabilistic" => PolicyKind::Probabilistic {
                sampling_percentage: it.probabilistic.as_ref().map_or(0.0, |it| it.sampling_percentage),
            },
            "span_count" => {
                let count = it.span_count.as_ref();
                PolicyKind::SpanCount {
                    min_spans: count.map_or(0, |it| it.min_spans.into()),
                    max_spans: count.map_or(0, |it| it.max_spans.into()),
                }
            }
            "rate_limiting" => {
                let Some(rate) = &it.rate_limiting else { return self.missing(at, "rate_limiting") };
                PolicyKind::RateLimiting {
                    spans_per_second: rate.spans_per_second,
                    burst_capacity: Some(rate.burst_capacity).filter(|burst| *burst > 0),
                }
            }
            "bytes_limiting" => {
                let Some(rate) = &it.bytes_limiting else { return self.missing(at, "bytes_limiting") };
                PolicyKind::BytesLimiting {
                    bytes_per_second: rate.bytes_per_second,
                    burst_capacity: Some(rate.burst_capacity).filter(|burst| *burst > 0),
                }
            }
            "and" => match &it.and {
                Some(and) => PolicyKind::And(self.parts(&and.and_sub_policy)?),
                None => return self.missing(at, "and"),
            },
            "drop" => match &it.drop {
                Some(drop) => PolicyKind::Drop(self.parts(&drop.drop_sub_policy)?),
                None => return self.missing(at, "drop"),
            },
            "not" => match &it.not {
                Some(not) => PolicyKind::Not(Box::new(self.policy(&not.not_sub_policy)?)),
                None => return self.missing(at, "not"),
            },
            "composite" => match &it.composite {
                Some(composite) => self.composite(composite)?,
                None => return self.missing(at, "composite"),
            },
            "ottl_condition" => {
                return self.error(
                    line(&it.kind),
                    "ottl_condition is not supported; write the condition with string_attribute, numeric_attribute, \
                     boolean_attribute, status_code, and `and` or `not`",
                );
            }
            kind => match self.on_spans(kind, at, it)? {
                Some(kind) => kind,
                None => {
                    let message = format!("unknown type {kind:?}; valid are {TYPES}");
                    return self.error(line(&it.kind), message);
                }
            },
        };
        let mut policy = Policy::new(it.name.clone(), kind);
        policy.dry_run = it.dry_run;
        Ok(policy)
    }

    fn missing<T>(&self, at: usize, section: &str) -> Result<T, ConfigError> {
        self.error(at, format_args!("the section `{section}:` is missing"))
    }

    /// Reads policies on single spans. Returns `None` for any other type.
    fn on_spans(&self, kind: &str, at: usize, it: &PolicySection) -> Result<Option<PolicyKind>, ConfigError> {
        let (key, matches, invert) = match kind {
            "status_code" => return self.status_codes(at, it).map(Some),
            "trace_state" => {
                let Some(state) = &it.trace_state else { return self.missing(at, kind) };
                return Ok(Some(PolicyKind::TraceState {
                    key: state.key.clone(),
                    values: state.values.clone(),
                }));
            }
            "numeric_attribute" => {
                let Some(range) = &it.numeric_attribute else { return self.missing(at, kind) };
                // 0 means that the bound is not set, as in the Collector.
                if range.min_value == 0 && range.max_value == 0 {
                    return self.error(at, "set min_value, max_value or both to something other than 0");
                }
                let min = if range.min_value == 0 { i64::MIN } else { range.min_value };
                let max = if range.max_value == 0 { i64::MAX } else { range.max_value };
                (&range.key, AttributeMatch::Range(min, max), range.invert_match)
            }
            "string_attribute" => {
                let Some(text) = &it.string_attribute else { return self.missing(at, kind) };
                let values = text.values.clone();
                let matches = match text.enabled_regex_matching {
                    true => TextMatch::Regex(values.iter().map(|value| to_rust(value)).collect()),
                    false => TextMatch::Exact(values),
                };
                (&text.key, AttributeMatch::Text(matches), text.invert_match)
            }
            "boolean_attribute" => {
                let Some(bool) = &it.boolean_attribute else { return self.missing(at, kind) };
                (&bool.key, AttributeMatch::Bool(bool.value), bool.invert_match)
            }
            _ => return Ok(None),
        };
        if let AttributeMatch::Text(TextMatch::Regex(patterns)) = &matches {
            for pattern in patterns {
                if let Err(error) = regex::Regex::new(pattern) {
                    return self.error(
                        at,
                        format_args!("{pattern:?} is not a regular expression: {}", last_line(&error)),
                    );
                }
            }
        }
        Ok(Some(PolicyKind::Attribute { key: key.clone(), matches, invert }))
    }

    fn status_codes(&self, at: usize, it: &PolicySection) -> Result<PolicyKind, ConfigError> {
        let listed = it.status_code.as_ref().map_or(&[][..], |it| &it.status_codes);
        let mut codes = Vec::new();
        for code in listed {
            codes.push(match code.value.as_str() {
                "OK" => StatusCode::Ok,
                "ERROR" => StatusCode::Error,
                "UNSET" => StatusCode::Unset,
                other => {
                    let message = format!("unknown status code {other:?}; valid are OK, ERROR and UNSET");
                    return self.error(line(code), message);
                }
            });
        }
        if codes.is_empty() {
            return self.error(at, "status_codes is empty; valid are OK, ERROR and UNSET");
        }
        Ok(PolicyKind::StatusCode(codes))
    }

    fn composite(&mut self, it: &Composite) -> Result<PolicyKind, ConfigError> {
        let names = || it.composite_sub_policy.iter().map(|sub| sub.value.name.as_str());
        for name in &it.policy_order {
            if !names().any(|known| known == name.value) {
                return self.error(
                    line(name),
                    format_args!("policy_order names {:?}, which is no sub-policy", name.value),
                );
            }
        }
        let is_in_order = it.policy_order.iter().map(|name| name.value.as_str()).eq(names());
        self.warn_if(
            !it.policy_order.is_empty() && !is_in_order,
            "policy_order has no effect, as in the Collector: sub-policies are asked in the order of composite_sub_policy",
        );
        for allocation in &it.rate_allocation {
            if !names().any(|known| known == allocation.value.policy) {
                let message =
                    format!("rate_allocation names {:?}, which is no sub-policy", allocation.value.policy);
                return self.error(line(allocation), message);
            }
        }
        let total = it.max_total_spans_per_second;
        let policies = self.parts(&it.composite_sub_policy)?;
        let share = |policy: Policy| {
            let allocated = it.rate_allocation.iter().rfind(|known| known.value.policy == policy.name);
            let percent = allocated.map(|it| it.value.percent).filter(|percent| *percent > 0);
            let mut share = Share::new(policy);
            // Rounded as in the Collector: 29 % of 100 are 28.
            share.spans_per_second = percent.map(|percent| (percent as f64 / 100.0 * total as f64) as u64);
            share
        };
        Ok(PolicyKind::Composite {
            max_total_spans_per_second: total,
            shares: policies.into_iter().map(share).collect(),
        })
    }
}

/// Returns what is wrong with a regular expression, without the excerpt.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn line<T>(spanned: &Spanned<T>) -> usize {
    spanned.referenced.line() as usize
}
