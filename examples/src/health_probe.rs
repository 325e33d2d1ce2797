//! Checks the health of a service from inside its container, which contains no other program to do it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Checks the service that listens on `LISTEN`, which must answer `GET /healthz` with 200.
///
/// # Errors
/// Returns an error if `LISTEN` has no port, or there is no answer in time or one with another status.
pub async fn run() -> io::Result<()> {
    let listen = std::env::var("LISTEN").unwrap_or_default();
    let port = listen.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port: u16 = port.ok_or_else(|| io::Error::other("LISTEN must be HOST:PORT"))?;
    ask(([127, 0, 0, 1], port).into()).await
}

/// Checks the service at `address`.
///
/// # Errors
/// Returns an error if there is no answer in time or one with a status other than 200.
pub async fn ask(address: SocketAddr) -> io::Result<()> {
    let answer = timeout(TIMEOUT, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    });
    let answer = String::from_utf8_lossy(&answer.await??).into_owned();
    match answer.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(io::Error::other(format!("answered {:?}", answer.lines().next().unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::ask;
    use crate::shop::healthz;

    #[tokio::test]
    async fn only_200_is_healthy() {
        let healthy = Router::new().route("/healthz", get(healthz));
        for (app, expected) in [(healthy, true), (Router::new(), false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async { axum::serve(listener, app).await });
            assert_eq!(ask(address).await.is_ok(), expected);
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_not_healthy() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(ask(address).await.is_err());
    }
}
