//! Recommended sampling rates by level of traffic.

use serde::Serialize;

/// A recommended sampling rate. It is a rule of thumb, not a computed value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Recommendation {
    /// What it is for.
    pub traffic: &'static str,
    /// The lowest and highest share of requests to trace: 0 to 1.
    pub rates: (f64, f64),
    /// Why.
    pub reason: &'static str,
    /// Whether it applies to the given traffic. Those for errors, slow requests and critical paths always do.
    pub applies: bool,
}

/// Returns the recommended rates, and which of them apply to this many requests per second.
#[must_use]
pub fn recommendations(requests_per_second: f64) -> Vec<Recommendation> {
    let level = |traffic, rates, reason, applies| Recommendation { traffic, rates, reason, applies };
    let rate = requests_per_second;
    vec![
        level("below 100 requests/s", (0.1, 1.0), "low volume: more traces are affordable", rate < 100.0),
        level(
            "100 to 1000 requests/s",
            (0.01, 0.1),
            "balances cost and visibility",
            (100.0..=1000.0).contains(&rate),
        ),
        level("above 1000 requests/s", (0.001, 0.01), "high volume: look at errors", rate > 1000.0),
        level("critical paths", (0.1, 1.0), "always important", true),
        level("errors", (1.0, 1.0), "failures are always traced", true),
        level("slow requests", (1.0, 1.0), "performance problems are always traced", true),
    ]
}
