//! gRPC with tonic. The service `peer.v1.Relay` uses the well-known type `StringValue`, so it needs no generated code.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::uri::PathAndQuery;
use http_body::Body;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{BoxError, Layer, Service};
use tracing_grpc::client::ClientLayer;
use tracing_grpc::tonic::ServerLayer;

use super::{Relay, TIMEOUT};
use crate::message::{Hop, Transport};

type Codec = ProstCodec<String, String>;

pub(super) async fn serve(relay: &Relay) -> std::io::Result<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let layer = ServerLayer::new().with_provider(relay.spans().provider());
    let server = Server::builder().layer(layer).add_service(RelayServer(relay.clone()));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(port)
}

pub(super) async fn send(relay: &Relay, hop: &Hop, body: String) -> Result<(), BoxError> {
    let endpoint = Endpoint::from_shared(format!("http://{}", hop.to))?.timeout(TIMEOUT);
    let layer = ClientLayer::new().with_provider(relay.spans().provider()).with_endpoint(&endpoint);
    let mut client = tonic::client::Grpc::new(layer.layer(endpoint.connect().await?));
    client.ready().await.map_err(Into::<BoxError>::into)?;
    let path = PathAndQuery::from_static("/peer.v1.Relay/Pass");
    client.unary(Request::new(body), path, Codec::default()).await?;
    Ok(())
}

#[derive(Clone)]
struct RelayServer(Relay);

impl NamedService for RelayServer {
    const NAME: &'static str = "peer.v1.Relay";
}

impl<B> Service<http::Request<B>> for RelayServer
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let pass = Pass(self.0.clone());
        Box::pin(async move { Ok(tonic::server::Grpc::new(Codec::default()).unary(pass, request).await) })
    }
}

struct Pass(Relay);

impl UnaryService<String> for Pass {
    type Response = String;
    type Future = BoxFuture<'static, Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let relay = self.0.clone();
        Box::pin(async move {
            let (metadata, _, body) = request.into_parts();
            let outcome = relay.received(Transport::Grpc, |name| values(&metadata, name), body).await;
            outcome.map_err(|error| Status::unavailable(error.to_string()))?;
            Ok(Response::new("relayed".to_owned()))
        })
    }
}

fn values(metadata: &MetadataMap, name: &str) -> Vec<String> {
    let values = metadata.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
