//! A reqwest client whose requests are spans and carry the trace context. `cargo run -p examples --example reqwest`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use axum::{Router, http::HeaderMap, routing::get};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_http::client::ClientLayer;
use tracing_http::reqwest::TracedClient;

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

    let layer = ClientLayer::new().with_peer_service("127.0.0.1", "echo");
    let client = TracedClient::with_layer(reqwest::Client::new(), &layer);
    examples::until_stopped(async {
        let url = format!("http://{address}/?token=hidden");
        let response = client.send(client.get(url)).await?.error_for_status()?;
        println!("sent: {}", response.text().await?);
        Ok(())
    })
    .await
}
