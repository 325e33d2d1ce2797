//! A hyper server without a framework, and a client that calls it. `cargo run -p examples --example hyper`

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use hyper_util::{client::legacy::Client, server::conn::auto};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    // Without a router there are no routes, so spans are named after the method alone.
    let service = ServiceBuilder::new().layer(ServerLayer::new()).service(service_fn(hello));
    loop {
        let (connection, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            server.serve_connection(TokioIo::new(connection), service).await.ok();
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("hyper-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener));

    let client = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>());
    examples::until_stopped(async {
        let request = Request::get(format!("http://{address}/")).body(Full::default())?;
        // The spans end with the body.
        http_body_util::BodyExt::collect(client.oneshot(request).await?.into_body()).await?;
        Ok(())
    })
    .await
}
