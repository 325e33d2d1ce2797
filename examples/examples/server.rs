//! The first server of the README: it exports its last spans when it is asked to stop.
//! `OTEL_TRACES_EXPORTER=console cargo run -p examples --example server`, then `curl http://127.0.0.1:3000/orders/7`

use std::net::SocketAddr;

use axum::{Router, extract::Path, routing::get};
use tracing_http::axum::ServerLayer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _tracing = tracing_core_lite::init().with_service_name("orders").start()?;

    let app = Router::new()
        .route("/orders/{id}", get(|Path(id): Path<u64>| async move { format!("order {id}") }))
        .layer(ServerLayer::new());

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    // With connect info, spans record the address of the client.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(tracing_core_lite::termination()).await?;
    // Dropping `_tracing` exports the last spans.
    Ok(())
}
