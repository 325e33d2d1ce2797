//! The layer around a service on plain hyper, over HTTP/1 and HTTP/2.
#![allow(clippy::unwrap_used)]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use support::{attribute, only};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tracing_core_lite::testing::TestSpans;
use tracing_http::PeerAddress;
use tracing_http::server::{Route, ServerLayer};

async fn serve(layer: ServerLayer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = layer.layer(tower::service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    }));
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let service = service.clone().map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(PeerAddress(peer));
                request.extensions_mut().insert(Route::from("/hello/{name}"));
                request
            });
            let connection = auto::Builder::new(TokioExecutor::new());
            tokio::spawn(async move {
                connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await
            });
        }
    });
    address
}

#[tokio::test]
async fn both_versions() {
    for (http2, version) in [(false, "1.1"), (true, "2")] {
        let spans = TestSpans::new();
        let address = serve(ServerLayer::new().with_provider(spans.provider())).await;
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let request =
            Request::get(format!("http://{address}/hello/ann")).body(Empty::<Bytes>::new()).unwrap();
        let body = client.request(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "hello");
        let span = only(&spans).await;
        assert_eq!(span.name, "GET /hello/{name}");
        assert_eq!(attribute(&span, "network.protocol.version").as_deref(), Some(version));
        assert_eq!(attribute(&span, "network.peer.address").as_deref(), Some("127.0.0.1"));
        assert_eq!(attribute(&span, "client.address").as_deref(), Some("127.0.0.1"));
        assert_eq!(attribute(&span, "server.address").as_deref(), Some("127.0.0.1"));
        assert_eq!(attribute(&span, "server.port"), Some(address.port().to_string()));
        assert!(span.events.is_empty());
        assert_eq!(attribute(&span, "error.type"), None);
    }
}
