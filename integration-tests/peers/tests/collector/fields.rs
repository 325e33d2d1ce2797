//! Every field of every span arrives.

use peer_tests::{Collector, Sample, until};
use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, Protocol};

const CONFIGURATION: &str = "
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:{http}' }, grpc: { endpoint: '127.0.0.1:{grpc}' } } }
exporters:
  file: { path: '{file}', flush_interval: 100ms }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [file] } }
";

#[test]
fn every_field_arrives_over_each_protocol() {
    let collector = Collector::start(CONFIGURATION);
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc] {
        for compression in [Compression::None, Compression::Gzip] {
            let config = OtlpConfig::new()
                .with_protocol(protocol)
                .with_compression(compression)
                .with_endpoint(collector.endpoint(protocol));
            let sample = Sample::export(config.build().expect("a valid configuration"));
            let arrived = || {
                let mut all = collector.received();
                all.retain(|it| it.scope_spans[0].spans[0].trace_id == sample.trace);
                all
            };
            until("the spans are written", || !arrived().is_empty());
            let differences = sample.differences(arrived());
            assert!(
                differences.found.is_empty(),
                "{protocol:?} {compression:?}: {}\n{}",
                differences.found.join("\n"),
                collector.log()
            );
        }
    }
}
