//! Sampling by rules: `/checkout` 10 %, `/admin/*` 100 %, everything else 1 %, and all errors and slow requests.
//! `cargo run -p examples --example sampling`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use tower::ServiceExt;
use tracing_core_lite::{exporters::Discard, sampling::ParentBased};
use tracing_http::axum::ServerLayer;
use tracing_sampling::coverage::Coverage;
use tracing_sampling::head::{AlwaysRecord, Rule, Rules};
use tracing_sampling::tail::TailSampler;

const LOAD: [(&str, usize); 5] =
    [("/checkout", 1000), ("/admin/users", 50), ("/products/7", 5000), ("/payment", 20), ("/report", 3)];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rules = Rules::builder()
        .with_rule(Rule::sample(0.1).with_route("/checkout"))
        .with_rule(Rule::sample(1.0).with_path_prefix("/admin/*"))
        .with_default(0.01)
        .build()?;
    let coverage = Coverage::new();
    let tail = TailSampler::builder()
        .with_record_only_head()
        .keep_errors()
        .keep_slower_than(Duration::from_millis(100))
        .keep_rest(1.0) // all that the rules sampled
        // A real program names its own exporter, such as that of `OtlpConfig`.
        .build(coverage.exporter(Discard))?;
    let tracing = tracing_core_lite::init()
        .with_service_name("sampling-example")
        // Records what the rules drop, so that the tail can keep an error among it.
        .with_sampler(AlwaysRecord::new(ParentBased::new(coverage.sampler(rules))))
        .with_exporter(tail)
        .start()?;
    let shop = Router::new()
        .route("/checkout", get(|| async { "thank you" }))
        .route("/admin/users", get(|| async { "nobody" }))
        .route("/products/{id}", get(|| async { "sold out" }))
        .route("/payment", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "declined") }))
        .route("/report", get(|| tokio::time::sleep(Duration::from_millis(150))))
        .layer(ServerLayer::new());
    let load = async {
        for path in LOAD.into_iter().flat_map(|(path, requests)| std::iter::repeat_n(path, requests)) {
            shop.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
        }
        Ok::<(), Box<dyn Error>>(())
    };
    examples::until_stopped(load).await?;
    tracing.shutdown(Duration::from_secs(10))?; // the tail decides about what is left
    println!("{}", coverage.report());
    Ok(())
}
