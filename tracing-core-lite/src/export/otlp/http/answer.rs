//! Reads what a receiver answers in HTTP/1.1.

use std::io::{self, ErrorKind, Read};

/// How much of a head, and how much of a body is read, in bytes.
pub(super) const MAX_REPLY: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;

/// What an exporter looks at in a response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Of the body, without parameters, in lower case.
    pub(super) media_type: Option<String>,
    pub(super) retry_after: Option<String>,
    /// `None` when it cannot be read, or is longer than anyone would want to know.
    pub(super) body: Option<Vec<u8>>,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    After(usize),
    Chunked,
    Closed,
}

struct Head {
    answer: Answer,
    end: End,
    /// The receiver will take another request on this connection.
    keeps: bool,
}

impl Answer {
    /// Reads a response into `buffer`, which is empty; also says whether the connection can be used again.
    ///
    /// # Errors
    /// `InvalidData` when it is not HTTP, `UnexpectedEof` when there is none, and those of `from`.
    pub(super) fn read(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<(Self, bool)> {
        let head = loop {
            if let Some((head, len)) = Head::parse(buffer)? {
                buffer.drain(..len);
                // 100 Continue and its kind come before the response.
                if !(100..200).contains(&head.answer.status) {
                    break head;
                }
            } else if buffer.len() > MAX_REPLY {
                return Err(ErrorKind::InvalidData.into());
            } else {
                fill(from, buffer)?;
            }
        };
        // The receiver has decided by now: a body that cannot be read must not send the batch again.
        let body = read_body(from, buffer, head.end).ok();
        let reusable = body.is_some() && head.keeps && head.end != End::Closed && buffer.is_empty();
        Ok((Self { body, ..head.answer }, reusable))
    }
}

impl Head {
    /// `None` when it is not there to its end.
    fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|_| ErrorKind::InvalidData)?;
        let httparse::Status::Complete(len) = parsed else { return Ok(None) };
        let text = |name: &str| {
            let found = response.headers.iter().find(|it| it.name.eq_ignore_ascii_case(name));
            found.and_then(|it| std::str::from_utf8(it.value).ok())
        };
        let status = response.code.unwrap_or_default();
        let media_type = text("content-type").and_then(|it| it.split(';').next());
        let end = match (status, text("transfer-encoding"), text("content-length")) {
            (204 | 304, ..) => End::After(0),
            (_, Some(coding), _) if coding.trim().eq_ignore_ascii_case("chunked") => End::Chunked,
            (_, None, Some(length)) => End::After(length.trim().parse().map_err(|_| ErrorKind::InvalidData)?),
            _ => End::Closed,
        };
        let closes = text("connection").is_some_and(|it| it.to_ascii_lowercase().contains("close"));
        let answer = Answer {
            status,
            media_type: media_type.map(|it| it.trim().to_ascii_lowercase()),
            retry_after: text("retry-after").map(str::to_owned),
            body: None,
        };
        Ok(Some((Self { answer, end, keeps: response.version == Some(1) && !closes }, len)))
    }
}

/// Takes the body out of `buffer`, and reads what of it is not there.
fn read_body(from: &mut impl Read, buffer: &mut Vec<u8>, end: End) -> io::Result<Vec<u8>> {
    match end {
        End::After(len) => take(from, buffer, len),
        End::Chunked => read_chunks(from, buffer),
        End::Closed => {
            while fill_or_end(from, buffer)? {
                if buffer.len() > MAX_REPLY {
                    return Err(ErrorKind::InvalidData.into());
                }
            }
            Ok(std::mem::take(buffer))
        }
    }
}

fn read_chunks(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (line, size) = match httparse::parse_chunk_size(buffer).map_err(|_| ErrorKind::InvalidData)? {
            httparse::Status::Complete(parsed) => parsed,
            httparse::Status::Partial if buffer.len() > MAX_REPLY => {
                return Err(ErrorKind::InvalidData.into());
            }
            httparse::Status::Partial => {
                fill(from, buffer)?;
                continue;
            }
        };
        buffer.drain(..line);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size == 0 {
            break;
        }
        if size > MAX_REPLY - body.len() {
            return Err(ErrorKind::InvalidData.into());
        }
        body.append(&mut take(from, buffer, size)?);
        if take(from, buffer, 2)? != b"\r\n" {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    // Trailers, up to the empty line.
    loop {
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                if line == b"\r\n" || line == b"\n" {
                    return Ok(body);
                }
            }
            None if buffer.len() > MAX_REPLY => return Err(ErrorKind::InvalidData.into()),
            None => fill(from, buffer)?,
        }
    }
}

/// The next `len` bytes.
fn take(from: &mut impl Read, buffer: &mut Vec<u8>, len: usize) -> io::Result<Vec<u8>> {
    if len > MAX_REPLY {
        return Err(ErrorKind::InvalidData.into());
    }
    while buffer.len() < len {
        fill(from, buffer)?;
    }
    Ok(buffer.drain(..len).collect())
}

fn fill(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<()> {
    if fill_or_end(from, buffer)? { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Reads once; false at the end.
fn fill_or_end(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut bytes = [0; 2048];
    let len = from.read(&mut bytes)?;
    buffer.extend_from_slice(&bytes[..len]);
    Ok(len > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(to.len());
            let (now, later) = self.0.split_at(len);
            to[..len].copy_from_slice(now);
            self.0 = later;
            Ok(len)
        }
    }

    fn read(text: &[u8]) -> io::Result<(Answer, bool)> {
        let whole = Answer::read(&mut Slow(text, usize::MAX), &mut Vec::new());
        let slow = Answer::read(&mut Slow(text, 1), &mut Vec::new());
        match (&whole, &slow) {
            (Ok((whole, _)), Ok((slow, _))) => assert_eq!(whole, slow),
            (Err(whole), Err(slow)) => assert_eq!(whole.kind(), slow.kind()),
            other => panic!("{other:?}"),
        }
        whole
    }

    fn body(text: &str) -> (Option<String>, bool) {
        let (answer, reusable) = read(text.as_bytes()).unwrap();
        (answer.body.map(|body| String::from_utf8(body).unwrap()), reusable)
    }

    #[test]
    fn the_head_is_read() {
        let text = "HTTP/1.1 503 Busy\r\nContent-Type: Text/Plain; charset=x\r\nRETRY-AFTER: 7\r\ncontent-length: 2\r\n\r\nhi";
        let expected = Answer {
            status: 503,
            media_type: Some("text/plain".into()),
            retry_after: Some("7".into()),
            body: Some(b"hi".to_vec()),
        };
        assert_eq!(read(text.as_bytes()).unwrap(), (expected, true));
    }

    #[test]
    fn bodies_end_where_the_head_says() {
        let cases = [
            ("content-length: 5\r\n\r\nhello", Some("hello"), true),
            ("content-length: 0\r\n\r\n", Some(""), true),
            ("content-length: 5\r\nconnection: close\r\n\r\nhello", Some("hello"), false),
            ("transfer-encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", Some("hello"), true),
            ("transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\na: b\r\n\r\n", Some("hello"), true),
            ("\r\nhello", Some("hello"), false),
            // More than was announced, or less; too much.
            ("content-length: 5\r\n\r\nhello?", Some("hello"), false),
            ("content-length: 5\r\n\r\nhell", None, false),
            ("content-length: 99999999999\r\n\r\nhello", None, false),
            ("transfer-encoding: chunked\r\n\r\nfffffff\r\nhello", None, false),
            ("transfer-encoding: chunked\r\n\r\nzz\r\nhello", None, false),
            ("transfer-encoding: chunked\r\n\r\n5\r\nhelloXX", None, false),
        ];
        for (rest, expected, reusable) in cases {
            let (text, reused) = body(&format!("HTTP/1.1 200 OK\r\n{rest}"));
            assert_eq!(text.as_deref(), expected, "{rest:?}");
            // A byte at a time, what comes after the response has not been seen.
            assert_eq!(reused, reusable, "{rest:?}");
        }
        assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n"), (Some(String::new()), true));
        assert_eq!(body("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi"), (Some("hi".into()), false));
        let after_continue = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        assert_eq!(body(after_continue), (Some("hi".into()), true));
    }

    #[test]
    fn nonsense_is_an_error() {
        let kind = |text: &[u8]| read(text).unwrap_err().kind();
        assert_eq!(kind(b""), ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"HTTP/1.1 200 OK\r\ncontent-"), ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"SSH-2.0-OpenSSH_9.9\r\n"), ErrorKind::InvalidData);
        assert_eq!(kind(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), ErrorKind::InvalidData);
        let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 200_000]].concat();
        assert_eq!(kind(&endless), ErrorKind::InvalidData);
    }
}
