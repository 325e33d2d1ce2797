//! A service that already runs an OpenTelemetry SDK: add the layer, and do not call `init`.
//! `cargo run -p examples --example opentelemetry_sdk`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use axum::{Router, body::Body, http::Request, routing::get};
use opentelemetry::global;
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tower::ServiceExt;
use tracing_http::axum::ServerLayer;

async fn handler() -> &'static str {
    // A span of the OpenTelemetry API becomes a child of the layer's span.
    global::tracer("shop").in_span("work", |_| "done")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // What such a service already has: a provider, an exporter, a propagator.
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    global::set_tracer_provider(provider.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());

    // What is new: the layer.
    let app = Router::new().route("/work", get(handler)).layer(ServerLayer::new());

    let work = async {
        let response = app.oneshot(Request::get("/work").body(Body::empty())?).await?;
        axum::body::to_bytes(response.into_body(), 1_000).await?;
        provider.tracer("shop").start("a trace of its own");
        Ok::<(), Box<dyn Error>>(())
    };
    examples::until_stopped(work).await?;
    for span in exporter.get_finished_spans()? {
        println!("{} {} parent {}", span.span_context.trace_id(), span.name, span.parent_span_id);
    }
    Ok(provider.shutdown()?)
}
