//! A reqwest client whose requests are spans and carry the trace context. `cargo run -p examples --example reqwest`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use axum::{Router, http::HeaderMap, routing::get};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_http::client::{ClientLayer, ReqwestService};

/// Answers with the `traceparent` header of the request.
async fn echo(headers: HeaderMap) -> String {
    headers.get("traceparent").map(|value| format!("{value:?}")).unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("reqwest-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(axum::serve(listener, Router::new().route("/", get(echo))).into_future());

    let client = ServiceBuilder::new()
        .layer(ClientLayer::new().peer_service("127.0.0.1", "echo"))
        .service(ReqwestService::from(reqwest::Client::new()));
    examples::until_stopped(async {
        let url = format!("http://{address}/?token=hidden");
        let response = client.oneshot(http::Request::get(url).body(reqwest::Body::default())?).await?;
        println!("sent: {}", String::from_utf8_lossy(&response.into_body().collect().await?.to_bytes()));
        Ok(())
    })
    .await
}
