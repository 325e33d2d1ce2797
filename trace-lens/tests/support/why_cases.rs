//! Seeded cases for `why`: traces with a planted cause, or with none.
//!
//! It shares no code with the analysis, only the type of its input.

use trace_lens::SpanRecord;

/// The seeds of the cases with a cause, and of those without.
pub(crate) const SEEDS: std::ops::RangeInclusive<u64> = 1..=100;
/// Traces slower than this are the slow ones, in nanoseconds.
pub(crate) const SLOW: u64 = 1_000_000_000;
const TRACES: u64 = 10_000;
const SLOW_TRACES: (u64, u64) = (50, 500);
const ATTRIBUTES: usize = 30;
const CORRELATED: usize = 5;
/// The share of the slow traces, and of the others, that have the cause.
const CAUSE_IN_SLOW: (f64, f64) = (0.6, 0.9);
const CAUSE_IN_OTHERS: (f64, f64) = (0.02, 0.1);
/// The share of traces with the cause that have the correlated value too.
const CORRELATION: (f64, f64) = (0.3, 0.8);

/// A planted cause: the key, and the value, `None` for an attribute that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planted {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    #[allow(clippy::cast_precision_loss)]
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, (low, high): (f64, f64)) -> f64 {
        low + self.share() * (high - low)
    }
}

/// Returns the traces of a case, and what was planted.
pub(crate) fn case(seed: u64, has_cause: bool) -> (Vec<SpanRecord>, Option<Planted>) {
    let mut random = Random(seed.wrapping_mul(7_919) ^ u64::from(has_cause));
    let slow = SLOW_TRACES.0 + random.below(SLOW_TRACES.1 - SLOW_TRACES.0 + 1);
    let sizes: Vec<u64> = (0..ATTRIBUTES).map(|_| 2 + random.below(18)).collect();
    let (in_slow, in_others) = (random.between(CAUSE_IN_SLOW), random.between(CAUSE_IN_OTHERS));
    let correlation: Vec<f64> = (0..CORRELATED).map(|_| random.between(CORRELATION)).collect();
    let names = ["tenant", "pod", "version", "feature.flag"];
    let kind = (seed % 4) as usize;
    let is_missing = kind == 3;
    let planted =
        Planted { key: names[kind].to_owned(), value: (!is_missing).then(|| format!("{}-0", names[kind])) };
    let mut records = Vec::new();
    for trace in 0..TRACES {
        let is_slow = trace < slow;
        let has = has_cause && random.share() < if is_slow { in_slow } else { in_others };
        let base = 20_000_000 + random.below(400_000_000);
        let duration = if is_slow { SLOW + 1 + random.below(2_000_000_000) } else { base };
        let mut spans: Vec<SpanRecord> = ["gateway", "orders", "payment"]
            .iter()
            .enumerate()
            .map(|(depth, service)| {
                let depth = depth as u64;
                let span = SpanRecord::new(u128::from(trace) + 1, depth + 1)
                    .with_parent(depth)
                    .with_service(*service);
                span.with_name("work").with_times(depth, duration - depth)
            })
            .collect();
        for index in 0..ATTRIBUTES {
            // The first four are the places where a cause may be; the next five are correlated with it.
            let key = names.get(index).map_or(format!("attribute.{index}"), |name| (*name).to_owned());
            let value = match index {
                it if it == kind && has && is_missing => continue,
                it if it == kind && has => 0,
                // A missing attribute has one value where it is there.
                it if it == kind && is_missing => 1,
                it if it == kind && has_cause => 1 + random.below(sizes[index] - 1),
                4..9 if has && random.share() < correlation[index - 4] => 0,
                _ => random.below(sizes[index]),
            };
            let span = &mut spans[index % 3];
            *span = span.clone().with_attribute(key.clone(), format!("{key}-{value}"));
        }
        let id = format!("{:016x}", random.next());
        spans[0] = spans[0].clone().with_attribute("request.id", id);
        records.append(&mut spans);
    }
    (records, has_cause.then_some(planted))
}
