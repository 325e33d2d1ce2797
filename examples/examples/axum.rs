//! An axum server and a client that calls it, in one trace. `cargo run -p examples --example axum`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::net::SocketAddr;

use axum::{Router, extract::Path, routing::get};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{ServiceBuilder, ServiceExt};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::span::current_span;
use tracing_http::axum::ServerLayer;
use tracing_http::client::{ClientLayer, UrlTemplate};

async fn order(Path(id): Path<u64>) -> String {
    // Adds an attribute to the server's span.
    current_span().set("shop.order.items", 3);
    format!("order {id}")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Without `exporter`, spans go to OTEL_EXPORTER_OTLP_ENDPOINT.
    let _tracing = tracing_core_lite::init()
        .with_service_name("axum-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    examples::until_stopped(serve_and_call()).await
}

async fn serve_and_call() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/orders/{id}", get(order)).layer(ServerLayer::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(server.into_future());

    let client = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>());
    let mut request = http::Request::get(format!("http://{address}/orders/7")).body(Empty::new())?;
    // Becomes part of the client span's name, as the route becomes part of the server span's.
    request.extensions_mut().insert(UrlTemplate::from("/orders/{id}"));
    let response = client.oneshot(request).await?;
    println!("{}", String::from_utf8_lossy(&response.into_body().collect().await?.to_bytes()));
    Ok(())
}
