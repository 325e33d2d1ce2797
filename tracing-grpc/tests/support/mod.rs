//! A service with one method of each kind behind the server layer, and a client with the client layer.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // Each test uses its part.

use std::pin::Pin;
use std::time::Duration;

use opentelemetry::trace::SpanKind;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};
use tower_layer::Layer;
use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;
use tracing_grpc::client::{ClientLayer, ClientService};
use tracing_grpc::server::ServerLayer;

#[allow(clippy::all, missing_docs, unused_qualifications, unreachable_pub)]
pub(crate) mod proto {
    include!("stock.rs");
}

use proto::stock_client::StockClient;
use proto::stock_server::{Stock, StockServer};
use proto::{Item, Level};

pub(crate) type Client = StockClient<ClientService<Channel>>;
type Levels = Pin<Box<dyn Stream<Item = Result<Level, Status>> + Send>>;

/// The service. The sku selects its behavior.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    /// Its spans are children of the current one.
    pub(crate) inner_spans: Option<TestSpans>,
}

pub(crate) fn item(sku: &str) -> Item {
    Item { sku: sku.to_owned(), quantity: 2 }
}

fn level(quantity: u32) -> Level {
    Level { sku: "A-7".to_owned(), quantity }
}

impl Shelf {
    fn work(&self, name: &str) {
        if let Some(spans) = &self.inner_spans {
            spans.tracer().span(name).start().end();
        }
    }
}

#[tonic::async_trait]
impl Stock for Shelf {
    async fn check(&self, request: Request<Item>) -> Result<Response<Level>, Status> {
        self.work("look");
        match request.into_inner().sku.as_str() {
            "missing" => Err(Status::not_found("no such sku: \u{e4}")),
            "broken" => Err(Status::internal("shelf fell over")),
            "retired" => Err(Status::unimplemented("no longer")),
            // As generated code answers for a method that does not exist.
            "absent" => Err(Status::unimplemented("")),
            "panic" => panic!("as the test wants"),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(20)).await;
                Ok(Response::new(level(0)))
            }
            _ => {
                let mut response = Response::new(level(3));
                response.metadata_mut().insert("x-shelf", "12".parse().unwrap());
                response.metadata_mut().insert("set-cookie", "secret".parse().unwrap());
                Ok(response)
            }
        }
    }

    type WatchStream = Levels;

    async fn watch(&self, request: Request<Item>) -> Result<Response<Levels>, Status> {
        let shelf = self.clone();
        let sku = request.into_inner().sku;
        let is_endless = sku == "endless";
        let levels = (0..if is_endless { u32::MAX } else { 3 }).map(level).map(Ok);
        let last = if sku == "broken" { Some(Err(Status::internal("shelf fell over"))) } else { None };
        let stream = tokio_stream::iter(levels.chain(last)).throttle(Duration::from_millis(20));
        Ok(Response::new(Box::pin(stream.map(move |level| {
            // Does not depend on the error, so that there is one for each level.
            if !is_endless && level.is_ok() {
                shelf.work("count");
            }
            level
        }))))
    }

    async fn reserve(&self, request: Request<Streaming<Item>>) -> Result<Response<Level>, Status> {
        let mut items = request.into_inner();
        let mut quantity = 0;
        while let Some(item) = items.message().await? {
            quantity += item.quantity;
        }
        Ok(Response::new(level(quantity)))
    }

    type TradeStream = Levels;

    async fn trade(&self, request: Request<Streaming<Item>>) -> Result<Response<Levels>, Status> {
        let items = request.into_inner();
        Ok(Response::new(Box::pin(items.map(|item| item.map(|item| level(item.quantity))))))
    }
}

/// A server and a client that record into the same collection.
pub(crate) struct Shop {
    pub(crate) spans: TestSpans,
    pub(crate) client: Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) port: u16,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(|layer| layer, |layer| layer).await
    }

    pub(crate) async fn with(
        server: impl FnOnce(ServerLayer) -> ServerLayer,
        client: impl FnOnce(ClientLayer) -> ClientLayer,
    ) -> Self {
        // The layers themselves must keep secrets out, so the redaction before export is off.
        let spans = TestSpans::with(|builder| builder.with_redaction(Redaction::off())).unwrap();
        let server = server(ServerLayer::new().with_provider(spans.provider()));
        let port = serve(Server::builder().layer(server), Shelf { inner_spans: Some(spans.clone()) }).await;
        let endpoint = Endpoint::try_from(format!("http://127.0.0.1:{port}")).unwrap();
        let layer = client(ClientLayer::new().with_provider(spans.provider()).with_endpoint(&endpoint));
        let client = StockClient::new(layer.layer(endpoint.connect_lazy()));
        Self { spans, client, endpoint, port }
    }

    /// Returns the client and the server span of the only call, after checking that they belong to one trace.
    pub(crate) fn pair(&self) -> (SpanData, SpanData) {
        // Both are named after the method. The service's own spans are of kind internal.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let of = |kind: SpanKind| {
            let all = self.spans.finished();
            all.iter().find(|finished| finished.span.kind == kind).map(|finished| finished.span.clone())
        };
        loop {
            if let (Some(client), Some(server)) = (of(SpanKind::Client), of(SpanKind::Server)) {
                assert_eq!(client.trace_id, server.trace_id);
                assert_eq!(client.span_id, server.parent_span_id);
                return (client, server);
            }
            assert!(
                std::time::Instant::now() < deadline,
                "one side has no span: {:?}",
                self.spans.finished()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Serves `shelf` on its own port.
pub(crate) async fn serve<L, B>(mut server: Server<L>, shelf: Shelf) -> u16
where
    L: Layer<tonic::service::Routes> + Clone + Send + 'static,
    L::Service: tower_service::Service<http::Request<tonic::body::Body>, Response = http::Response<B>>
        + Clone
        + Send
        + 'static,
    <L::Service as tower_service::Service<http::Request<tonic::body::Body>>>::Future: Send,
    <L::Service as tower_service::Service<http::Request<tonic::body::Body>>>::Error:
        Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = server.add_service(StockServer::new(shelf));
    tokio::spawn(router.serve_with_incoming(TcpIncoming::from(listener)));
    port
}

/// Returns how a span ended.
pub(crate) fn ending(span: &SpanData) -> (Option<&str>, Option<&str>, bool) {
    (span.text("rpc.response.status_code"), span.text("error.type"), span.is_error())
}
