//! Instruments a queue client that no crate of this workspace wraps, with the `messaging` kit.
//!
//! The queue is in memory and part of this example. A wrapper of a real client has the same two functions: one that sends, and
//! one that works on what was received.
//!
//! ```text
//! cargo run -p tracing-core-lite --features messaging --example in_memory_queue
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::messaging::{
    Client, Destination, MessageView, MessagingOperation, OperationType, Origin, Peer, Settings, attribute,
};
use tracing_core_lite::{Context, InstrumentationScope, TracerProvider};

/// A message of the client: headers and a body.
#[derive(Default)]
struct Message {
    headers: Vec<(String, String)>,
    body: String,
}

/// The client that is instrumented. It knows nothing of tracing.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Message>>>);

impl Queue {
    fn push(&self, message: Message) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
    }

    fn pop(&self) -> Option<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// The wrapper.
struct TracedQueue {
    queue: Queue,
    name: &'static str,
    client: Client,
}

impl TracedQueue {
    fn new(queue: Queue, name: &'static str, settings: Settings) -> Self {
        let scope = InstrumentationScope::builder("in-memory-queue").build();
        let peer = Peer::new().with_client_id("example");
        Self { queue, name, client: Client::new("in_memory", scope, settings, peer) }
    }

    /// Sends `body`, with the context of its `send` span in the headers.
    fn send(&self, body: &str) {
        let operation = MessagingOperation::new(OperationType::Send, Destination::new(self.name));
        let mut message = Message { headers: Vec::new(), body: body.to_owned() };
        let context = Context::current();
        let sending = self.client.start(&operation, &context, |span| {
            span.set(attribute::BODY_SIZE, body.len() as i64);
            self.client.on_send(&MessageView::new(self.name, body.len(), &message.headers), span);
        });
        self.client.inject(&sending, &context, &mut message.headers);
        self.queue.push(message);
        sending.end();
    }

    /// Receives a message, together with its sender.
    fn receive(&self) -> Option<(Message, Origin)> {
        let message = self.queue.pop()?;
        self.client.consumed("receive", Destination::new(self.name), 1);
        let origin = self.client.extract(&message.headers);
        Some((message, origin))
    }

    /// Runs `work` on a message under a `process` span, in its context.
    async fn process<T, E: Error>(
        &self,
        origin: &Origin,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let operation = MessagingOperation::new(OperationType::Process, Destination::new(self.name));
        self.client.process(&operation, origin, |_| {}).run(work).await
    }
}

async fn send_mail(order: &str) -> Result<(), io::Error> {
    if order.is_empty() { Err(io::Error::other("an order without a number")) } else { Ok(()) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let exporter = MemoryExporter::new();
    let provider = TracerProvider::builder().with_exporter(exporter.clone()).build()?;
    let queue = TracedQueue::new(Queue::default(), "orders", Settings::new().with_provider(&provider));

    let request = provider.tracer("shop").span("POST /orders").start();
    let context = request.in_context(&Context::new());
    async {
        queue.send("4711");
        queue.send("");
    }
    .in_context(context)
    .await;
    request.end();

    while let Some((message, origin)) = queue.receive() {
        let outcome = queue.process(&origin, send_mail(&message.body)).await;
        println!("{:?}: {outcome:?}", message.body);
    }

    provider.flush(Duration::from_secs(5))?;
    for finished in exporter.finished() {
        let span = finished.span;
        println!("{} {} (below {}) {:?}", span.span_id, span.name, span.parent_span_id, span.status);
    }
    Ok(())
}
