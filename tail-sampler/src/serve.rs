//! Starts and stops the program's parts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing_core_lite::pipeline::{ExportError, Exporter};
use tracing_sampling::tail::{StartError, TailControl, TailSampler};

use crate::adaptive::{self, Services};
use crate::config::Config;
use crate::intake::Intake;
use crate::{admin, grpc, http, reload};

/// The program cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program cannot listen on an address.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A policy is invalid, or a thread could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The running program.
#[derive(Debug)]
pub struct Running {
    intake: Intake,
    stage: TailSampler,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    watcher: Option<JoinHandle<()>>,
    evaluation: Option<JoinHandle<()>>,
    /// The addresses of the receivers, of health and metrics, and of sampling, in the order HTTP, gRPC, admin, sampling.
    addresses: Vec<SocketAddr>,
}

/// Starts the program with this configuration and exporter. `file` is reloaded when it changes.
///
/// # Errors
/// Returns an error if the program cannot listen on an address or if a policy is invalid.
pub async fn start(
    config: &Config,
    exporter: impl Exporter,
    file: Option<PathBuf>,
) -> Result<Running, ServeError> {
    let stage = TailSampler::new(config.tail.clone(), exporter)?;
    let intake = Intake {
        tail: stage.control(),
        requests: Arc::default(),
        is_closing: Arc::new(AtomicBool::new(false)),
        max_request_bytes: config.receivers.max_request_bytes,
        adaptive: config.adaptive.clone().map(Services::new),
    };
    let (stop, stopped) = watch::channel(false);
    let mut running = Running {
        stage,
        stop,
        servers: Vec::new(),
        watcher: None,
        evaluation: None,
        addresses: Vec::new(),
        intake,
    };
    for (address, router) in [
        (config.receivers.http, http::router(running.intake.clone())),
        (config.receivers.grpc, grpc::router(running.intake.clone())),
        (config.admin, admin::router(running.intake.clone())),
    ] {
        if let Some(address) = address {
            running.listen(address, router, stopped.clone()).await?;
        }
    }
    if let Some(services) = running.intake.adaptive.clone() {
        let address = services.config().endpoint;
        running.listen(address, adaptive::router(services.clone()), stopped).await?;
        running.evaluation = Some(tokio::spawn(evaluate(services)));
    }
    running.watcher = file.map(|path| tokio::spawn(reload::watch(path, running.intake.clone())));
    Ok(running)
}

/// Evaluates the rates in each interval, until the task is cancelled.
async fn evaluate(services: Services) {
    loop {
        tokio::time::sleep(services.config().interval()).await;
        let services = services.clone();
        // Reads an endpoint and a file.
        let _ = tokio::task::spawn_blocking(move || services.evaluate()).await;
    }
}

impl Running {
    async fn listen(
        &mut self,
        address: SocketAddr,
        router: Router,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<(), ServeError> {
        let failed = |error| ServeError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        self.addresses.push(listener.local_addr().map_err(failed)?);
        self.servers.push(tokio::spawn(async move {
            let stop = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
                tracing::error!(%address, %error, "a receiver stopped");
            }
        }));
        Ok(())
    }

    /// Returns the addresses on which the program listens, in the order HTTP, gRPC, admin, sampling.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns a handle of the tail sampler.
    #[must_use]
    pub fn control(&self) -> TailControl {
        self.intake.tail.clone()
    }

    /// Refuses new spans, finishes requests, decides every pending trace, and exports the kept spans.
    ///
    /// # Errors
    /// Returns an error if the kept spans were not exported within `timeout`.
    pub async fn shutdown(mut self, timeout: Duration) -> Result<(), ExportError> {
        let deadline = Instant::now() + timeout;
        self.intake.is_closing.store(true, Ordering::Release);
        if let Some(watcher) = self.watcher.take() {
            watcher.abort();
        }
        if let Some(evaluation) = self.evaluation.take() {
            evaluation.abort();
        }
        let _ = self.stop.send(true);
        for server in self.servers.drain(..) {
            // A connection that stays open does not delay the shutdown.
            let patience = (deadline - Instant::now()).min(timeout / 4);
            let abort = server.abort_handle();
            if tokio::time::timeout(patience, server).await.is_err() {
                abort.abort();
            }
        }
        let mut stage = self.stage;
        let closed = tokio::task::spawn_blocking(move || stage.shutdown(deadline)).await;
        closed.unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the shutdown panicked".into() }))
    }
}
