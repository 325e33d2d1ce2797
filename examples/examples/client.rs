//! The first client of the README. `OTEL_TRACES_EXPORTER=console cargo run -p examples --example client` while the example
//! `server` runs.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use http_body_util::Empty;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Service, ServiceBuilder, ServiceExt};
use tracing_http::client::ClientLayer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _tracing = tracing_core_lite::init().with_service_name("gateway").start()?;

    let mut client = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>());

    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000/orders/7".to_owned());
    let request = http::Request::get(url).body(Empty::new())?;
    let response = client.ready().await?.call(request).await?;
    println!("{}", response.status());
    Ok(())
}
