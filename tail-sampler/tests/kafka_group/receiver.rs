//! The receiver of kept spans, which can refuse them for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;

/// A trace as it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) spans: BTreeSet<Vec<u8>>,
    pub(crate) policies: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Receiver {
    traces: Arc<Mutex<BTreeMap<Vec<u8>, Arrived>>>,
    refuses: Arc<AtomicBool>,
    spans: Arc<AtomicU64>,
}

impl Receiver {
    /// Starts the receiver, and returns it with its URL.
    pub(crate) async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limit = axum::extract::DefaultBodyLimit::max(64 << 20);
        let router =
            Router::new().route("/v1/traces", post(receive)).layer(limit).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (receiver, url)
    }

    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Release);
    }

    /// Returns what has arrived, by trace and without duplicates.
    pub(crate) fn traces(&self) -> BTreeMap<Vec<u8>, Arrived> {
        self.traces.lock().unwrap().clone()
    }

    /// Counts the spans that have arrived, duplicates included.
    pub(crate) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }
}

async fn receive(State(receiver): State<Receiver>, body: Bytes) -> StatusCode {
    if receiver.refuses.load(Ordering::Acquire) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut traces = receiver.traces.lock().unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
    for span in scopes.flat_map(|it| it.spans) {
        receiver.spans.fetch_add(1, Ordering::Relaxed);
        let trace = traces.entry(span.trace_id).or_default();
        trace.spans.insert(span.span_id);
        for attribute in span.attributes {
            if attribute.key == "tracing_suite.sampling.policy"
                && let Some(Value::StringValue(policy)) = attribute.value.and_then(|value| value.value)
            {
                trace.policies.insert(policy);
            }
        }
    }
    StatusCode::OK
}
