//! The Rust service, which does the same as the programs in other languages, with our layers and wrappers.

mod amqp;
mod grpc;
mod http;
mod kafka;
mod sql;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tower::BoxError;
use tracing_core_lite::Context;
use tracing_core_lite::opentelemetry::baggage::BaggageExt;
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::testing::TestSpans;

pub(crate) use self::kafka::create_topic;
use crate::message::{Hop, Message, Seen, Transport};

/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running service that receives over all transports. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    spans: TestSpans,
    /// The name of its topic and of its queue.
    name: String,
    seen: Mutex<Vec<Seen>>,
    ports: Mutex<Ports>,
}

#[derive(Debug, Default)]
struct Ports {
    http: u16,
    grpc: u16,
}

impl Relay {
    /// Starts the receivers. The one from Kafka reads the topic `name`, and the one from AMQP the queue `name`.
    ///
    /// # Errors
    /// Returns an error if a port is not available, or the broker or the cluster cannot be reached.
    pub async fn start(name: &str) -> Result<Self, BoxError> {
        let inner = Inner {
            spans: TestSpans::new(),
            name: name.to_owned(),
            seen: Mutex::default(),
            ports: Mutex::default(),
        };
        let relay = Self(Arc::new(inner));
        let ports = Ports { http: http::serve(&relay).await?, grpc: grpc::serve(&relay).await? };
        *relay.0.ports.lock().unwrap_or_else(PoisonError::into_inner) = ports;
        kafka::receive(&relay).await?;
        amqp::receive(&relay).await?;
        Ok(relay)
    }

    /// Returns its spans.
    #[must_use]
    pub fn spans(&self) -> &TestSpans {
        &self.0.spans
    }

    /// Returns the hop to it over `transport`.
    #[must_use]
    pub fn hop(&self, transport: Transport) -> Hop {
        let ports = self.0.ports.lock().unwrap_or_else(PoisonError::into_inner);
        Hop::new(transport, ports.http, ports.grpc, &self.0.name)
    }

    /// Returns the messages that it has received so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends to the first of `hops`, with the others in the body, within the current context.
    ///
    /// # Errors
    /// Returns the error of the client.
    pub async fn send_to(&self, hops: &[Hop]) -> Result<(), BoxError> {
        let Some((first, others)) = hops.split_first() else { return Ok(()) };
        let body = serde_json::to_string(&Message { hops: others.to_vec() })?;
        match first.by {
            Transport::Http => http::send(self, first, body).await,
            Transport::Grpc => grpc::send(self, first, body).await,
            Transport::Kafka => kafka::send(self, first, &body).await,
            Transport::Amqp => amqp::send(self, first, &body).await,
            Transport::Sql => sql::send(self, first).await,
        }
    }

    /// Records a message in the current context, and sends it to the next hop. `header` returns all values of a header.
    async fn received(
        &self,
        by: Transport,
        header: impl Fn(&str) -> Vec<String>,
        body: String,
    ) -> Result<(), BoxError> {
        let context = Context::current();
        let members = context.baggage().iter();
        let baggage = members.map(|(key, (value, _))| (key.to_string(), value.to_string())).collect();
        let span = context.span().span_context().clone();
        let seen = Seen {
            received: by,
            traceparent: header("traceparent"),
            tenant: header("tenant"),
            baggage,
            tracestate: span.trace_state().header(),
            trace: span.trace_id().to_string(),
            span: span.span_id().to_string(),
            sampled: span.is_sampled(),
            body: body.clone(),
        };
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        let message: Message =
            if body.is_empty() { Message::default() } else { serde_json::from_str(&body)? };
        // Boxed, because the call is recursive.
        Box::pin(self.send_to(&message.hops)).await
    }
}
