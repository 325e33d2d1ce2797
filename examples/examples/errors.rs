//! Errors and failures: the error type says once which of its errors are failures, and spans follow it.
//! `cargo run -p examples --example errors`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::{Router, get, post};
use tower::ServiceExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::span::{ClassifiedError, current_span};
use tracing_http::axum::ServerLayer;

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("the order has no items")]
    Empty,
    #[error("too many orders")]
    RateLimit,
    #[error("the database is not reachable")]
    Database(#[from] std::io::Error),
}

impl ClassifiedError for OrderError {
    fn class(&self) -> &str {
        match self {
            Self::Empty => "validation",
            Self::RateLimit => "rate_limit",
            Self::Database(_) => "database",
        }
    }

    fn is_expected(&self) -> bool {
        !matches!(self, Self::Database(_))
    }
}

async fn order(Path(kind): Path<String>) -> (StatusCode, String) {
    let (status, error) = match &*kind {
        "empty" => (StatusCode::BAD_REQUEST, OrderError::Empty),
        "hasty" => (StatusCode::TOO_MANY_REQUESTS, OrderError::RateLimit),
        _ => (StatusCode::SERVICE_UNAVAILABLE, std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    };
    // Status unset and `error_handled` for the first two, status error and the causes for the last one.
    current_span().record_classified(&error);
    (status, error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init().with_service_name("errors-example");
    let _tracing = tracing.with_exporter(ConsoleExporter::stdout()).start()?;
    examples::until_stopped(place_orders()).await
}

async fn place_orders() -> Result<(), Box<dyn Error>> {
    // An empty result is not an error.
    let app = Router::new().route("/orders/{kind}", post(order)).route("/orders", get(|| async { "[]" }));
    let app = app.layer(ServerLayer::new());
    for kind in ["empty", "hasty", "unlucky"] {
        let request = Request::post(format!("/orders/{kind}")).body(Body::empty())?;
        let response = app.clone().oneshot(request).await?;
        let status = response.status().as_u16();
        println!("{status} {}", String::from_utf8_lossy(&to_bytes(response.into_body(), 1_000).await?));
    }
    let response = app.oneshot(Request::get("/orders").body(Body::empty())?).await?;
    println!("empty search: {} []", response.status().as_u16());
    Ok(())
}
