//! A minimal HTTP client for ports of this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The timeout of connecting and of each read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Sends `GET path`. Uses version 1.0, so that the response ends with its connection.
///
/// # Errors
/// Returns an error if there is no valid response.
pub fn get(port: u16, path: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let parts = status.zip(answer.split_once("\r\n\r\n"));
    let (status, (_, body)) = parts.ok_or_else(|| std::io::Error::other("this is no HTTP answer"))?;
    Ok(Answer { status, body: body.to_owned() })
}
