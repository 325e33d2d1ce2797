//! The services of the shop: their names, their ports, and the settings that each requires.

use std::str::FromStr;

/// A service of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Receives the customers' orders.
    Gateway,
    /// Tells which customer a token belongs to.
    Auth,
    /// Takes an order from its price to its payment.
    Orders,
    /// Charges cards.
    Payment,
    /// A stand-in for the API of a card processor.
    CardProcessor,
    /// Reserves goods.
    Inventory,
    /// Turns order events into messages to customers.
    Notification,
    /// Sends messages by e-mail.
    EmailWorker,
    /// Sends messages by SMS.
    SmsWorker,
}

/// The error for a name that is not that of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shop has no service {0:?}")]
pub struct UnknownService(String);

impl Service {
    /// All services, in the order of their ports.
    pub const ALL: [Self; 9] = [
        Self::Gateway,
        Self::Auth,
        Self::Orders,
        Self::Payment,
        Self::CardProcessor,
        Self::Inventory,
        Self::Notification,
        Self::EmailWorker,
        Self::SmsWorker,
    ];

    /// Returns the name, which is also its `service.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::Orders => "orders",
            Self::Payment => "payment",
            Self::CardProcessor => "card-processor",
            Self::Inventory => "inventory",
            Self::Notification => "notification",
            Self::EmailWorker => "email-worker",
            Self::SmsWorker => "sms-worker",
        }
    }

    /// Returns the port on which the service listens by default: 4100 to 4108.
    pub const fn port(self) -> u16 {
        4100 + self as u16
    }

    /// Returns the variable without which the service has nothing to do, if there is one.
    pub const fn required_variable(self) -> Option<&'static str> {
        match self {
            Self::Notification => Some("KAFKA_BROKERS"),
            Self::EmailWorker | Self::SmsWorker => Some("AMQP_URL"),
            _ => None,
        }
    }

    /// Returns the variable that tells the other services where this one is, such as `CARD_PROCESSOR_URL`.
    pub fn url_variable(self) -> String {
        format!("{}_URL", self.name().replace('-', "_").to_uppercase())
    }

    /// Returns the URL at which the service listens by default.
    pub fn default_url(self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        let found = Self::ALL.into_iter().find(|service| service.name() == name);
        found.ok_or_else(|| UnknownService(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn every_service_has_a_port_and_a_variable_of_its_own() {
        for (port, service) in (4100..).zip(Service::ALL) {
            assert_eq!(service.port(), port);
            assert_eq!(service.name().parse(), Ok(service));
        }
        assert_eq!(Service::CardProcessor.url_variable(), "CARD_PROCESSOR_URL");
        assert_eq!(Service::CardProcessor.default_url(), "http://127.0.0.1:4104");
        assert_eq!(
            "warehouse".parse::<Service>().unwrap_err().to_string(),
            "the shop has no service \"warehouse\""
        );
    }
}
