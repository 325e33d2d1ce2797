//! Tests with a file system that records what is written, or that fails.

mod faults;
mod power_loss;
mod recording;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::pipeline::{Batch, ExportError, Exported, Exporter};

const SOON: Duration = Duration::from_secs(20);

/// A receiver that keeps the numbers of batches. Clones are the same one.
#[derive(Clone, Default)]
struct Receiver {
    received: Arc<Mutex<Vec<u32>>>,
    is_down: Arc<Mutex<bool>>,
}

impl Receiver {
    fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap() = is_down;
    }

    fn received(&self) -> Vec<u32> {
        self.received.lock().unwrap().clone()
    }
}

impl Exporter for Receiver {
    fn export(&mut self, batch: &Batch, _: Instant) -> Result<Exported, ExportError> {
        if *self.is_down.lock().unwrap() {
            return Err(ExportError::Retryable { reason: "down".into(), after: None });
        }
        let number = batch.request().first_chunk::<4>().copied().unwrap();
        self.received.lock().unwrap().push(u32::from_le_bytes(number));
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

/// A batch of one span that holds its number, and as many bytes more as the number says.
fn batch(number: u32) -> Batch {
    let mut body = number.to_le_bytes().to_vec();
    body.resize(4 + number as usize % 700, number.to_le_bytes()[0]);
    Batch::new(Bytes::from(body), 1)
}

fn wait(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
