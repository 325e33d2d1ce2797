//! Coverage counts seen, kept and dropped traces, and estimates the true counts.

mod program;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use program::{KEY, Program};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::opentelemetry::Context;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::sampling::consistent::Threshold;
use tracing_core_lite::sampling::{ParentBased, Ratio};
use tracing_core_lite::testing::seed_ids;
use tracing_core_lite::{SpanKind, TracerProvider};
use tracing_sampling::coverage::{Coverage, Estimate};
use tracing_sampling::head::{Rule, Rules};

fn rules() -> Rules {
    Rules::builder()
        .with_rule(Rule::sample(0.5).with_route("/payments").with_name("payments"))
        .with_rule(Rule::sample(0.0).with_route("/health").with_name("never"))
        .with_default(0.1)
        .build()
        .expect("the rules are valid")
}

#[test]
fn the_interval_contains_the_true_count() {
    const RUNS: u64 = 1000;
    let mut hits = [0, 0];
    for seed in 0..RUNS {
        let coverage = Coverage::new();
        let mut program =
            Program::start_with(5000 + seed, |exporter| coverage.exporter(exporter), |_| rules());
        // Arrivals are counted here, kept ones from the exported bytes.
        let arrived = program.run(300.0, Duration::from_secs(1), |random| {
            if random.f64() < 0.3 { "/payments" } else { "/orders" }
        });
        program.exported();
        let report = coverage.report();
        let contains = |interval: Option<(f64, f64)>, count: usize| {
            interval.is_some_and(|(low, high)| (low..=high).contains(&(count as f64)))
        };
        hits[0] += usize::from(contains(report.total.interval, arrived.values().sum()));
        let orders = report.rows.iter().find(|row| row.policy == "default").expect("some were kept");
        hits[1] += usize::from(contains(orders.interval, arrived["/orders"]));
    }
    // 950 are expected, with a standard deviation of 7.
    assert!(hits.iter().all(|hits| (930..=970).contains(hits)), "{hits:?}");
}

#[test]
fn seen_kept_and_dropped() {
    let coverage = Coverage::new();
    let mut program =
        Program::start_with(1, |exporter| coverage.exporter(exporter), |_| coverage.sampler(rules()));
    let arrived = program.run(5000.0, Duration::from_secs(1), |random| {
        ["/payments", "/orders", "/health"][random.usize(0..3)]
    });
    let exported = program.exported();
    let report = coverage.report();
    for (policy, key) in [("payments", "/payments"), ("default", "/orders"), ("never", "/health")] {
        let row = report.rows.iter().find(|row| row.policy == policy).expect(policy);
        assert_eq!((row.service.as_str(), row.operation.as_str()), ("orders", "request"));
        assert_eq!(row.seen, arrived[key] as u64, "{policy}");
        assert_eq!(row.kept + row.dropped, row.seen, "{policy}");
        let exported = exported.get(key).copied().unwrap_or_default();
        assert_eq!((row.kept as f64, row.exported.kept as f64), (exported.kept, exported.kept), "{policy}");
        assert!((row.exported.count - exported.estimated).abs() < 1e-6, "{policy}");
    }
    assert_eq!(report.total.seen, arrived.values().sum::<usize>() as u64);
    assert!(report.never_kept.is_empty(), "the operation is kept by other policies");
}

#[test]
fn what_is_never_kept_is_listed() {
    let coverage = Coverage::new();
    let provider = TracerProvider::builder()
        .with_sampler(ParentBased::new(coverage.sampler(Ratio::new(0.0))))
        .with_exporter(coverage.exporter(MemoryExporter::new()))
        .build()
        .expect("a thread");
    for _ in 0..7 {
        provider.tracer("shop").span("GET \u{1b}[31m/health").with_parent(&Context::new()).start().end();
    }
    let report = coverage.report();
    assert_eq!(report.never_kept.len(), 1);
    assert_eq!((report.never_kept[0].seen, report.never_kept[0].expected), (7, 0.0));
    let text = report.to_string();
    assert!(text.contains("GET \u{fffd}[31m/health, seen 7, expected 0.0"), "{text}");
}

#[test]
fn services_that_disagree_are_listed() {
    let coverage = Coverage::new();
    let provider = |service: &str, probability| {
        TracerProvider::builder()
            .with_resource(tracing_core_lite::Resource::builder().with_service_name(service).build())
            .with_sampler(Ratio::new(probability))
            .with_exporter(coverage.exporter(MemoryExporter::new()))
            .build()
            .expect("a thread")
    };
    let (gateway, payment) = (provider("gateway", 1.0), provider("payment", 0.5));
    seed_ids(3);
    for _ in 0..20 {
        let request = gateway.tracer("test").span("order").with_parent(&Context::new()).start();
        let sender = request.span_context().clone();
        payment
            .tracer("test")
            .span("pay")
            .with_kind(SpanKind::Server)
            .with_remote_parent(&sender)
            .start()
            .end();
        request.end();
        // The order of the two exports is fixed.
        gateway.flush(Duration::from_secs(10)).expect("exported");
        payment.flush(Duration::from_secs(10)).expect("exported");
    }
    let report = coverage.report();
    assert_eq!(report.disagreements.len(), 1, "{report}");
    let found = &report.disagreements[0];
    assert_eq!((found.first.as_str(), found.second.as_str()), ("gateway", "payment"));
    assert_eq!((found.first_threshold.as_str(), found.second_threshold.as_str()), ("0", "8"));
    assert!((3..=17).contains(&found.spans), "{report}");
    assert!(
        report.to_string().contains("thresholds disagree: gateway has th:0, payment has th:8"),
        "{report}"
    );
}

/// An exporter that fails once.
struct FailsOnce(Arc<Mutex<bool>>);

impl Exporter for FailsOnce {
    fn export(&mut self, _: &Batch, _: std::time::Instant) -> Result<Exported, ExportError> {
        let has_failed = std::mem::replace(&mut *self.0.lock().expect("no panic"), true);
        if has_failed {
            Ok(Exported::default())
        } else {
            Err(ExportError::Permanent { reason: "full".into() })
        }
    }

    fn flush(&mut self, _: std::time::Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn what_was_not_exported_is_not_counted() {
    let coverage = Coverage::new();
    let exporter = coverage.exporter(FailsOnce(Arc::default()));
    let provider = TracerProvider::builder().with_exporter(exporter).build().expect("a thread");
    for expected in [0, 1] {
        provider.tracer("test").span("order").with_parent(&Context::new()).start().end();
        // The first one reports the loss.
        let _lost = provider.flush(Duration::from_secs(10));
        let total = coverage.report().total;
        // Always-on sends no threshold.
        assert_eq!((total.exported.kept, total.exported.uncounted), (0, expected));
    }
}

#[test]
fn malformed_requests_are_errors() {
    let coverage = Coverage::new();
    assert!(coverage.add_request(&[0x0a, 9]).is_err());
    assert!(coverage.add_request(&[]).is_ok());
    assert!(coverage.report().rows.is_empty());
}

#[test]
fn operations_are_bounded() {
    let coverage = Coverage::new();
    let provider = TracerProvider::builder()
        .with_sampler(ParentBased::new(coverage.sampler(Ratio::new(0.0))))
        .build()
        .expect("a thread");
    for index in 0..3000 {
        provider.tracer("test").span(&format!("GET /{index}")).with_parent(&Context::new()).start().end();
    }
    let report = coverage.report();
    assert!(report.rows.len() <= 1001, "{}", report.rows.len());
    assert_eq!(report.total.seen, 3000);
}

#[test]
fn intervals() {
    assert_eq!(Estimate::default().interval(), None);
    let of = |digits: &str, kept: usize| {
        let mut estimate = Estimate::default();
        (0..kept).for_each(|_| estimate.add(Threshold::parse(digits)));
        (estimate.count, estimate.interval().expect("some were kept"))
    };
    assert_eq!(of("0", 10), (10.0, (10.0, 10.0)), "everything is kept");
    let (count, (low, high)) = of("f", 1);
    assert!(count == 16.0 && low >= 1.0 && high > 70.0, "one of few says little: {low} to {high}");
}

#[cfg(feature = "json")]
#[test]
fn the_report_as_json() {
    let coverage = Coverage::new();
    let program =
        Program::start_with(1, |exporter| coverage.exporter(exporter), |_| coverage.sampler(rules()));
    (0..200).for_each(|_| program.request("/payments"));
    program.exported();
    let json: serde_json::Value = serde_json::from_str(&coverage.report().to_json()).expect("JSON");
    assert_eq!(json["rows"][0]["seen"], 200);
    assert_eq!(json["rows"][0]["policy"], "payments");
    assert!(json["rows"][0]["interval"][0].is_number());
    assert_eq!(KEY, "http.route");
}

#[cfg(feature = "metrics")]
#[test]
fn the_report_as_metrics() {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

    let exporter = InMemoryMetricExporter::default();
    let meters =
        SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    let coverage = Coverage::new();
    coverage.register_metrics(&meters.meter("test"));
    let program =
        Program::start_with(1, |exporter| coverage.exporter(exporter), |_| coverage.sampler(rules()));
    (0..200).for_each(|_| program.request("/payments"));
    program.exported();
    meters.force_flush().expect("exported");
    let found = format!("{:?}", exporter.get_finished_metrics().expect("metrics"));
    for name in ["decisions", "exported", "estimated"] {
        assert!(found.contains(&format!("tracing_suite.sampling.{name}")), "{found}");
    }
    assert!(found.contains("payments"), "{found}");
}
