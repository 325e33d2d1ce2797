//! Finds attributes that a selection of traces has more often than the others.

use std::collections::BTreeMap;

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::critical_path::ratio;
use super::merge::{Merge, entry};
use super::statistics::{fisher, g_statistic};
use crate::model::{AttributeId, Text, Trace, Value};

/// A key with more values than this is treated as an id.
const MAX_VALUES: usize = 1_000;
/// Numbers with more values than this are grouped into ranges.
const MAX_NUMBERS: usize = 12;
/// The significance level, after the correction for the number of tests.
const ALPHA: f64 = 0.01;

/// The numbers of selected and other traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Split {
    /// Selected traces.
    pub selected: u64,
    /// The other traces.
    pub others: u64,
}

impl Merge for Split {
    fn merge_from(&mut self, other: Self) {
        self.selected += other.selected;
        self.others += other.others;
    }
}

/// How often the values of one key occur.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct KeyCounts {
    /// Traces with the key.
    present: Split,
    /// Traces by value. Empty once there are too many.
    values: BTreeMap<String, Split>,
    has_too_many: bool,
    /// Traces by the range that a number is in.
    ranges: BTreeMap<String, Split>,
    /// The values that are no numbers.
    texts: u64,
    /// A service whose spans carry the key.
    carrier: String,
}

impl KeyCounts {
    fn limit(&mut self) {
        if self.has_too_many || self.values.len() > MAX_VALUES {
            self.values.clear();
            self.has_too_many = true;
        }
    }
}

impl Merge for KeyCounts {
    fn merge_from(&mut self, other: Self) {
        self.present.merge_from(other.present);
        self.values.merge_from(other.values);
        self.has_too_many |= other.has_too_many;
        self.ranges.merge_from(other.ranges);
        self.texts += other.texts;
        self.carrier = match (self.carrier.is_empty(), other.carrier.is_empty()) {
            (true, _) => other.carrier,
            (false, true) => std::mem::take(&mut self.carrier),
            (false, false) => std::mem::take(&mut self.carrier).min(other.carrier),
        };
        self.limit();
    }
}

/// The attributes of selected traces and of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The numbers of traces.
    pub traces: Split,
    keys: BTreeMap<String, KeyCounts>,
}

impl Merge for Comparison {
    fn merge_from(&mut self, other: Self) {
        self.traces.merge_from(other.traces);
        self.keys.merge_from(other.keys);
    }
}

/// An attribute that selected traces have more often than the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The key.
    pub key: String,
    /// The value or range; `None` when the key is absent.
    pub value: Option<String>,
    /// The share of the selected traces that have it: 0 to 1.
    pub selected_share: f64,
    /// The share of the other traces that have it: 0 to 1.
    pub other_share: f64,
    /// The number of selected traces that have it.
    pub selected: u64,
    /// The number of other traces that have it.
    pub others: u64,
    /// The p-value, corrected for the number of tests.
    pub probability: f64,
    /// A service whose spans carry the key.
    pub carrier: String,
    score: f64,
}

/// The attributes that selected traces have more often than the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Why {
    /// The numbers of traces.
    pub traces: Split,
    /// Significant reasons, the strongest first.
    pub reasons: Vec<Reason>,
    /// The number of attributes that were compared.
    pub tests: usize,
    /// Keys that were left out because nearly every trace has a different value.
    pub left_out: Vec<String>,
}

impl Comparison {
    /// Adds the attributes of a trace, each once however many spans have it.
    pub fn add(&mut self, trace: Trace<'_>, is_selected: bool) {
        let one =
            if is_selected { Split { selected: 1, others: 0 } } else { Split { selected: 0, others: 1 } };
        self.traces.merge_from(one);
        let set = trace.set();
        let mut seen: HashSet<AttributeId> = HashSet::new();
        let mut keys: HashSet<Text> = HashSet::new();
        let mut resources: HashSet<u32> = HashSet::new();
        for span in trace.spans() {
            let of_span = span.attribute_ids().iter();
            let resource = span.resource().filter(|_| resources.insert(span.resource_index()));
            for &id in of_span.chain(resource.into_iter().flat_map(|it| &it.attributes)) {
                if !seen.insert(id) {
                    continue;
                }
                let attribute = set.attributes().get(id);
                let counts = entry(&mut self.keys, set.texts().get(attribute.key));
                if keys.insert(attribute.key) {
                    counts.present.merge_from(one);
                    if counts.carrier.is_empty() || span.service() < counts.carrier.as_str() {
                        span.service().clone_into(&mut counts.carrier);
                    }
                }
                counts.value(attribute.value, set.texts(), one);
            }
        }
    }

    /// Returns the reasons.
    #[must_use]
    pub fn why(&self) -> Why {
        let mut features = Vec::new();
        let mut left_out = Vec::new();
        for (key, counts) in &self.keys {
            if counts.is_id() {
                left_out.push(key.clone());
            }
            counts.features(self.traces, &mut |value, split| features.push((key, value, split, counts)));
        }
        // An attribute of all traces, or of a single one, does not distinguish them.
        features.retain(|(_, _, split, _)| {
            let with = split.selected + split.others;
            with > 1 && with < self.traces.selected + self.traces.others
        });
        let tests = features.len();
        let mut reasons: Vec<Reason> = features
            .into_iter()
            .filter_map(|(key, value, split, counts)| self.reason(key, value, split, &counts.carrier, tests))
            .collect();
        reasons.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| (&a.key, &a.value).cmp(&(&b.key, &b.value)))
        });
        Why { traces: self.traces, reasons, tests, left_out }
    }

    #[allow(clippy::cast_precision_loss)]
    fn reason(
        &self,
        key: &str,
        value: Option<String>,
        split: Split,
        carrier: &str,
        tests: usize,
    ) -> Option<Reason> {
        let total = self.traces.selected + self.traces.others;
        let with = split.selected + split.others;
        let selected_share = ratio(split.selected, self.traces.selected);
        let other_share = ratio(split.others, self.traces.others);
        if selected_share <= other_share {
            return None;
        }
        let probability = (fisher(split.selected, self.traces.selected, with, total) * tests as f64).min(1.0);
        let score = g_statistic(split.selected, self.traces.selected, with, total);
        (probability < ALPHA).then(|| Reason {
            key: key.to_owned(),
            value,
            selected_share,
            other_share,
            selected: split.selected,
            others: split.others,
            probability,
            carrier: carrier.to_owned(),
            score,
        })
    }
}

impl KeyCounts {
    fn value(&mut self, value: Value, texts: &crate::model::Texts, one: Split) {
        let number = if let Value::Text(_) = value { None } else { value.number(texts) };
        match number {
            Some(number) => entry(&mut self.ranges, &range(number)).merge_from(one),
            None => self.texts += 1,
        }
        if !self.has_too_many {
            entry(&mut self.values, &value.display(texts)).merge_from(one);
            self.limit();
        }
    }

    /// Whether nearly every trace has a different value.
    fn is_id(&self) -> bool {
        let traces = self.present.selected + self.present.others;
        let is_text = self.texts > 0 || self.ranges.is_empty();
        is_text && (self.has_too_many || (self.values.len() > 20 && self.values.len() as u64 * 2 > traces))
    }

    fn features(&self, traces: Split, found: &mut dyn FnMut(Option<String>, Split)) {
        let absent = Split {
            selected: traces.selected.saturating_sub(self.present.selected),
            others: traces.others.saturating_sub(self.present.others),
        };
        found(None, absent);
        let is_numeric = self.texts == 0 && (self.has_too_many || self.values.len() > MAX_NUMBERS);
        let values = match (is_numeric, self.is_id()) {
            (true, _) => &self.ranges,
            (false, true) => return,
            (false, false) => &self.values,
        };
        for (value, split) in values {
            found(Some(value.clone()), *split);
        }
    }
}

/// The range of 1-2-5 that a number is in, such as `20 to 50`.
fn range(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    let power = 10f64.powf(size.log10().floor());
    let low = [5.0, 2.0, 1.0].into_iter().find(|it| it * power <= size).unwrap_or(1.0);
    let high = if low == 5.0 {
        10.0
    } else if low == 2.0 {
        5.0
    } else {
        2.0
    };
    if number < 0.0 {
        format!("-{} to -{}", high * power, low * power)
    } else {
        format!("{} to {}", low * power, high * power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_all_numbers() {
        for (number, expected) in [
            (0.0, "0"),
            (1.0, "1 to 2"),
            (3.0, "2 to 5"),
            (7.5, "5 to 10"),
            (-30.0, "-50 to -20"),
            (0.3, "0.2 to 0.5"),
        ] {
            assert_eq!(range(number), expected);
        }
    }
}
