//! The one table of the shop's services: how each is called, where it listens, and how it starts.

use std::pin::Pin;
use std::str::FromStr;

use axum::Router;
use tower::BoxError;

use super::{Wiring, auth, card_processor, gateway, inventory, notification, orders, payment, worker};

/// A service that is about to be ready.
type Starting = Pin<Box<dyn Future<Output = Result<Router, BoxError>> + Send>>;

/// A service of the shop.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its `service.name`. The others find it by `{NAME}_URL`.
    pub name: &'static str,
    /// Where it listens, unless told otherwise.
    pub port: u16,
    /// The variable without which it has nothing to do.
    pub needs: Option<&'static str>,
    start: fn(Wiring) -> Starting,
}

/// All of them, in the order of their ports.
#[rustfmt::skip] // A table.
pub const SERVICES: [Service; 9] = [
    Service { name: "gateway", port: 4100, needs: None, start: |wiring| Box::pin(gateway::start(wiring)) },
    Service { name: "auth", port: 4101, needs: None, start: |wiring| Box::pin(auth::start(wiring)) },
    Service { name: "orders", port: 4102, needs: None, start: |wiring| Box::pin(orders::start(wiring)) },
    Service { name: "payment", port: 4103, needs: None, start: |wiring| Box::pin(payment::start(wiring)) },
    Service { name: "card-processor", port: 4104, needs: None, start: |wiring| Box::pin(card_processor::start(wiring)) },
    Service { name: "inventory", port: 4105, needs: None, start: |wiring| Box::pin(inventory::start(wiring)) },
    Service { name: "notification", port: 4106, needs: Some("KAFKA_BROKERS"), start: |wiring| Box::pin(notification::start(wiring)) },
    Service { name: "email-worker", port: 4107, needs: Some("AMQP_URL"), start: |wiring| Box::pin(worker::start_email(wiring)) },
    Service { name: "sms-worker", port: 4108, needs: Some("AMQP_URL"), start: |wiring| Box::pin(worker::start_sms(wiring)) },
];

/// There is no such service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shop has no service {0:?}")]
pub struct UnknownService(String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        let named = SERVICES.into_iter().find(|service| service.name == name);
        named.ok_or_else(|| UnknownService(name.to_owned()))
    }
}

impl Service {
    /// Opens what the service needs, and answers with what it serves: HTTP, gRPC, or both.
    ///
    /// # Errors
    /// When a database or cache is not to be had.
    pub async fn start(&self, wiring: Wiring) -> Result<Router, BoxError> {
        (self.start)(wiring).await
    }

    /// The variable by which the others find it, such as `CARD_PROCESSOR_URL`.
    pub fn variable(&self) -> String {
        format!("{}_URL", self.name.replace('-', "_").to_uppercase())
    }

    /// Where it is on this machine, unless told otherwise.
    pub fn default_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
