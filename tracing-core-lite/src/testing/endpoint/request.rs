//! Requests that the fake endpoint receives.

use std::io::{self, BufRead, Read};

use crate::span::data::{ResourceSpans, decode_request};

/// The maximum length of a body in bytes, before and after decompression. Longer ones are refused.
const MAX_BODY: u64 = 64 * 1024 * 1024;
/// The maximum length of the request line and of a header line in bytes. Longer ones are refused.
const MAX_LINE: u64 = 64 * 1024;

/// One request that a [`FakeOtlp`](super::FakeOtlp) received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as received.
    pub body: Vec<u8>,
    /// The spans in the body, or the error if they cannot be decoded.
    pub spans: Result<Vec<ResourceSpans>, String>,
}

impl Received {
    /// Returns the value of the header `name`, which must be in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Reads a request. Returns `None` if the connection ends before one begins.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(request_line) = line(from)? else { return Ok(None) };
        let mut words = request_line.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(malformed()) };
        let mut headers = Vec::new();
        loop {
            let header = line(from)?.ok_or_else(malformed)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(malformed)?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut received = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: Vec::new(),
            spans: Err(String::new()),
        };
        received.body = received.read_body(from)?;
        received.spans = received.decode();
        Ok(Some(received))
    }

    fn read_body(&self, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
        if self.header("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked")) {
            return chunked(from);
        }
        let length = self.header("content-length").unwrap_or("0").parse().map_err(|_| malformed())?;
        exactly(from, length)
    }

    fn decode(&self) -> Result<Vec<ResourceSpans>, String> {
        let body = match self.header("content-encoding") {
            None | Some("identity") => self.body.clone(),
            #[cfg(feature = "gzip")]
            Some("gzip") => {
                let mut plain = Vec::new();
                let decoder = flate2::read::GzDecoder::new(self.body.as_slice());
                decoder.take(MAX_BODY).read_to_end(&mut plain).map_err(|error| error.to_string())?;
                plain
            }
            Some(other) => return Err(format!("content-encoding {other} is not known here")),
        };
        match self.header("content-type") {
            Some("application/x-protobuf") => decode_request(&body).map_err(|error| error.to_string()),
            Some("application/json") => {
                let text = String::from_utf8(body).map_err(|error| error.to_string())?;
                crate::exporters::otlp_json::from_json(&text).map_err(str::to_owned)
            }
            other => Err(format!("content-type {other:?} is not OTLP")),
        }
    }
}

fn chunked(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?.ok_or_else(malformed)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| malformed())?;
        if size == 0 {
            // Trailers, up to the empty line.
            while line(from)?.is_some_and(|it| !it.is_empty()) {}
            return Ok(body);
        }
        if size > MAX_BODY - body.len() as u64 {
            return Err(malformed());
        }
        body.append(&mut exactly(from, size)?);
        line(from)?;
    }
}

fn exactly(from: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if length > MAX_BODY || from.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(malformed());
    }
    Ok(bytes)
}

fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.take(MAX_LINE).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\n") {
        Some(line) => String::from_utf8(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .map(Some)
            .map_err(|_| malformed()),
        None if line.is_empty() => Ok(None),
        None => Err(malformed()),
    }
}

fn malformed() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Option<Received>> {
        Received::read(&mut text.as_bytes())
    }

    #[test]
    fn bodies_come_whole_and_in_chunks() {
        let whole = "POST /v1/traces HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(read(whole).unwrap().unwrap().body, b"hello");
        let chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\na: b\r\n\r\n";
        assert_eq!(read(chunked).unwrap().unwrap().body, b"hello");
        assert_eq!(read("GET / HTTP/1.1\r\n\r\n").unwrap().unwrap().body, b"");
        assert!(read("").unwrap().is_none());
    }

    #[test]
    fn malformed_requests_are_errors() {
        for text in [
            "x",
            "\n\n",
            "POST / HTTP/1.1\r\nno colon\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nshort",
            "POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffff\r\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
