//! Sampling by rules: `/checkout` 10 %, `/admin/*` 100 %, everything else 1 %. `cargo run -p examples --example sampling`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use tower::ServiceExt;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::sampling::ParentBased;
use tracing_http::axum::ServerLayer;
use tracing_sampling::coverage::Coverage;
use tracing_sampling::head::{Rule, RuleError, Rules};

fn rules() -> Result<Rules, RuleError> {
    Rules::builder()
        .with_rule(Rule::sample(0.1).with_route("/checkout"))
        .with_rule(Rule::sample(1.0).with_path_prefix("/admin/*"))
        .with_default(0.01)
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let coverage = Coverage::new();
    let tracing = tracing_core_lite::init()
        .with_service_name("sampling-example")
        .with_sampler(ParentBased::new(coverage.sampler(rules()?)))
        // A real program leaves this out or names its own: spans then go to OTEL_EXPORTER_OTLP_ENDPOINT.
        .with_exporter(coverage.exporter(Discard))
        .start()?;
    let shop = Router::new()
        .route("/checkout", get(|| async { "thank you" }))
        .route("/admin/users", get(|| async { "nobody" }))
        .route("/products/{id}", get(|| async { "sold out" }))
        .layer(ServerLayer::new());
    for (path, requests) in [("/checkout", 1000), ("/admin/users", 50), ("/products/7", 5000)] {
        for _ in 0..requests {
            let response = shop.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
            assert_eq!(response.status(), StatusCode::OK);
        }
    }
    tracing.provider().flush(Duration::from_secs(5))?;
    println!("{}", coverage.report());
    Ok(())
}
