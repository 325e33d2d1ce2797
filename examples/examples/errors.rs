//! An error type says once which of its errors are failures, and spans follow it. `cargo run -p examples --example errors`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{error::Error, io};

use axum::{
    Router, body::Body, body::to_bytes, extract::Path, http::Request, http::StatusCode, routing::post,
};
use tower::ServiceExt;
use tracing_core_lite::{exporters::console::ConsoleExporter, span::ClassifiedError, span::current_span};
use tracing_http::axum::ServerLayer;

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("the order has no items")]
    Empty,
    #[error("the database is not reachable")]
    Database(#[from] io::Error),
}

impl ClassifiedError for OrderError {
    fn class(&self) -> &str {
        match self {
            Self::Empty => "validation",
            Self::Database(_) => "database",
        }
    }

    fn is_expected(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

async fn order(Path(kind): Path<String>) -> (StatusCode, String) {
    let (status, error) = match &*kind {
        "full" => return (StatusCode::OK, "accepted".to_owned()),
        "empty" => (StatusCode::BAD_REQUEST, OrderError::Empty),
        _ => (StatusCode::SERVICE_UNAVAILABLE, io::Error::from(io::ErrorKind::TimedOut).into()),
    };
    // The span of an empty order has `error_handled` and an unset status, and that of a lost database has failed.
    current_span().record_classified(&error);
    (status, error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init().with_exporter(ConsoleExporter::stdout()).start()?;
    let app = Router::new().route("/orders/{kind}", post(order)).layer(ServerLayer::new());
    examples::until_stopped(async {
        for kind in ["full", "empty", "unlucky"] {
            let response =
                app.clone().oneshot(Request::post(format!("/orders/{kind}")).body(Body::empty())?).await?;
            println!("{kind}: {}", response.status());
            to_bytes(response.into_body(), 1_000).await?;
        }
        Ok(())
    })
    .await
}
