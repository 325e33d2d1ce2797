//! One unary call of tonic, its service called in process, behind the server layer and below the client layer.

use std::fmt::Debug;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::codegen::tokio_stream::Stream;
use tonic::service::Routes;
use tonic::{Status, Streaming};
use tower::{Layer, Service};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::server::ServerLayer;

use crate::case::{ALL_PARENTS, Case, Parent, Provider, SAMPLED_OR_NOT, Work, drive, provided};
use crate::http::PassThroughLayer;

#[allow(dead_code, clippy::all)]
mod proto {
    include!("../../../tracing-grpc/tests/support/stock.rs");
}
use proto::stock_client::StockClient;
use proto::stock_server::{Stock, StockServer};
use proto::{Item, Level};

pub fn cases() -> Vec<Case> {
    vec![
        // The body of tonic is kept, so that tonic does not box it again.
        Case { name: "gRPC server, tonic preset", parents: ALL_PARENTS, make: tonic_preset },
        // Works with every body, and costs a box for tonic's.
        Case { name: "gRPC server, any body", parents: SAMPLED_OR_NOT, make: any_body },
        Case { name: "gRPC client", parents: ALL_PARENTS, make: client },
    ]
}

fn tonic_preset(parent: Parent, provider: Option<&Provider>) -> Work {
    match provider {
        None => serve(parent, PassThroughLayer::default().layer(routes())),
        Some(provider) => {
            let layer = provided!(tracing_grpc::tonic::ServerLayer::new(), provider);
            serve(parent, layer.layer(routes()))
        }
    }
}

fn any_body(parent: Parent, provider: Option<&Provider>) -> Work {
    match provider {
        None => serve(parent, PassThroughLayer::default().layer(routes())),
        Some(provider) => serve(parent, provided!(ServerLayer::new(), provider).layer(routes())),
    }
}

fn client(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let server = StockServer::new(Shelf);
    match provider {
        None => call(PassThroughLayer::default().layer(server)),
        Some(provider) => {
            let layer = provided!(ClientLayer::new(), provider).with_server_address("stock.example", 50051);
            call(layer.layer(server))
        }
    }
}

/// What tonic's server puts its layers around.
fn routes() -> Routes {
    Routes::new(StockServer::new(Shelf)).prepare()
}

/// Calls the service as tonic's server does, which boxes a body that a layer made.
fn serve<S, B>(parent: Parent, mut service: S) -> Work
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
    B: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tonic::codegen::StdError>,
{
    let message = prost::Message::encode_to_vec(&Item { sku: "A-7".into(), quantity: 2 });
    let mut frame = vec![0, 0, 0, 0, message.len() as u8];
    frame.extend(message);
    let frame = Bytes::from(frame);
    Work::new(move || {
        let request = Request::post("http://stock.example:50051/shop.v1.Stock/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "bench/1.0");
        let request = match parent.traceparent() {
            Some(traceparent) => request.header("traceparent", traceparent),
            None => request,
        };
        let request = request.body(Body::new(Full::new(frame.clone()))).expect("a valid request");
        drive(async {
            let response = service.call(request).await.expect("the service is infallible");
            let body = Body::new(response.into_body()).collect().await.expect("a body that cannot fail");
            assert_eq!(body.trailers().map(|trailers| trailers["grpc-status"] == "0"), Some(true));
        });
    })
}

/// Calls the service through a generated client.
fn call<S, B>(service: S) -> Work
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
    S::Error: Into<tonic::codegen::StdError>,
    B: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tonic::codegen::StdError> + Send,
{
    let mut client = StockClient::new(service);
    Work::new(move || {
        let item = Item { sku: "A-7".into(), quantity: 2 };
        drive(client.check(item)).expect("an answer");
    })
}

struct Shelf;

type Levels = Pin<Box<dyn Stream<Item = Result<Level, Status>> + Send>>;

fn only_unary<T>() -> Result<tonic::Response<T>, Status> {
    Err(Status::unimplemented("only unary calls are measured"))
}

#[tonic::async_trait]
impl Stock for Shelf {
    async fn check(&self, request: tonic::Request<Item>) -> Result<tonic::Response<Level>, Status> {
        let Item { sku, quantity } = request.into_inner();
        Ok(tonic::Response::new(Level { sku, quantity }))
    }

    type WatchStream = Levels;

    async fn watch(&self, _: tonic::Request<Item>) -> Result<tonic::Response<Levels>, Status> {
        only_unary()
    }

    async fn reserve(&self, _: tonic::Request<Streaming<Item>>) -> Result<tonic::Response<Level>, Status> {
        only_unary()
    }

    type TradeStream = Levels;

    async fn trade(&self, _: tonic::Request<Streaming<Item>>) -> Result<tonic::Response<Levels>, Status> {
        only_unary()
    }
}
