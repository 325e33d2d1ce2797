//! The messages that the programs, in Rust and in other languages, exchange with each other and with the test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The transport of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP/1.1.
    Http,
    /// gRPC, one unary call.
    Grpc,
    /// Kafka.
    Kafka,
    /// AMQP 0.9.1.
    Amqp,
    /// A query of PostgreSQL, after which nothing is sent on.
    Sql,
}

impl Transport {
    /// Returns whether messages wait in a broker.
    #[must_use]
    pub fn is_messaging(self) -> bool {
        matches!(self, Self::Kafka | Self::Amqp)
    }
}

/// One receiver, and what is sent to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hop {
    /// The transport.
    pub by: Transport,
    /// A URL, an address, a topic, a queue, or a query.
    pub to: String,
    /// How many messages are sent; 0 means one.
    #[serde(default)]
    pub count: usize,
    /// Whether the messages have no value.
    #[serde(default)]
    pub tombstone: bool,
}

impl Hop {
    /// Returns the hop to PostgreSQL for one `query`.
    #[must_use]
    pub fn query(query: &str) -> Self {
        Self { by: Transport::Sql, to: query.to_owned(), count: 0, tombstone: false }
    }

    pub(crate) fn new(by: Transport, http: u16, grpc: u16, name: &str) -> Self {
        let to = match by {
            Transport::Http => format!("http://127.0.0.1:{http}/relay"),
            Transport::Grpc => format!("127.0.0.1:{grpc}"),
            Transport::Kafka | Transport::Amqp | Transport::Sql => name.to_owned(),
        };
        Self { by, to, count: 0, tombstone: false }
    }
}

/// The body of a message: the remaining hops.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Message {
    #[serde(default)]
    pub(crate) hops: Vec<Hop>,
}

/// Tells a program to send something.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Command {
    /// The headers of the program's caller.
    pub carrier: BTreeMap<String, String>,
    /// Baggage that the program adds with its own API.
    pub baggage: BTreeMap<String, String>,
    /// The hops.
    pub hops: Vec<Hop>,
}

/// A message that a program has received.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    /// The transport.
    pub received: Transport,
    /// The values of the header.
    pub traceparent: Vec<String>,
    /// The values of a header that is unrelated to tracing.
    pub tenant: Vec<String>,
    /// Baggage, decoded.
    pub baggage: BTreeMap<String, String>,
    /// The `tracestate` of the current span.
    pub tracestate: String,
    /// The trace of the current span.
    pub trace: String,
    /// The current span.
    pub span: String,
    /// Whether it is sampled.
    pub sampled: bool,
    /// The body, empty when there is none.
    pub body: String,
}
