//! The figures that can be limited.

use std::collections::BTreeMap;

use crate::analysis::{FindingKind, Histogram, Summary, ratio};

/// Returns the figures of a summary, by name. Times are in nanoseconds, rates are shares of 0 to 1.
///
/// | figure | what it is |
/// |---|---|
/// | `traces`, `spans` | how many there are |
/// | `path.p50`, `.p90`, `.p95`, `.p99`, `.max`, `.mean` | the duration of requests, which is that of their critical path |
/// | `path.share.SERVICE` | the share of all critical paths that a service takes |
/// | `latency.ROOT.p95`, … | the duration of one kind of request: service and name of the root |
/// | `errors.rate`, `errors.count` | requests whose root failed |
/// | `errors.traces.rate` | traces with a failed span |
/// | `quality.KIND` | findings of one kind, such as `quality.orphan` |
/// | `calls.CALLER.CALLEE.errors.rate`, `.p95` | calls from one service to another |
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn figures(summary: &Summary) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let quality = &summary.quality;
    found.insert("traces".to_owned(), quality.traces as f64);
    found.insert("spans".to_owned(), quality.spans as f64);
    times(&mut found, "path", &summary.latency.all.durations);
    for (service, nanos) in summary.path.by_service() {
        found.insert(format!("path.share.{service}"), ratio(nanos, summary.path.total));
    }
    for (route, latency) in &summary.latency.routes {
        times(&mut found, &format!("latency.{route}"), &latency.durations);
    }
    let errors = &summary.errors;
    found.insert("errors.count".to_owned(), errors.failed as f64);
    found.insert("errors.rate".to_owned(), ratio(errors.failed, errors.traces));
    found.insert("errors.traces.rate".to_owned(), ratio(errors.with_errors, errors.traces));
    for kind in FindingKind::ALL {
        found.insert(format!("quality.{}", kind.key()), quality.count(kind) as f64);
    }
    for (caller, callees) in &summary.map.with_messages().edges {
        for (callee, edge) in callees {
            let name = format!("calls.{caller}.{callee}");
            found.insert(format!("{name}.errors.rate"), ratio(edge.errors, edge.calls));
            found.insert(format!("{name}.p95"), edge.latency.quantile(0.95) as f64);
        }
    }
    found
}

#[allow(clippy::cast_precision_loss)]
fn times(found: &mut BTreeMap<String, f64>, name: &str, histogram: &Histogram) {
    for (suffix, quantile) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)] {
        found.insert(format!("{name}.{suffix}"), histogram.quantile(quantile) as f64);
    }
    found.insert(format!("{name}.mean"), histogram.mean() as f64);
}

/// Returns the distribution that a figure of a duration comes from.
pub(crate) fn distribution<'s>(summary: &'s Summary, figure: &str) -> Option<&'s Histogram> {
    let (name, _) = figure.rsplit_once('.')?;
    if name == "path" {
        return Some(&summary.latency.all.durations);
    }
    summary.latency.routes.get(name.strip_prefix("latency.")?).map(|it| &it.durations)
}
