//! Listeners of the Kafka broker with TLS and SASL, and the certificates and passwords for them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::Program;
use super::service::run;

/// Makes the certificates.
pub(super) const OPENSSL: Program = Program { names: &["openssl"], package: "openssl" };

/// The only user.
const USER: &str = "shop";
const PASSWORD: &str = "only-for-tests";

/// The folder with `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key`, `foreign-ca.pem` and `password`, and two
/// listeners.
#[derive(Debug)]
pub(super) struct Secured {
    folder: PathBuf,
    /// TLS with client certificates.
    tls: u16,
    /// TLS and SASL.
    sasl: u16,
}

impl Secured {
    /// Creates the files.
    pub(super) fn create(folder: &Path, tls: u16, sasl: u16) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let secured = Self { folder: folder.to_owned(), tls, sasl };
        secured.authority("ca")?;
        secured.authority("foreign-ca")?;
        for name in ["server", "client"] {
            secured.certificate(name)?;
        }
        let pem = |name: &str| fs::read_to_string(folder.join(name));
        fs::write(folder.join("keystore.pem"), pem("server.key")? + &pem("server.pem")?)?;
        fs::write(folder.join("password"), PASSWORD)?;
        Ok(secured)
    }

    fn authority(&self, name: &str) -> io::Result<()> {
        let subject = format!("/CN=Test {name}");
        run(self.request(name)?.args([
            "-x509",
            "-days",
            "30",
            "-subj",
            &subject,
            "-out",
            &format!("{name}.pem"),
        ]))
    }

    fn certificate(&self, name: &str) -> io::Result<()> {
        let (subject, request) = (format!("/CN={name}"), format!("{name}.csr"));
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
        run(self.request(name)?.args(["-subj", &subject, "-addext", names, "-out", &request]))?;
        let mut sign = self.openssl()?;
        sign.args(["x509", "-req", "-days", "30", "-copy_extensions", "copyall", "-CAcreateserial"]);
        run(sign.args(["-CA", "ca.pem", "-CAkey", "ca.key", "-in", &request, "-out", &format!("{name}.pem")]))
    }

    /// A new key, and a request with it.
    fn request(&self, name: &str) -> io::Result<Command> {
        let mut command = self.openssl()?;
        command.args(["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.args(["-keyout", &format!("{name}.key")]);
        Ok(command)
    }

    fn openssl(&self) -> io::Result<Command> {
        let mut command = Command::new(OPENSSL.path()?);
        command.current_dir(&self.folder);
        Ok(command)
    }

    /// The listeners, as `listeners` and `advertised.listeners` name them.
    pub(super) fn listeners(&self) -> String {
        format!("SSL://127.0.0.1:{},SASL_SSL://127.0.0.1:{}", self.tls, self.sasl)
    }

    /// The settings of the broker.
    pub(super) fn settings(&self) -> String {
        let folder = self.folder.display();
        format!(
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL\n\
             inter.broker.listener.name=PLAINTEXT\n\
             ssl.keystore.type=PEM\n\
             ssl.keystore.location={folder}/keystore.pem\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={folder}/ca.pem\n\
             listener.name.ssl.ssl.client.auth=required\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
             listener.name.sasl_ssl.plain.sasl.jaas.config=\
             org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n\
             listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=\
             org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
             listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
             org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
        )
    }

    /// The arguments for the storage tool, which store the user for SCRAM.
    pub(super) fn users(&self) -> Vec<String> {
        let user = |mechanism: &str| format!("{mechanism}=[name={USER},password={PASSWORD}]");
        ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .iter()
            .flat_map(|mechanism| ["--add-scram".to_owned(), user(mechanism)])
            .collect()
    }

    /// The variables in which tests look for the listeners and the files.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KAFKA_MTLS_BROKERS", format!("127.0.0.1:{}", self.tls)),
            ("KAFKA_SASL_BROKERS", format!("127.0.0.1:{}", self.sasl)),
            ("KAFKA_TLS_FOLDER", self.folder.display().to_string()),
        ]
    }
}
