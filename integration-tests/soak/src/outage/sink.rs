//! A receiver that counts spans: `soak sink PORT FILE`. A process of its own.

use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use tracing_core_lite::pipeline::view::RequestView;

/// Serves one connection after the other. Writes the number of different spans and of all spans to `file` after each request.
pub(crate) fn serve(port: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let (mut seen, mut all) = (HashSet::new(), 0);
    for connection in listener.incoming() {
        // The sender may end a connection at any time.
        let _ = receive(connection?, Path::new(file), &mut seen, &mut all);
    }
    Ok(())
}

fn receive(
    connection: TcpStream,
    file: &Path,
    seen: &mut HashSet<u64>,
    all: &mut u64,
) -> Result<(), Box<dyn Error>> {
    let mut writer = connection.try_clone()?;
    let mut reader = BufReader::new(connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        RequestView::new(&body).each_span(|_, _, span| {
            if let Ok(head) = span.head() {
                *all += 1;
                seen.insert(u64::from_be_bytes(head.span_id.to_bytes()));
            }
        })?;
        std::fs::write(file, format!("{} {all}", seen.len()))?;
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}
