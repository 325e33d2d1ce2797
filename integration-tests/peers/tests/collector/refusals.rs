//! Requests that a Collector refuses are sent again, and no span is lost or duplicated.

use std::time::Duration;

use peer_tests::{Collector, Outcomes, until};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::pipeline::BatchLimits;
use tracing_core_lite::span::data::FinishedSpan;

/// The memory limiter is above its limit from the start, so every request is refused with a retryable error.
const OUT_OF_MEMORY: &str = "
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:{http}' }, grpc: { endpoint: '127.0.0.1:{grpc}' } } }
processors:
  memory_limiter: { check_interval: 50ms, limit_mib: 2, spike_limit_mib: 1 }
exporters:
  file: { path: '{file}', flush_interval: 100ms }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [memory_limiter], exporters: [file] } }
";

/// An exporter without a receiver, and a queue for one request. Further requests are refused.
const FULL_QUEUE: &str = "
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:{http}' }, grpc: { endpoint: '127.0.0.1:{grpc}' } } }
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:9
    retry_on_failure: { enabled: true, initial_interval: 60s, max_interval: 60s }
    sending_queue: { queue_size: 1, num_consumers: 1 }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [otlp_http] } }
";

const WORKING: &str = "
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:{http}' }, grpc: { endpoint: '127.0.0.1:{grpc}' } } }
exporters:
  file: { path: '{file}', flush_interval: 100ms, append: true }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [file] } }
";

const PROTOCOLS: [Protocol; 3] = [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc];
const TIMEOUT: Duration = Duration::from_secs(60);

/// A provider that exports each span immediately and alone, and the outcomes of its attempts.
fn provider(collector: &Collector, protocol: Protocol) -> (TracerProvider, Outcomes) {
    let config = OtlpConfig::new().with_protocol(protocol).with_endpoint(collector.endpoint(protocol));
    let limits =
        BatchLimits::default().with_schedule_delay(Duration::from_millis(1)).with_max_export_batch_size(1);
    let outcomes = Outcomes::default();
    let exporter = outcomes.of(config.build().expect("a valid configuration"));
    let builder = TracerProvider::builder().with_batch_limits(limits).with_exporter(exporter);
    (builder.build().expect("the provider can be built"), outcomes)
}

fn record(provider: &TracerProvider, name: &str) {
    provider.tracer("peer-tests").span(name).start().end();
}

fn names(collector: &Collector) -> Vec<String> {
    let mut names: Vec<String> =
        FinishedSpan::flatten(collector.received()).into_iter().map(|it| it.span.name).collect();
    names.sort();
    names
}

#[test]
fn what_the_memory_limiter_refuses_waits() {
    for protocol in PROTOCOLS {
        let mut collector = Collector::start(OUT_OF_MEMORY);
        let (provider, outcomes) = provider(&collector, protocol);
        until("the limiter has begun to refuse", || collector.log().contains("Refusing data"));
        record(&provider, "refused");
        until("the span was refused", || {
            let _ = provider.flush(Duration::from_millis(200));
            outcomes.has_retryable()
        });
        assert_eq!(provider.stats().exported, 0, "{protocol:?}");
        assert_eq!(provider.stats().lost(), 0, "{protocol:?}");
        // The same Collector with enough memory.
        collector.stop();
        collector.configure(WORKING);
        collector.start_again();
        provider.shutdown(TIMEOUT).expect("the span is sent again");
        assert_eq!((provider.stats().exported, provider.stats().lost()), (1, 0), "{protocol:?}");
        until("the span is written", || !names(&collector).is_empty());
        assert_eq!(names(&collector), ["refused"], "{protocol:?}");
    }
}

#[test]
fn what_a_full_queue_refuses_waits() {
    for protocol in PROTOCOLS {
        let collector = Collector::start(FULL_QUEUE);
        let (provider, outcomes) = provider(&collector, protocol);
        // One is being sent, one is queued, and the others are refused.
        for number in 0..4 {
            record(&provider, &format!("span {number}"));
        }
        until("the queue is full", || {
            let _ = provider.flush(Duration::from_millis(200));
            outcomes.has_retryable()
        });
        let stats = provider.stats();
        assert_eq!(stats.lost(), 0, "{protocol:?}: {stats:?}");
        assert!(stats.exported < 4 && stats.queued > 0, "{protocol:?}: {stats:?}");
        // Drops the remaining spans.
        let _ = provider.shutdown(Duration::from_millis(1));
    }
}

#[test]
fn a_restart_loses_and_repeats_nothing() {
    for protocol in PROTOCOLS {
        let mut collector = Collector::start(WORKING);
        let (provider, outcomes) = provider(&collector, protocol);
        record(&provider, "1 before");
        provider.flush(TIMEOUT).expect("the first span is exported");
        collector.stop();
        record(&provider, "2 meanwhile");
        until("an attempt has failed", || {
            let _ = provider.flush(Duration::from_millis(200));
            outcomes.has_retryable()
        });
        assert_eq!((provider.stats().exported, provider.stats().lost()), (1, 0), "{protocol:?}");
        collector.start_again();
        record(&provider, "3 after");
        provider.flush(TIMEOUT).expect("the others are exported");
        until("all are written", || names(&collector).len() >= 3);
        collector.stop();
        assert_eq!(names(&collector), ["1 before", "2 meanwhile", "3 after"], "{protocol:?}");
        assert_eq!(provider.stats().lost(), 0, "{protocol:?}");
    }
}
