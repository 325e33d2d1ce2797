//! As much of HTTP/1.1 as the exporter and the Collector speak with each other.

use std::io::{self, Read};

const MAX_HEAD: usize = 64 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A request or a response.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    head: usize,
}

impl Message {
    pub(super) fn body(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or_default()
    }

    /// Reads a message with a `Content-Length`. `read` reads from the connection; bytes of a following message are not expected,
    /// because neither side pipelines. Returns `None` if the connection ends before the message begins.
    pub(super) fn read(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        let mut end: Option<(usize, usize)> = None;
        loop {
            if let Some((head, all)) = end
                && bytes.len() >= all
            {
                return Ok(Some(Self { bytes, head }));
            }
            let count = read(&mut buffer)?;
            if count == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            bytes.extend_from_slice(&buffer[..count]);
            if end.is_none() {
                end = head_length(&bytes).map(|head| (head, head + content_length(&bytes[..head])));
            }
            if end.is_none() && bytes.len() > MAX_HEAD {
                return Err(io::Error::other("the head of a message is too long"));
            }
        }
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    let start = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END)?;
    Some(start + HEAD_END.len())
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Reads from `stream`, which has a timeout, and calls `is_over` at each timeout.
pub(super) fn read_patiently(
    stream: &mut impl Read,
    buffer: &mut [u8],
    mut is_over: impl FnMut() -> bool,
) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if is_over() {
                    return Err(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_after_its_body() {
        let mut parts = [&b"POST / HTTP/1.1\r\nContent-"[..], b"Length: 5\r\n\r\nab", b"cde"].into_iter();
        let message = Message::read(|buffer| {
            let part = parts.next().unwrap_or_default();
            buffer[..part.len()].copy_from_slice(part);
            Ok(part.len())
        });
        assert_eq!(message.unwrap().unwrap().body(), b"abcde");
    }

    #[test]
    fn a_connection_may_end_between_messages_and_not_within_one() {
        assert!(Message::read(|_| Ok(0)).unwrap().is_none());
        let mut parts = [&b"POST"[..], b""].into_iter();
        let message = Message::read(|buffer| {
            let part = parts.next().unwrap_or_default();
            buffer[..part.len()].copy_from_slice(part);
            Ok(part.len())
        });
        assert!(message.is_err());
    }
}
