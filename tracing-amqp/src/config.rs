//! One broker, as spans see it.

use lapin::uri::AMQPUri;
use opentelemetry::InstrumentationScope;
use tracing_core_lite::messaging::{Batch, Client, Operation, OperationType, Peer, Settings};

use crate::record::destination;

/// One broker, as spans see it: settings, and where it is. Made once, it wraps all channels; a clone is cheap.
///
/// [`TracedChannel::new`] makes one of its own, with the defaults.
///
/// ```no_run
/// use lapin::{Connection, ConnectionProperties};
/// use tracing_amqp::{Broker, Settings};
///
/// # async fn connect() -> lapin::Result<()> {
/// let uri = "amqp://user:secret@broker.internal:5672/%2f";
/// let broker = Broker::at(uri, Settings::new().settle_spans());
/// let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
/// let orders = broker.channel(connection.create_channel().await?);
/// let events = broker.channel(connection.create_channel().await?);
/// # drop((orders, events)); Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Broker(Client);

/// With the default settings, somewhere.
impl Default for Broker {
    fn default() -> Self {
        Self::new(Settings::new(), Peer::new())
    }
}

impl Broker {
    /// A broker that `peer` tells the place of.
    #[must_use]
    pub fn new(settings: Settings, peer: Peer) -> Self {
        let scope = InstrumentationScope::builder("tracing-amqp")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
            .build();
        Self(Client::new("rabbitmq", scope, settings, peer))
    }

    /// The broker at `uri`: its host and port become `server.address` and `server.port`, and nothing else of it is kept. What
    /// is not the URI of a broker says nothing.
    #[must_use]
    pub fn at(uri: &str, settings: Settings) -> Self {
        let peer = match uri.parse::<AMQPUri>() {
            Ok(uri) => Peer::new().server(uri.authority.host, Some(uri.authority.port)),
            Err(_) => Peer::new(),
        };
        Self::new(settings, peer)
    }

    /// Begins the work on many deliveries from `queue` at once: one `process` span. See [`Batch`].
    #[must_use]
    pub fn batch(&self, queue: &str) -> Batch {
        let destination = destination::with_queue(queue, queue);
        self.0.batch(&Operation::new(OperationType::Process, destination), |_| {})
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}
