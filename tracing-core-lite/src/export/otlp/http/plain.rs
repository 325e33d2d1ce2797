//! Posts to a receiver without TLS and without a proxy, such as the collector beside a service.
//!
//! The pieces of a batch go from the threads' memory to the socket with one system call, and the answer comes with another.
//! ureq copies them, makes more than twenty calls and, as it resolves the host's name for each request and within a time, starts
//! a thread: 400 ns a span, in batches of 500.

use std::io::{self, ErrorKind, IoSlice};
use std::time::Instant;

use super::answer::Answer;
use super::connection::Connection;

pub(super) struct Plain {
    host: String,
    port: u16,
    /// The request's head but for the length of the body.
    head: String,
    idle: Option<Connection>,
    /// Reused from answer to answer.
    buffer: Vec<u8>,
}

impl Plain {
    /// `head` are the request line and the headers, each with its line end, `content-length` apart.
    pub(super) fn new(host: &str, port: u16, head: String) -> Self {
        Self { host: host.to_owned(), port, head, idle: None, buffer: Vec::new() }
    }

    /// Posts a body of `len` bytes.
    pub(super) fn post<'a>(
        &mut self,
        body: impl Iterator<Item = &'a [u8]>,
        len: usize,
        deadline: Instant,
    ) -> io::Result<Answer> {
        let mut connection = match self.idle.take().filter(Connection::is_open) {
            Some(idle) => idle,
            None => Connection::open(&self.host, self.port, deadline)?,
        };
        connection.set_deadline(deadline);
        let head = format!("{}content-length: {len}\r\n\r\n", self.head);
        let mut pieces = vec![IoSlice::new(head.as_bytes())];
        for piece in body {
            pieces.push(IoSlice::new(piece));
        }
        let sent = connection.send(&mut pieces);
        if let Err(error) = &sent
            && !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
        {
            return sent.map(|()| Answer::default());
        }
        self.buffer.clear();
        // Who refuses a request may do so, and close the connection, before all of it is there.
        let (answer, reusable) = Answer::read(&mut connection, &mut self.buffer)
            .map_err(|error| sent.as_ref().err().map_or(error, |sent| sent.kind().into()))?;
        if reusable && sent.is_ok() {
            self.idle = Some(connection);
        }
        Ok(answer)
    }
}
