//! The connection to the ledger.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};

use crate::span_key::SpanKey;

/// The connection of one process to the ledger.
#[derive(Debug)]
pub(super) struct Ledger {
    process: String,
    connection: Mutex<TcpStream>,
}

impl Ledger {
    pub(super) fn connect(process: &str, address: &str) -> io::Result<Self> {
        Ok(Self { process: process.to_owned(), connection: Mutex::new(TcpStream::connect(address)?) })
    }

    /// Records that the spans are acknowledged. `what` is the call that said so.
    pub(super) fn record(&self, what: &str, spans: &[SpanKey]) {
        let mut line = format!("{what} {} ", self.process);
        for span in spans {
            // Writing to a String cannot fail.
            let _ = write!(line, "{span},");
        }
        line.push('\n');
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = connection.write_all(line.as_bytes()) {
            tracing::error!(%error, "the ledger cannot be written");
        }
    }
}
