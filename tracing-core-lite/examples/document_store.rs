//! Instruments a client that the suite does not wrap: a document store that reports its commands as events, as the
//! crate `mongodb` does with its command monitoring.
//!
//! The client calls an event handler when a command starts and when it ends. The handler starts and ends the spans. The
//! client itself stays as it is.
//!
//! Run it with `cargo run -p tracing-core-lite --example document_store --features database,console`.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tracing_core_lite::database::{Client, Command, Endpoint, Failure, PendingSpans};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::{Context, InstrumentationScope, TracerProvider};

/// The instrumentation: one handler for the events of one client.
struct TracingHandler {
    client: Client,
    pending: PendingSpans<i32>,
}

impl TracingHandler {
    fn new() -> Self {
        let endpoint = Endpoint::unknown().with_namespace("shop").with_server("documents.internal", 27017);
        let scope = InstrumentationScope::builder("document-store").build();
        Self { client: Client::new("mongodb", scope).with_endpoint(endpoint), pending: PendingSpans::new() }
    }
}

impl store::CommandEventHandler for TracingHandler {
    fn started(&self, event: &store::Started<'_>) {
        // The store calls this on the thread that runs the command, so the current context is the caller's.
        let command = Command::named(event.command).with_collection(event.collection);
        self.pending.insert(event.request_id, self.client.start(&command));
    }

    fn succeeded(&self, event: &store::Succeeded) {
        if let Some(span) = self.pending.remove(&event.request_id) {
            span.succeed();
        }
    }

    fn failed(&self, event: &store::Failed) {
        let code = event.code.to_string();
        let failure = Failure::new(event.code_name).with_status_code(&code);
        if let Some(span) = self.pending.remove(&event.request_id) {
            span.fail(&failure);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let provider =
        TracerProvider::builder().with_exporter(ConsoleExporter::new(std::io::stdout())).build()?;
    provider.install();
    let store = store::Store::new(Arc::new(TracingHandler::new()));

    let span = provider.tracer("shop").span("place order").start();
    let guard = span.in_context(&Context::current()).attach();
    store.insert("orders", "4711", "two chairs")?;
    println!("{:?}", store.find("orders", "4711")?);
    if let Err(error) = store.insert("orders", "4711", "a table") {
        println!("the second insert failed: {error}");
    }
    drop(guard);
    span.end();
    provider.shutdown(std::time::Duration::from_secs(5))?;
    Ok(())
}

/// The document store. It knows nothing about tracing.
mod store {
    use super::{Arc, AtomicI32, HashMap, Mutex, Ordering, thread};

    pub(crate) struct Started<'a> {
        pub(crate) request_id: i32,
        pub(crate) command: &'a str,
        pub(crate) collection: &'a str,
    }

    pub(crate) struct Succeeded {
        pub(crate) request_id: i32,
    }

    pub(crate) struct Failed {
        pub(crate) request_id: i32,
        pub(crate) code: i32,
        pub(crate) code_name: &'static str,
    }

    pub(crate) trait CommandEventHandler: Send + Sync {
        fn started(&self, event: &Started<'_>);
        fn succeeded(&self, event: &Succeeded);
        fn failed(&self, event: &Failed);
    }

    #[derive(Debug)]
    pub(crate) struct StoreError(&'static str);

    impl std::fmt::Display for StoreError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for StoreError {}

    type Documents = HashMap<(String, String), String>;

    pub(crate) struct Store {
        handler: Arc<dyn CommandEventHandler>,
        documents: Mutex<Documents>,
        next_id: AtomicI32,
    }

    impl Store {
        pub(crate) fn new(handler: Arc<dyn CommandEventHandler>) -> Self {
            Self { handler, documents: Mutex::default(), next_id: AtomicI32::new(1) }
        }

        pub(crate) fn insert(&self, collection: &str, id: &str, document: &str) -> Result<(), StoreError> {
            self.run("insert", collection, |documents| {
                let key = (collection.to_owned(), id.to_owned());
                if documents.contains_key(&key) {
                    return Err((11000, "DuplicateKey"));
                }
                documents.insert(key, document.to_owned());
                Ok(())
            })
        }

        pub(crate) fn find(&self, collection: &str, id: &str) -> Result<Option<String>, StoreError> {
            self.run("find", collection, |documents| {
                Ok(documents.get(&(collection.to_owned(), id.to_owned())).cloned())
            })
        }

        /// Runs a command on a thread of its own, as a driver's connection would, and reports its end from there.
        fn run<T: Send>(
            &self,
            command: &str,
            collection: &str,
            work: impl FnOnce(&mut Documents) -> Result<T, (i32, &'static str)> + Send,
        ) -> Result<T, StoreError> {
            let request_id = self.next_id.fetch_add(1, Ordering::Relaxed);
            self.handler.started(&Started { request_id, command, collection });
            let on_connection = || {
                let mut documents = self.documents.lock().map_err(|_| StoreError("the store is broken"))?;
                work(&mut documents).inspect(|_| self.handler.succeeded(&Succeeded { request_id })).map_err(
                    |(code, code_name)| {
                        self.handler.failed(&Failed { request_id, code, code_name });
                        StoreError(code_name)
                    },
                )
            };
            thread::scope(|scope| scope.spawn(on_connection).join())
                .unwrap_or(Err(StoreError("the connection's thread panicked")))
        }
    }
}
