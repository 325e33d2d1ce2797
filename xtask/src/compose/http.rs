//! A minimal HTTP client for ports of this machine.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The timeout of connecting and of each read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends `GET path`.
pub(crate) fn get(port: u16, path: &str) -> io::Result<Answer> {
    send(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

/// Sends `POST path` with a JSON body and `headers`, each of which ends with a line break.
pub(crate) fn post(port: u16, path: &str, headers: &str, json: &str) -> io::Result<Answer> {
    let length = json.len();
    send(
        port,
        &format!(
            "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
        ),
    )
}

/// Uses version 1.0, so that the response is not chunked and ends with its connection.
fn send(port: u16, request: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let parts = status.zip(answer.split_once("\r\n\r\n"));
    let (status, (_, body)) = parts.ok_or_else(|| io::Error::other("this is no HTTP answer"))?;
    Ok(Answer { status, body: body.to_owned() })
}
