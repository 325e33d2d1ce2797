//! TLS and SASL of the clients.

use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};

use super::config::KafkaConfig;

/// A password cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecurityError {
    #[cfg(feature = "kafka-tls")]
    #[error(transparent)]
    Password(#[from] tracing_kafka::SecurityError),
}

/// The security of all clients.
#[derive(Debug, Clone, Default)]
pub(super) struct Security {
    #[cfg(feature = "kafka-tls")]
    inner: tracing_kafka::Security,
}

#[cfg(feature = "kafka-tls")]
impl Security {
    pub(super) fn new(config: &KafkaConfig) -> Self {
        use super::config::Mechanism;
        use tracing_kafka::SaslMechanism;
        let mut inner = tracing_kafka::Security::new();
        if let Some(tls) = &config.tls {
            inner = inner.with_tls();
            if let Some(path) = &tls.ca_file {
                inner = inner.with_ca_file(path);
            }
            if let (Some(certificate), Some(key)) = (&tls.cert_file, &tls.key_file) {
                inner = inner.with_client_certificate(certificate, key);
            }
        }
        if let Some(sasl) = &config.sasl {
            let mechanism = match sasl.mechanism {
                Mechanism::Plain => SaslMechanism::Plain,
                Mechanism::ScramSha256 => SaslMechanism::ScramSha256,
                Mechanism::ScramSha512 => SaslMechanism::ScramSha512,
            };
            let secret = sasl.password.clone();
            let password = move || secret.read().map_err(std::io::Error::other);
            inner = inner.with_sasl(mechanism, &sasl.username).with_password(password);
        }
        Self { inner }
    }

    /// Puts the settings into the configuration of a client.
    pub(super) fn apply(&self, mut config: ClientConfig) -> Result<ClientConfig, SecurityError> {
        self.inner.apply(&mut config)?;
        Ok(config)
    }

    /// Gives a running client the current password.
    pub(super) fn refresh<C: ClientContext>(&self, client: &Client<C>) {
        if let Err(error) = self.inner.refresh(client) {
            tracing::error!(%error, "the old password stays in force");
        }
    }
}

/// Without the feature, the configuration has no security.
#[cfg(not(feature = "kafka-tls"))]
#[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with the feature")]
impl Security {
    pub(super) fn new(_: &KafkaConfig) -> Self {
        Self::default()
    }

    pub(super) fn apply(&self, config: ClientConfig) -> Result<ClientConfig, SecurityError> {
        Ok(config)
    }

    pub(super) fn refresh<C: ClientContext>(&self, _: &Client<C>) {}
}
