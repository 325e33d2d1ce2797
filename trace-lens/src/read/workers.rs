//! Threads that parse while another reads.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::json;
use super::protobuf::{self, Decoded, Frame, is_compressed};
use super::report::{Position, Problem};
use super::sink::Sink;
use crate::spill::Overflow;

/// The size limit of one message after decompression.
const MAX_MESSAGE: u64 = 1 << 30;

/// What a thread parses at a time.
pub(crate) enum Work {
    /// Whole lines, and the number of the first.
    Lines(Vec<u8>, u64),
    /// Protobuf or JSON messages.
    Messages(Vec<Frame>),
}

/// A thread's spans, and what it has decoded.
pub(crate) struct Worker {
    sink: Sink,
    decoded: Decoded,
    /// How many spans had been moved to disk when `decoded` was filled.
    spilled: u64,
}

impl Worker {
    fn new(overflow: Option<&Arc<Overflow>>) -> Self {
        Self { sink: Sink::new(overflow.cloned()), decoded: Decoded::default(), spilled: 0 }
    }

    /// Moves the spans to disk if there are too many, and forgets what refers to them.
    fn relieve(&mut self) {
        self.sink.relieve();
        if self.sink.spilled != self.spilled {
            self.decoded.clear();
            self.spilled = self.sink.spilled;
        }
    }

    fn parse(&mut self, work: Work) {
        match work {
            Work::Lines(text, first) => json::lines(&text, first, &mut self.sink),
            Work::Messages(frames) => {
                for frame in frames {
                    self.message(&frame);
                    self.relieve();
                }
            }
        }
        self.relieve();
    }

    fn message(&mut self, frame: &Frame) {
        let at = |what: String| Problem::new(Position::Offset(frame.offset), what);
        let decompressed;
        let bytes = if is_compressed(&frame.bytes) {
            match protobuf_decompress(&frame.bytes) {
                Ok(bytes) => decompressed = bytes,
                Err(error) => return self.sink.problem(at(format!("a compressed message: {error}")), 1),
            }
            &decompressed
        } else {
            &frame.bytes
        };
        if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) && !frame.is_resource_spans {
            let before = self.sink.problems.len();
            json::lines(bytes, 1, &mut self.sink);
            for problem in &mut self.sink.problems[before..] {
                *problem = at(std::mem::take(&mut problem.what));
            }
            return;
        }
        let read = if frame.is_resource_spans { protobuf::resource_spans } else { protobuf::request };
        if let Err(error) = read(bytes, &mut self.sink, &mut self.decoded) {
            self.sink.builder.discard_open();
            self.sink.problem(at(format!("{} ({} bytes before its end)", error.what, error.left)), 1);
        }
        self.sink.settle(at);
    }
}

fn protobuf_decompress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    super::open::decompress(bytes, MAX_MESSAGE)
}

/// Runs `produce`, which passes work to `threads` threads, and returns what they have read.
///
/// With one thread, the work is done at once on the current one.
pub(crate) fn run<R>(
    threads: usize,
    overflow: Option<&Arc<Overflow>>,
    produce: impl FnOnce(&mut dyn FnMut(Work)) -> R,
) -> (R, Vec<Sink>) {
    if threads <= 1 {
        let mut worker = Worker::new(overflow);
        let result = produce(&mut |work| worker.parse(work));
        return (result, vec![worker.sink]);
    }
    let (sender, receiver) = sync_channel::<Work>(threads * 2);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| work_off(&receiver, Worker::new(overflow)))).collect();
        // Sending fails only when every thread has panicked, which joining them reports.
        let result = produce(&mut |work| drop(sender.send(work)));
        drop(sender);
        let sinks =
            threads.into_iter().map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (result, sinks.collect())
    })
}

fn work_off(receiver: &Mutex<Receiver<Work>>, mut worker: Worker) -> Sink {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => worker.parse(work),
            Err(_) => return worker.sink,
        }
    }
}
