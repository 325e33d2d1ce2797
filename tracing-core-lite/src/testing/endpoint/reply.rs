//! Replies of the fake endpoint.

use std::time::Duration;

/// A reply of a [`FakeOtlp`](super::FakeOtlp).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(super) action: Action,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A response with this status and body.
    Respond(u16, Vec<u8>),
    /// No response. The connection is closed after this time.
    Hang(Duration),
    /// No response. The connection is closed at once.
    Close,
}

impl Reply {
    /// Returns a reply with status 200 and an empty `ExportTraceServiceResponse`: all spans were accepted.
    #[must_use]
    pub fn ok() -> Self {
        Self::status(200)
    }

    /// Returns a reply with this status and an empty body.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self { action: Action::Respond(code, Vec::new()), headers: Vec::new() }
    }

    /// Returns a reply with status 200 and a partial success: `rejected` spans were rejected with this `message`.
    /// Always protobuf.
    #[must_use]
    pub fn partial_success(rejected: u64, message: &str) -> Self {
        let mut partial = vec![0x08];
        varint(&mut partial, rejected);
        length_delimited(&mut partial, 0x12, message.as_bytes());
        let mut response = Vec::new();
        length_delimited(&mut response, 0x0a, &partial);
        Self::ok().with_body("application/x-protobuf", response)
    }

    /// Returns a reply that never responds and closes the connection after `time`.
    #[must_use]
    pub fn hang(time: Duration) -> Self {
        Self { action: Action::Hang(time), headers: Vec::new() }
    }

    /// Returns a reply that closes the connection without a response.
    #[must_use]
    pub fn close() -> Self {
        Self { action: Action::Close, headers: Vec::new() }
    }

    /// Adds the header `Retry-After`, a number of seconds or an HTTP date.
    #[must_use]
    pub fn with_retry_after(self, value: impl ToString) -> Self {
        let value = value.to_string();
        self.with_header("retry-after", &value)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body. Does nothing if the reply has no response.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        if let Action::Respond(_, existing) = &mut self.action {
            *existing = body.into();
        }
        self.with_header("content-type", content_type)
    }

    /// Returns the HTTP/1.1 response, or `None` if there is none.
    pub(super) fn encoded(&self, media_type: &str) -> Option<Vec<u8>> {
        let Action::Respond(code, body) = &self.action else { return None };
        let mut head = format!("HTTP/1.1 {code} Scripted\r\ncontent-length: {}\r\n", body.len());
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            head += &format!("content-type: {media_type}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut response = head.into_bytes();
        response.extend_from_slice(body);
        Some(response)
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self::ok()
    }
}

fn length_delimited(to: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    to.push(tag);
    varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
