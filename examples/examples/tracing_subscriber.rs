//! A service that uses the `tracing` crate already: its spans nest with those of the layers, its log lines have trace ids.
//! `cargo run -p examples --example tracing_subscriber`

use std::error::Error;

use axum::{Router, body::Body, http::Request, routing::get};
use tower::ServiceExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::log;
use tracing_http::server::ServerLayer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tracing::instrument]
async fn price(sku: &str) -> u32 {
    tracing::info!("looking up the price");
    299
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("subscriber-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    tracing_subscriber::registry()
        .with(tracing_subscriber::filter::LevelFilter::INFO)
        // `tracing` spans become spans of the same trace.
        .with(tracing_opentelemetry::layer().with_tracer(tracing.provider().tracer("app")))
        .with(tracing_subscriber::fmt::layer().event_format(log::text("subscriber-example")))
        .init();

    let app = Router::new()
        .route("/price", get(|| async { price("A-7").await.to_string() }))
        .layer(ServerLayer::new());
    let response = app.oneshot(Request::get("/price").body(Body::empty())?).await?;
    axum::body::to_bytes(response.into_body(), 1_000).await?;
    Ok(())
}
