//! What the Collector has written, read while it writes.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use crate::span_key::SpanKey;

const POLL: Duration = Duration::from_millis(250);

/// What has arrived so far.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    pub(super) spans: HashSet<SpanKey>,
    pub(super) requests: u64,
    /// Requests with a span that had arrived before, and these spans.
    pub(super) repeated_requests: u64,
    pub(super) repeated_spans: u64,
    /// Requests with spans that had arrived before and others that had not.
    pub(super) mixed_requests: u64,
    /// Lines that are no JSON: the last line of a Collector that was killed.
    pub(super) torn_lines: u64,
}

/// Reads the files of a Collector in a thread.
#[derive(Debug)]
pub(super) struct Received {
    arrived: Arc<Mutex<Arrived>>,
    stop: Arc<AtomicBool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default)]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    trace_id: String,
    span_id: String,
}

impl Received {
    /// Starts to read `file`, and the files that replace it.
    pub(super) fn follow(file: &Path) -> io::Result<Self> {
        let received = Self { arrived: Arc::default(), stop: Arc::default() };
        let mut follower = Follower {
            path: file.to_owned(),
            open: None,
            line: Vec::new(),
            arrived: Arc::clone(&received.arrived),
        };
        let stop = Arc::clone(&received.stop);
        thread::Builder::new().name("received".to_owned()).spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if let Err(error) = follower.read() {
                    eprintln!("soak: {}: {error}", follower.path.display());
                }
                thread::sleep(POLL);
            }
        })?;
        Ok(received)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Follower {
    path: PathBuf,
    open: Option<(BufReader<File>, u64)>,
    /// A line whose end is not written yet.
    line: Vec<u8>,
    arrived: Arc<Mutex<Arrived>>,
}

impl Follower {
    /// Reads to the end of the open file, and opens the next one if it was replaced.
    fn read(&mut self) -> io::Result<()> {
        loop {
            let replaced = match (std::fs::metadata(&self.path), &self.open) {
                (Ok(metadata), Some((_, inode))) => metadata.ino() != *inode,
                (Ok(_), None) => true,
                (Err(_), _) => false,
            };
            // To the end after the replacement was seen, so that nothing of the old file is missed.
            self.read_open()?;
            if !replaced {
                return Ok(());
            }
            self.end_line();
            let file = File::open(&self.path)?;
            let inode = file.metadata()?.ino();
            self.open = Some((BufReader::new(file), inode));
        }
    }

    fn read_open(&mut self) -> io::Result<()> {
        while let Some((file, _)) = &mut self.open {
            file.read_until(b'\n', &mut self.line)?;
            if !self.line.ends_with(b"\n") {
                break;
            }
            self.end_line();
        }
        Ok(())
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let request = serde_json::from_slice(&self.line);
        self.line.clear();
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        match request {
            Ok(request) => arrived.add(request),
            Err(_) => arrived.torn_lines += 1,
        }
    }
}

impl Arrived {
    fn add(&mut self, request: Request) {
        let (mut new, mut repeated) = (0, 0);
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        for span in scopes.flat_map(|scope| &scope.spans) {
            match SpanKey::from_hex(&span.trace_id, &span.span_id) {
                Some(key) if self.spans.insert(key) => new += 1,
                _ => repeated += 1,
            }
        }
        self.requests += 1;
        self.repeated_spans += repeated;
        self.repeated_requests += u64::from(repeated > 0);
        self.mixed_requests += u64::from(repeated > 0 && new > 0);
    }
}
