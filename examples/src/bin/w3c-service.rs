//! Runs the W3C test service: `w3c-service HOST:PORT`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;

use examples::{shop, terminated, w3c_service};
use tokio::net::TcpListener;
use tracing_core_lite::TracerProvider;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: w3c-service HOST:PORT");
        return ExitCode::from(2);
    };
    match run(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("w3c-service on {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(address: &str) -> Result<(), Box<dyn std::error::Error>> {
    // There is no exporter: the suite checks headers only.
    let provider = TracerProvider::builder().build()?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}/test", listener.local_addr()?);
    shop::serve(listener, w3c_service::router(&provider), terminated()).await?;
    Ok(())
}
