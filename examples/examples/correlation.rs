//! From a metric point to the trace behind it, and from there to its log lines. `cargo run -p examples --example correlation`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{error::Error, time::Duration};

use axum::{Router, body::Body, body::to_bytes, extract::Path, http::Request, routing::get};
use prometheus_client::{
    encoding::text::encode, metrics::exemplar::HistogramWithExemplars, registry::Registry,
};
use tower::ServiceExt;
use tracing_core_lite::exemplars::set_exemplar_hook;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::log;
use tracing_http::axum::ServerLayer;

async fn order(Path(id): Path<u64>) -> String {
    if id == 7 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tracing::warn!(target: "orders::stock", order_id = id, "the warehouse is slow");
    }
    format!("order {id}")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("orders")
        .with_resource_attribute("service.version", "1.4.0")
        .with_resource_attribute("deployment.environment.name", "test")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    // Spans, log lines and metrics name the service alike.
    let resource = tracing.provider().resource();
    tracing_subscriber::fmt().event_format(log::text("").with_resource(resource)).init();
    let labels = ["service.name", "service.version", "deployment.environment.name"].map(|key| {
        let value = resource.get(key).map_or_else(String::new, ToString::to_string);
        (key.replace('.', "_").into(), value.into())
    });
    let mut registry = Registry::with_labels(labels.into_iter());
    let seconds = HistogramWithExemplars::new([0.1, 0.25, 0.5].into_iter());
    registry.register("http_server_request_duration_seconds", "Duration of requests", seconds.clone());
    set_exemplar_hook(move |exemplar| {
        let span = exemplar.span_context;
        let trace = span.is_sampled().then(|| vec![("trace_id", span.trace_id().to_string())]);
        seconds.observe(exemplar.value, trace, None);
    });
    let app = Router::new().route("/orders/{id}", get(order)).layer(ServerLayer::new().with_metrics());
    examples::until_stopped(async {
        for id in [1, 2, 7] {
            let request = Request::get(format!("/orders/{id}")).body(Body::empty())?;
            to_bytes(app.clone().oneshot(request).await?.into_body(), 1_000).await?;
        }
        let mut metrics = String::new();
        encode(&mut metrics, &registry)?;
        println!("{metrics}");
        Ok(())
    })
    .await
}
