//! A producer whose password and certificates may change.

use std::time::{Duration, Instant, SystemTime};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};

use super::deliveries::Reports;
use crate::security::Security;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The security of a producer.
pub(super) struct Secured {
    security: Security,
    /// The settings without those of the security.
    config: ClientConfig,
    looked: Instant,
    certificates: Vec<Option<SystemTime>>,
}

impl Secured {
    pub(super) fn new(security: Security, config: ClientConfig) -> Self {
        let certificates = security.certificate_times();
        Self { security, config, looked: Instant::now(), certificates }
    }

    /// Gives the producer the current password, and replaces it if certificates have changed. `is_idle` is whether nothing is in
    /// flight.
    pub(super) fn refresh(&mut self, producer: &mut BaseProducer<Reports>, is_idle: bool) {
        if self.looked.elapsed() < LOOK_EVERY {
            return;
        }
        self.looked = Instant::now();
        // An unreadable password leaves the old one in force. If that is refused, the export fails and says so.
        let _ = self.security.refresh(producer.client());
        let certificates = self.security.certificate_times();
        if certificates != self.certificates && is_idle {
            let mut config = self.config.clone();
            if self.security.apply(&mut config).is_ok()
                && let Ok(new) = config.create_with_context(Reports)
            {
                *producer = new;
                self.certificates = certificates;
            }
        }
    }
}
