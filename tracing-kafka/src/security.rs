//! TLS and SASL of the clients.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};

/// How a client proves its name with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// `PLAIN`: the password is sent to the broker. Use it with TLS only.
    Plain,
    /// `SCRAM-SHA-256`.
    ScramSha256,
    /// `SCRAM-SHA-512`.
    ScramSha512,
}

impl SaslMechanism {
    /// Returns its name in Kafka.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A secret or a certificate of a [`Security`] cannot be used. It never contains the secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityError {
    /// The password cannot be read.
    #[error("the password of {username:?} cannot be read: {error}")]
    Password {
        /// The name of the client.
        username: String,
        /// The cause.
        error: io::Error,
    },
    /// librdkafka refuses the password.
    #[error("the password of {0:?} cannot be used")]
    Refused(String),
}

/// TLS and SASL of a client. The settings of all clients of this crate and of rdkafka are a
/// [`ClientConfig`], which [`apply`](Self::apply) completes.
///
/// The password comes from a file, from the environment or from a function, and is read when it is needed. `Debug` does not show it.
///
/// ```no_run
/// use rdkafka::ClientConfig;
/// use rdkafka::producer::Producer;
/// use tracing_kafka::{SaslMechanism, Security, TracedFutureProducer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let security = Security::new()
///     .with_ca_file("/etc/kafka/ca.pem")
///     .with_sasl(SaslMechanism::ScramSha512, "orders")
///     .with_password_file("/run/secrets/kafka-password");
/// let mut config = ClientConfig::new();
/// config.set("bootstrap.servers", "kafka:9093");
/// security.apply(&mut config)?;
/// let producer: TracedFutureProducer = config.create()?;
/// // From time to time, for example when the file has changed:
/// security.refresh(producer.client())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Security {
    uses_tls: bool,
    ca_file: Option<PathBuf>,
    client_certificate: Option<(PathBuf, PathBuf)>,
    sasl: Option<Sasl>,
}

#[derive(Clone)]
struct Sasl {
    mechanism: SaslMechanism,
    username: String,
    password: Password,
}

type Password = Arc<dyn Fn() -> io::Result<String> + Send + Sync>;

impl Security {
    /// Returns no TLS and no SASL.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses TLS, and trusts the authorities of the operating system.
    pub fn with_tls(mut self) -> Self {
        self.uses_tls = true;
        self
    }

    /// Uses TLS, and trusts the certificates in this PEM file instead of those of the operating system.
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self.with_tls()
    }

    /// Uses TLS, and presents the certificate chain in a PEM file with the private key in another (mTLS).
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self.with_tls()
    }

    /// Proves this name with a password, which is empty unless it is set.
    pub fn with_sasl(mut self, mechanism: SaslMechanism, username: impl Into<String>) -> Self {
        let password: Password = Arc::new(|| Ok(String::new()));
        self.sasl = Some(Sasl { mechanism, username: username.into(), password });
        self
    }

    /// Takes the password from a file, without the white space around it. Needs [`with_sasl`](Self::with_sasl).
    pub fn with_password_file(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.with_password(move || Ok(std::fs::read_to_string(&path)?.trim().to_owned()))
    }

    /// Takes the password from an environment variable. Needs [`with_sasl`](Self::with_sasl).
    pub fn with_password_env(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.with_password(move || std::env::var(&name).map_err(io::Error::other))
    }

    /// Takes the password from a function. Needs [`with_sasl`](Self::with_sasl).
    pub fn with_password(mut self, read: impl Fn() -> io::Result<String> + Send + Sync + 'static) -> Self {
        if let Some(sasl) = &mut self.sasl {
            sasl.password = Arc::new(read);
        }
        self
    }

    /// Puts the settings into the configuration of a client.
    ///
    /// # Errors
    /// Returns an error if the password cannot be read.
    pub fn apply(&self, config: &mut ClientConfig) -> Result<(), SecurityError> {
        let protocol = match (self.uses_tls, self.sasl.is_some()) {
            (false, false) => "plaintext",
            (true, false) => "ssl",
            (false, true) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        let mut set_path = |name: &str, path: &Path| _ = config.set(name, path.to_string_lossy());
        if let Some(path) = &self.ca_file {
            set_path("ssl.ca.location", path);
        }
        if let Some((certificate, key)) = &self.client_certificate {
            set_path("ssl.certificate.location", certificate);
            set_path("ssl.key.location", key);
        }
        if let Some(sasl) = &self.sasl {
            config.set("sasl.mechanism", sasl.mechanism.name());
            config.set("sasl.username", &sasl.username);
            config.set("sasl.password", sasl.read()?);
        }
        Ok(())
    }

    /// Reads the password again, and gives it to a running client, which uses it for its next connections. Connections that exist
    /// stay. Certificates are read only when a client is created.
    ///
    /// # Errors
    /// Returns an error if the password cannot be read.
    pub fn refresh<C: ClientContext>(&self, client: &Client<C>) -> Result<(), SecurityError> {
        let Some(sasl) = &self.sasl else { return Ok(()) };
        match set_credentials(client, &sasl.username, &sasl.read()?) {
            true => Ok(()),
            false => Err(SecurityError::Refused(sasl.username.clone())),
        }
    }

    /// Returns when each certificate file was last changed. A client that was created before another result has old
    /// certificates, and must be created anew.
    #[must_use]
    pub fn certificate_times(&self) -> Vec<Option<SystemTime>> {
        let client = self.client_certificate.iter().flat_map(|(certificate, key)| [certificate, key]);
        let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        self.ca_file.iter().chain(client).map(changed).collect()
    }
}

impl Sasl {
    fn read(&self) -> Result<String, SecurityError> {
        (self.password)().map_err(|error| SecurityError::Password { username: self.username.clone(), error })
    }
}

/// Sets name and password of a client. Returns false if librdkafka, or a zero byte in them, does not permit it.
#[allow(unsafe_code, reason = "rdkafka has no safe function for it")]
fn set_credentials<C: ClientContext>(client: &Client<C>, username: &str, password: &str) -> bool {
    use rdkafka::bindings::{rd_kafka_error_destroy, rd_kafka_sasl_set_credentials};
    use std::ffi::CString;
    let (Ok(username), Ok(password)) = (CString::new(username), CString::new(password)) else { return false };
    // SAFETY: the client outlives the call, librdkafka copies both strings, and the error, if there is one, is ours to free.
    unsafe {
        let error = rd_kafka_sasl_set_credentials(client.native_ptr(), username.as_ptr(), password.as_ptr());
        if error.is_null() {
            return true;
        }
        rd_kafka_error_destroy(error);
    }
    false
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sasl = self.sasl.as_ref().map(|sasl| (sasl.mechanism, &sasl.username));
        f.debug_struct("Security")
            .field("uses_tls", &self.uses_tls)
            .field("ca_file", &self.ca_file)
            .field("client_certificate", &self.client_certificate)
            .field("sasl", &sasl)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_each_protocol_and_no_secret_in_debug() {
        let sasl = |security: Security| {
            security.with_sasl(SaslMechanism::ScramSha256, "shop").with_password(|| Ok("geheim".into()))
        };
        for (security, protocol, password) in [
            (Security::new(), "plaintext", None),
            (Security::new().with_tls(), "ssl", None),
            (Security::new().with_client_certificate("a.pem", "a.key"), "ssl", None),
            (sasl(Security::new()), "sasl_plaintext", Some("geheim")),
            (sasl(Security::new().with_ca_file("ca.pem")), "sasl_ssl", Some("geheim")),
        ] {
            let mut config = ClientConfig::new();
            security.apply(&mut config).unwrap();
            assert_eq!(
                (config.get("security.protocol"), config.get("sasl.password")),
                (Some(protocol), password)
            );
            assert!(!format!("{security:?} {config:?}").contains("geheim"));
        }
    }

    #[test]
    fn a_password_that_cannot_be_read() {
        let security =
            Security::new().with_sasl(SaslMechanism::Plain, "shop").with_password_file("/no/such/file");
        let error = security.apply(&mut ClientConfig::new()).unwrap_err();
        assert!(error.to_string().starts_with("the password of \"shop\" cannot be read"), "{error}");
    }
}
