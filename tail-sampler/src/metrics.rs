//! Metrics, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::control::{Control, Mode};
use crate::refused::Refused;

/// Requests by outcome, and reloads of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    accepted: AtomicU64,
    busy: AtomicU64,
    malformed: AtomicU64,
    unauthorized: AtomicU64,
    pub(crate) reloads: AtomicU64,
    pub(crate) failed_reloads: AtomicU64,
}

impl Requests {
    pub(crate) fn count_unauthorized(&self) {
        self.unauthorized.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, result: &Result<(), Refused>) {
        let counter = match result {
            Ok(()) => &self.accepted,
            Err(Refused::Busy) => &self.busy,
            Err(Refused::Malformed(_)) => &self.malformed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns all metrics.
pub(crate) fn render(control: &Control, requests: &Requests) -> String {
    let stats = control.stats();
    let mut text = String::new();
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut metric = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
        let _ = writeln!(text, "# HELP tail_sampler_{name} {help}\n# TYPE tail_sampler_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "tail_sampler_{name}{labels} {value}");
        }
    };
    let label = |key: &str, value: &str| format!("{{{key}=\"{}\"}}", escaped(value));
    let plain = |value| [(String::new(), value)];
    metric(
        "requests_total",
        "counter",
        "OTLP requests by outcome.",
        &[
            (label("outcome", "accepted"), load(&requests.accepted)),
            (label("outcome", "busy"), load(&requests.busy)),
            (label("outcome", "malformed"), load(&requests.malformed)),
            (label("outcome", "unauthorized"), load(&requests.unauthorized)),
        ],
    );
    for (unit, of) in
        [("spans", (|it| it.spans) as fn(tracing_sampling::tail::Amount) -> u64), ("traces", |it| it.traces)]
    {
        metric(
            &format!("{unit}_total"),
            "counter",
            &format!("{unit} by outcome. Those received are the sum of kept, dropped and pending."),
            &[
                (label("outcome", "received"), of(stats.received)),
                (label("outcome", "kept"), of(stats.kept)),
                (label("outcome", "dropped"), of(stats.dropped)),
            ],
        );
        metric(&format!("pending_{unit}"), "gauge", &format!("{unit} that wait."), &plain(of(stats.pending)));
        let policies =
            |outcome: fn(&tracing_sampling::tail::PolicyStats) -> tracing_sampling::tail::Amount| {
                stats.policies.iter().map(move |it| (it, of(outcome(it)))).collect::<Vec<_>>()
            };
        let mut values = Vec::new();
        for (outcome, list) in [
            ("matched", policies(|it| it.matched)),
            ("kept", policies(|it| it.kept)),
            ("dropped", policies(|it| it.dropped)),
        ] {
            for (policy, value) in list {
                let labels = format!("{{policy=\"{}\",outcome=\"{outcome}\"}}", escaped(&policy.policy));
                values.push((labels, value));
            }
        }
        metric(
            &format!("policy_{unit}_total"),
            "counter",
            &format!("{unit} by policy and outcome."),
            &values,
        );
    }
    for (name, kind, help, value) in [
        ("pending_bytes", "gauge", "Memory of what waits, in bytes.", stats.pending_bytes),
        ("late_kept_spans_total", "counter", "Late spans that were kept.", stats.late_kept_spans),
        ("late_dropped_spans_total", "counter", "Late spans that were dropped.", stats.late_dropped_spans),
        (
            "duplicate_spans_total",
            "counter",
            "Duplicates of spans, also counted as dropped.",
            stats.duplicate_spans,
        ),
        ("evicted_traces_total", "counter", "Traces decided early for lack of memory.", stats.evicted_traces),
        ("oversized_traces_total", "counter", "Traces decided early for their size.", stats.oversized_traces),
        ("invalid_spans_total", "counter", "Spans without a trace id.", stats.invalid_spans),
        ("malformed_requests_total", "counter", "Requests with a malformed part.", stats.malformed_requests),
        ("exported_spans_total", "counter", "Kept spans that the receiver accepted.", stats.exported_spans),
        ("failed_spans_total", "counter", "Kept spans that were lost on export.", stats.failed_spans),
        ("reloads_total", "counter", "Changes of the configuration.", load(&requests.reloads)),
        ("failed_reloads_total", "counter", "Invalid changes, not applied.", load(&requests.failed_reloads)),
    ] {
        metric(name, kind, help, &plain(value));
    }
    match &control.0 {
        Mode::Otlp(_) => {}
        #[cfg(feature = "kafka")]
        Mode::Kafka(kafka) => kafka.kafka_stats().render(&mut text),
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
