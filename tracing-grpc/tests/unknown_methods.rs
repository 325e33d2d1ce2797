//! Unknown methods create neither span names nor attribute values.

#![allow(clippy::unwrap_used)]

mod support;

use http::uri::PathAndQuery;
use opentelemetry::trace::SpanKind;
use support::proto::{Item, Level};
use support::{Shop, ending, item};
use tonic::Code;
use tonic_prost::ProstCodec;
use tower_layer::Layer;
use tracing_core_lite::span::data::SpanData;
use tracing_grpc::client::ClientLayer;

/// Calls `path` without generated code. Returns the spans of client and server.
async fn call(shop: &Shop, path: &'static str) -> (Code, SpanData, SpanData) {
    let layer = ClientLayer::new().with_provider(shop.spans.provider()).with_endpoint(&shop.endpoint);
    let mut client = tonic::client::Grpc::new(layer.layer(shop.endpoint.connect_lazy()));
    client.ready().await.unwrap();
    let codec = ProstCodec::<Item, Level>::default();
    let answer = client.unary(tonic::Request::new(item("A-7")), PathAndQuery::from_static(path), codec).await;
    let (client, server) = shop.pair();
    (answer.map_or_else(|status| status.code(), |_| Code::Ok), client, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_or_a_service_that_does_not_exist() {
    for path in ["/shop.v1.Stock/Burn", "/shop.v1.Stove/Check"] {
        let shop = Shop::open().await;
        let (code, client, server) = call(&shop, path).await;
        assert_eq!(code, Code::Unimplemented);
        for span in [client, server] {
            assert_eq!(span.name, "grpc", "{path}");
            assert_eq!(span.text("rpc.method"), Some("_OTHER"));
            assert_eq!(span.text("rpc.method_original"), Some(&path[1..]));
            assert_eq!(ending(&span), (Some("UNIMPLEMENTED"), Some("UNIMPLEMENTED"), true));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_names_no_method() {
    let shop = Shop::open().await;
    let (_, _, server) = call(&shop, "/favicon.ico").await;
    assert_eq!(server.name, "grpc");
    assert_eq!(server.text("rpc.method_original"), Some("favicon.ico"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_exists_needs_no_generated_code() {
    let shop = Shop::open().await;
    let (code, client, server) = call(&shop, "/shop.v1.Stock/Check").await;
    assert_eq!(code, Code::Ok);
    for span in [client, server] {
        assert_eq!(span.name, "shop.v1.Stock/Check");
        assert_eq!(span.text("rpc.method_original"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_method_may_be_unimplemented() {
    let mut shop = Shop::with(|layer| layer.with_known_methods(["shop.v1.Stock/Check"]), |layer| layer).await;
    shop.client.check(item("retired")).await.unwrap_err();
    let (client, server) = shop.pair();
    for span in [client, server] {
        assert_eq!(span.name, "shop.v1.Stock/Check", "{:?}", span.kind);
        assert_eq!(ending(&span), (Some("UNIMPLEMENTED"), Some("UNIMPLEMENTED"), true));
    }
}

/// Like the response of a handler that does not support the request.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_answers_unimplemented_with_a_message_keeps_its_name() {
    let mut shop = Shop::open().await;
    shop.client.check(item("retired")).await.unwrap_err();
    let (_, server) = shop.pair();
    assert_eq!(
        (server.name.as_str(), server.text("rpc.method")),
        ("shop.v1.Stock/Check", Some("shop.v1.Stock/Check"))
    );
    assert_eq!(server.text("rpc.method_original"), None);
    assert_eq!(ending(&server), (Some("UNIMPLEMENTED"), Some("UNIMPLEMENTED"), true));
}

/// Like tonic's response to a caller whose compression the service has not enabled.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_whose_callers_compression_is_not_supported_keeps_its_name() {
    let shop = Shop::open().await;
    let mut client = tonic::client::Grpc::new(shop.endpoint.connect_lazy());
    client.ready().await.unwrap();
    let mut request = tonic::Request::new(item("A-7"));
    request.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    let codec = ProstCodec::<Item, Level>::default();
    let path = PathAndQuery::from_static("/shop.v1.Stock/Check");
    let status = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let server = shop.spans.one("shop.v1.Stock/Check");
    assert_eq!(server.text("rpc.response.status_code"), Some("UNIMPLEMENTED"));
}

/// A fallback may send a message for every path.
#[tokio::test]
async fn names_that_are_kept_for_their_message_are_bounded() {
    let spans = tracing_core_lite::testing::TestSpans::new();
    let layer = tracing_grpc::server::ServerLayer::new().with_provider(spans.provider());
    let mut fallback = layer.layer(tower::service_fn(|_: http::Request<()>| async {
        let response =
            http::Response::builder().header("grpc-status", "12").header("grpc-message", "no such thing");
        Ok::<_, std::convert::Infallible>(
            response.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap(),
        )
    }));
    for number in 0..250 {
        let request = http::Request::post(format!("/made.up/Method{number}")).body(()).unwrap();
        tower_service::Service::call(&mut fallback, request).await.unwrap();
    }
    let names: std::collections::HashSet<_> = spans.finished().into_iter().map(|it| it.span.name).collect();
    assert_eq!(names.len(), 200 + 1, "200 names, and `grpc` for the others");
    assert!(names.contains("grpc"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_list_of_known_methods_others_are_not() {
    let mut shop = Shop::with(|layer| layer.with_known_methods(["shop.v1.Stock/Check"]), |layer| layer).await;
    shop.client.reserve(tokio_stream::empty()).await.unwrap();
    let (_, server) = shop.pair();
    assert_eq!((server.name.as_str(), server.text("rpc.method")), ("grpc", Some("_OTHER")));
    assert_eq!(server.kind, SpanKind::Server);
}
