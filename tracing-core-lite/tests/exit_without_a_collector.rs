//! A program without a collector exits soon, and one with a late collector loses no spans.
#![cfg(all(feature = "otlp-http", feature = "otlp-grpc", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::pipeline::{Exporter, Fanout};
use tracing_core_lite::{Context, TracerProvider};
use tracing_subscriber::Layer;
use tracing_subscriber::prelude::*;

const TIMEOUT: Duration = Duration::from_secs(20);

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn provider_with_a_span(exporter: impl Exporter) -> TracerProvider {
    let provider = TracerProvider::builder().with_exporter(exporter).build().unwrap();
    provider.tracer("test").span("work").with_parent(&Context::new()).start();
    provider
}

/// A subscriber that collects the messages of this crate.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Messages {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        if event.metadata().target().starts_with("tracing_core_lite") {
            self.0.lock().unwrap().push(text.0);
        }
    }
}

#[test]
fn the_exit_does_not_wait_for_a_receiver_that_cannot_be_reached() {
    let messages = Messages::default();
    tracing_subscriber::registry().with(messages.clone()).init();
    let address = free_address();
    let http = OtlpConfig::new().with_endpoint(format!("http://{address}"));
    let unresolvable = OtlpConfig::new().with_endpoint("http://host.invalid:4318");
    let build = |config: &OtlpConfig| config.build().unwrap();
    let local = format!("http://{address}");
    let cases: Vec<(&str, &str, Box<dyn Exporter>)> = vec![
        ("HTTP", &local, build(&http)),
        ("gRPC", &local, build(&http.clone().with_protocol(Protocol::Grpc))),
        ("no such host", "http://host.invalid:4318", build(&unresolvable)),
        (
            "beside another exporter",
            &local,
            Box::new(Fanout::new(vec![build(&http), Box::new(MemoryExporter::new())])),
        ),
    ];
    for (name, endpoint, exporter) in cases {
        messages.0.lock().unwrap().clear();
        let provider = provider_with_a_span(exporter);
        let begin = Instant::now();
        provider.shutdown(TIMEOUT).unwrap_err();
        assert!(begin.elapsed() < TIMEOUT / 4, "{name}: {:?}", begin.elapsed());
        // The other tests of this process log to the same subscriber, about other endpoints.
        let mut messages = messages.0.lock().unwrap().clone();
        messages.retain(|message| message.contains(endpoint));
        let said = |text: &str| messages.iter().filter(|message| message.contains(text)).count();
        assert_eq!(said("shutdown does not wait"), 1, "{name}: {messages:?}");
        // The first failure advises what to do.
        assert_eq!(said("OTEL_EXPORTER_OTLP_ENDPOINT"), 1, "{name}: {messages:?}");
    }
}

/// A receiver that refuses the first attempt and then accepts.
#[test]
fn a_collector_that_starts_late_gets_the_spans_of_a_short_program() {
    let address = free_address();
    let config = OtlpConfig::new().with_endpoint(format!("http://{address}"));
    let provider = provider_with_a_span(config.build().unwrap());
    let receiver = std::thread::spawn(move || {
        // Longer than the first attempt takes to fail, and shorter than the pause after it.
        std::thread::sleep(Duration::from_millis(300));
        let listener = TcpListener::bind(address).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = [0; 4096];
        assert!(stream.read(&mut read).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    });
    provider.shutdown(TIMEOUT).unwrap();
    assert_eq!(provider.stats().exported, 1);
    receiver.join().unwrap();
}

/// A receiver that answers but is busy is given time.
#[test]
fn a_busy_receiver_is_waited_for() {
    use tracing_core_lite::testing::{FakeOtlp, Reply};
    let receiver = FakeOtlp::start().unwrap();
    for _ in 0..3 {
        receiver.reply(Reply::status(503).with_retry_after(0));
    }
    let provider = provider_with_a_span(OtlpConfig::new().with_endpoint(receiver.url()).build().unwrap());
    provider.shutdown(TIMEOUT).unwrap();
    assert_eq!(provider.stats().exported, 1);
}
