//! A server for pages of another origin: the page can send its trace context and read `traceresponse`.
//! `cargo run -p examples --example browser`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use axum::{Router, body::Body, routing::get};
use http::{HeaderName, Request, Response};
use tower::ServiceExt;
use tower_http::cors::{Any, CorsLayer};
use tracing_core_lite::exporters::ConsoleExporter;
use tracing_http::axum::ServerLayer;

fn app() -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        // Lets the page send its trace context.
        .allow_headers(["traceparent", "tracestate", "baggage"].map(HeaderName::from_static))
        // Lets the page read the header. Without this the browser receives it, but hides it from scripts.
        .expose_headers([HeaderName::from_static("traceresponse")]);
    Router::new()
        .route("/orders/{id}", get(|| async { "an order" }))
        .layer(ServerLayer::new().with_trace_response_header(true))
        // The last layer is the outermost: it answers preflight requests, which therefore create no spans.
        .layer(cors)
}

fn print(what: &str, response: &Response<Body>) {
    println!("{what}: {}", response.status());
    for (name, value) in response.headers() {
        println!("  {name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("browser-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    examples::until_stopped(async {
        let preflight = Request::options("/orders/7")
            .header("origin", "http://shop.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "traceparent");
        print("preflight", &app().oneshot(preflight.body(Body::empty())?).await?);
        let request = Request::get("/orders/7").header("origin", "http://shop.example");
        let response = app().oneshot(request.body(Body::empty())?).await?;
        print("request", &response);
        axum::body::to_bytes(response.into_body(), 1_000).await?;
        Ok(())
    })
    .await
}
