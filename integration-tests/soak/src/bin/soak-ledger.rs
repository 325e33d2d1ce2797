//! The ledger of the soak test: appends every complete line that it receives on a port to a file.
//!
//! `soak-ledger PORT FILE`. It knows nothing of spans, so that no fault of the suite can change what it records.
#![allow(clippy::print_stderr, reason = "a program for the terminal")]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak-ledger: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: soak-ledger PORT FILE"));
    };
    let file = Arc::new(Mutex::new(File::options().create(true).append(true).open(path)?));
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    for connection in listener.incoming() {
        let (connection, file) = (connection?, Arc::clone(&file));
        std::thread::spawn(move || record(connection, &file));
    }
    Ok(())
}

/// Appends the lines of one process. A process that is killed while it writes leaves an incomplete line, which is no record.
fn record(connection: TcpStream, file: &Mutex<File>) {
    let mut lines = BufReader::new(connection);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) && line.ends_with(b"\n") {
        if let Err(error) = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line) {
            eprintln!("soak-ledger: {error}");
            std::process::exit(1);
        }
        line.clear();
    }
}
