//! A service that already uses the `tracing` crate: its spans nest with those of the layers, its log lines have trace ids.
//! `cargo run -p examples --example tracing_subscriber`

use std::error::Error;

use axum::{Router, body::Body, http::Request, routing::get};
use tower::ServiceExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::log;
use tracing_http::axum::ServerLayer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
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
    // Libraries open `tracing` spans of their own, such as one per HTTP/2 frame at level TRACE.
    let spans = Targets::new().with_default(LevelFilter::INFO).with_targets(
        ["h2", "hyper", "hyper_util", "tonic", "tower"].map(|target| (target, LevelFilter::OFF)),
    );
    let tracer = tracing.provider().tracer("app");
    tracing_subscriber::registry()
        // `tracing` spans become spans of the same trace.
        .with(tracing_opentelemetry::layer().with_tracer(tracer).with_filter(spans))
        .with(tracing_subscriber::fmt::layer().event_format(log::text("subscriber-example")))
        .init();

    let app = Router::new()
        .route("/price", get(|| async { price("A-7").await.to_string() }))
        .layer(ServerLayer::new());
    examples::until_stopped(async {
        let response = app.oneshot(Request::get("/price").body(Body::empty())?).await?;
        axum::body::to_bytes(response.into_body(), 1_000).await?;
        Ok(())
    })
    .await
}
