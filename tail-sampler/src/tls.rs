//! TLS of the receivers.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::serve::Listener;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use tokio_rustls::server::TlsStream;

use crate::files::Files;

/// The time in which a client must finish its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The maximum number of handshakes at a time.
const HANDSHAKES: usize = 256;
/// How often the files are checked for changes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The pause after an error such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The certificates of a receiver, with the Collector's names. Changed files apply to new connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerTls {
    /// The PEM file with the certificate chain of this program.
    pub cert_file: PathBuf,
    /// The PEM file with its private key.
    pub key_file: PathBuf,
    /// The PEM file with the certificates of the authorities that clients must have a certificate of (mTLS). Without it, no
    /// certificate is asked for.
    pub client_ca_file: Option<PathBuf>,
}

/// The files of a receiver cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct TlsError {
    path: PathBuf,
    reason: String,
}

impl TlsError {
    fn new(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl ServerTls {
    fn files(&self) -> Files {
        let files = [Some(&self.cert_file), Some(&self.key_file), self.client_ca_file.as_ref()];
        Files::new(files.into_iter().flatten().cloned())
    }

    fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new(&self.cert_file, &error))?;
        let builder = match &self.client_ca_file {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| TlsError::new(path, &error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| TlsError::new(path, &error))?)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&self.key_file)
            .map_err(|error| TlsError::new(&self.key_file, &error))?;
        let mut config = builder
            .with_single_cert(certificates(&self.cert_file)?, key)
            .map_err(|error| TlsError::new(&self.key_file, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_file_iter(path).map_err(|error| TlsError::new(path, &error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| TlsError::new(path, &error))?;
    if found.is_empty() {
        return Err(TlsError::new(path, &"it holds no certificate"));
    }
    Ok(found)
}

/// A listener whose connections have finished their handshake. A slow client does not delay others.
#[derive(Debug)]
pub(crate) struct TlsListener {
    address: SocketAddr,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    task: tokio::task::JoinHandle<()>,
}

impl TlsListener {
    pub(crate) fn new(listener: TcpListener, tls: ServerTls) -> Result<Self, TlsError> {
        let acceptor = tls.acceptor()?;
        let address = listener.local_addr().map_err(|error| TlsError::new(&tls.cert_file, &error))?;
        let (sender, accepted) = mpsc::channel(16);
        let task = tokio::spawn(accept(listener, tls, acceptor, sender));
        Ok(Self { address, accepted, task })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    mut listener: TcpListener,
    tls: ServerTls,
    mut acceptor: TlsAcceptor,
    accepted: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let (mut files, mut looked) = (tls.files(), Instant::now());
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    while let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await {
        let (stream, peer) = Listener::accept(&mut listener).await;
        if looked.elapsed() >= LOOK_EVERY {
            looked = Instant::now();
            if files.have_changed() {
                match tls.acceptor() {
                    Ok(new) => acceptor = new,
                    Err(error) => {
                        tracing::error!(%error, "new certificates cannot be used; the old ones stay")
                    }
                }
            }
        }
        let (acceptor, accepted) = (acceptor.clone(), accepted.clone());
        tokio::spawn(async move {
            let _permit = permit;
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => _ = accepted.send((stream, peer)).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.accepted.recv().await {
                Some(accepted) => return accepted,
                // The task only ends with this listener.
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
