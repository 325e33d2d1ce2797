//! The context travels in metadata: text, and the binary `grpc-trace-bin`.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};

use http::HeaderMap;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::SpanKind;
use support::{Shelf, item};
use tonic::Request;
use tonic::metadata::{BinaryMetadataValue, MetadataValue};
use tonic::transport::{Endpoint, Server};
use tower_layer::Layer;
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

const TRACE: &str = "404142434445464748494a4b4c4d4e4f";

fn trace_bin() -> BinaryMetadataValue {
    let mut bytes = vec![0, 0];
    bytes.extend(0x40..=0x4f);
    bytes.push(1);
    bytes.extend(0x61..=0x68);
    bytes.extend([2, 1]);
    MetadataValue::from_bytes(&bytes)
}

/// Returns the metadata of the last request that a server received, and its spans.
async fn server() -> (TestSpans, Arc<Mutex<HeaderMap>>, Endpoint) {
    let spans = TestSpans::new();
    let seen = Arc::new(Mutex::new(HeaderMap::new()));
    let sink = Arc::clone(&seen);
    let layer = ServerLayer::new().with_provider(spans.provider()).with_on_request(
        move |request: &tracing_grpc::RequestHead<'_>, _: &mut tracing_core_lite::Recorder<'_>| {
            *sink.lock().unwrap() = request.metadata().clone();
        },
    );
    let port = support::serve(Server::builder().layer(layer), Shelf::default()).await;
    (spans, seen, Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_is_read_unless_there_is_text() {
    let (spans, _, endpoint) = server().await;
    let mut client = support::proto::stock_client::StockClient::new(endpoint.connect_lazy());
    for (traceparent, expected) in [
        (None, TRACE),
        (Some("00-000102030405060708090a0b0c0d0e0f-0001020304050607-01"), "000102030405060708090a0b0c0d0e0f"),
    ] {
        let mut request = Request::new(item("A-7"));
        request.metadata_mut().insert_bin("grpc-trace-bin", trace_bin());
        if let Some(traceparent) = traceparent {
            request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
        }
        let before = spans.finished().len();
        client.check(request).await.unwrap();
        let all = spans.wait_for(before + 1);
        let span = &all.last().unwrap().span;
        assert_eq!(span.trace_id.to_string(), expected);
        assert_eq!(span.flags & 0x300, 0x300, "the parent is remote");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_header_is_written_if_enabled() {
    for write in [false, true] {
        let (spans, seen, endpoint) = server().await;
        let layer = ClientLayer::new().with_provider(spans.provider()).with_grpc_trace_bin(write);
        let mut client = support::proto::stock_client::StockClient::new(layer.layer(endpoint.connect_lazy()));
        let mut request = Request::new(item("A-7"));
        // As a proxy would forward it.
        request.metadata_mut().insert_bin("grpc-trace-bin", trace_bin());
        request
            .metadata_mut()
            .insert("traceparent", format!("00-{TRACE}-6162636465666768-01").parse().unwrap());
        client.check(request).await.unwrap();
        let all = spans.wait_for(2);
        let client = &all.iter().find(|finished| finished.span.kind == SpanKind::Client).unwrap().span;
        let seen = seen.lock().unwrap();
        let text = format!("00-{}-{}-", client.trace_id, client.span_id);
        let sent = seen.get_all("traceparent").iter().collect::<Vec<_>>();
        assert_eq!(sent.len(), 1, "what was there before is replaced");
        assert!(sent[0].to_str().unwrap().starts_with(&text));
        let binary = seen.get_all("grpc-trace-bin").iter().collect::<Vec<_>>();
        assert_eq!(binary.len(), usize::from(write));
        if write {
            let bytes = BinaryMetadataValue::from_bytes(b"");
            assert!(bytes.is_empty());
            let extracted =
                tracing_core_lite::propagation::Propagator::new([Arc::new(tracing_grpc::GrpcTraceBin) as _])
                    .extract(&*seen);
            assert_eq!(extracted.span_context.unwrap().span_id(), client.span_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn baggage_goes_along() {
    let (spans, seen, endpoint) = server().await;
    let layer = ClientLayer::new().with_provider(spans.provider());
    let mut client = support::proto::stock_client::StockClient::new(layer.layer(endpoint.connect_lazy()));
    let context = Context::new().with_baggage([opentelemetry::KeyValue::new("tenant", "north")]);
    client.check(item("A-7")).in_context(context).await.unwrap();
    assert_eq!(seen.lock().unwrap()["baggage"], "tenant=north");
}
