//! Every field of every span arrives.

use peer_tests::{Jaeger, Sample, until};
use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, Protocol};

#[test]
fn every_field_arrives_over_each_protocol() {
    let jaeger = Jaeger::start();
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc] {
        for compression in [Compression::None, Compression::Gzip] {
            let config = OtlpConfig::new()
                .with_protocol(protocol)
                .with_compression(compression)
                .with_endpoint(jaeger.endpoint(protocol));
            let sample = Sample::export(config.build().expect("a valid configuration"));
            until("the spans are stored", || !jaeger.trace(sample.trace).is_empty());
            let differences = sample.differences(jaeger.trace(sample.trace));
            assert!(
                differences.found.is_empty(),
                "{protocol:?} {compression:?}: {}\n{}",
                differences.found.join("\n"),
                jaeger.log()
            );
        }
    }
}
