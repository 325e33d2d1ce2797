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
use tracing_sampling::tail::{StartError, TailSampler};

use crate::adaptive::{self, Services};
use crate::admin::Shown;
use crate::authorize::{self, Authorize};
use crate::config::Config;
use crate::control::{Control, Mode};
use crate::intake::Intake;
use crate::secret::SecretError;
use crate::tls::{ServerTls, TlsError, TlsListener};
use crate::{admin, grpc, http, reload};

/// The program cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program cannot listen on an address.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The certificates of the receivers cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The bearer token cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A policy is invalid, or a thread could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The consumer of the topic cannot be started.
    #[cfg(feature = "kafka")]
    #[error(transparent)]
    Kafka(#[from] crate::kafka::StartKafkaError),
}

/// The running program.
#[derive(Debug)]
pub struct Running {
    shown: Shown,
    /// `None` in Kafka mode.
    stage: Option<TailSampler>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    watcher: Option<JoinHandle<()>>,
    evaluation: Option<JoinHandle<()>>,
    /// The addresses of the receivers, of health and metrics, and of sampling, in the order HTTP, gRPC, admin, sampling.
    addresses: Vec<SocketAddr>,
}

/// Starts the program with this configuration and exporter. `file` is reloaded when it changes. With a consumer group in the
/// configuration there are no receivers.
///
/// # Errors
/// Returns an error if the program cannot listen on an address or if a policy is invalid.
pub async fn start(
    config: &Config,
    exporter: impl Exporter,
    file: Option<PathBuf>,
) -> Result<Running, ServeError> {
    let adaptive = config.adaptive.clone().map(Services::new);
    #[cfg(feature = "kafka")]
    if let Some(kafka) = &config.kafka {
        let (kafka, tail) = (kafka.clone(), config.tail.clone());
        let kafka = crate::kafka::RunningKafka::start(kafka, tail, Box::new(exporter), adaptive.clone())?;
        return Running::new(None, Mode::Kafka(kafka)).serve(config, Vec::new(), adaptive, file).await;
    }
    let stage = TailSampler::new(config.tail.clone(), exporter)?;
    let tail = stage.control();
    let running = Running::new(Some(stage), Mode::Otlp(tail.clone()));
    let intake = Intake {
        tail,
        requests: Arc::clone(&running.shown.requests),
        is_closing: Arc::clone(&running.shown.is_closing),
        max_request_bytes: config.receivers.max_request_bytes,
        adaptive: adaptive.clone(),
    };
    let mut receivers = vec![
        (config.receivers.http, http::router(intake.clone())),
        (config.receivers.grpc, grpc::router(intake)),
    ];
    if let Some(secret) = &config.receivers.bearer_token {
        let authorize = Authorize::new(secret.clone(), Arc::clone(&running.shown.requests))?;
        for (_, router) in &mut receivers {
            let check = axum::middleware::from_fn_with_state(authorize.clone(), authorize::check);
            *router = std::mem::take(router).layer(check);
        }
    }
    running.serve(config, receivers, adaptive, file).await
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
    fn new(stage: Option<TailSampler>, mode: Mode) -> Self {
        let shown = Shown {
            control: Control(mode),
            requests: Arc::default(),
            is_closing: Arc::new(AtomicBool::new(false)),
        };
        let stop = watch::channel(false).0;
        Self {
            shown,
            stage,
            stop,
            servers: Vec::new(),
            watcher: None,
            evaluation: None,
            addresses: Vec::new(),
        }
    }

    /// Listens on all addresses, and watches the file.
    async fn serve(
        mut self,
        config: &Config,
        receivers: Vec<(Option<SocketAddr>, Router)>,
        adaptive: Option<Services>,
        file: Option<PathBuf>,
    ) -> Result<Self, ServeError> {
        for (address, router) in receivers {
            if let Some(address) = address {
                self.listen(address, router, config.receivers.tls.as_ref()).await?;
            }
        }
        if let Some(address) = config.admin {
            self.listen(address, admin::router(self.shown.clone()), None).await?;
        }
        if let Some(services) = adaptive {
            let address = services.config().endpoint;
            self.listen(address, adaptive::router(services.clone()), None).await?;
            self.evaluation = Some(tokio::spawn(evaluate(services)));
        }
        let Shown { control, requests, .. } = self.shown.clone();
        self.watcher = file.map(|path| tokio::spawn(reload::watch(path, control, requests)));
        Ok(self)
    }

    async fn listen(
        &mut self,
        address: SocketAddr,
        router: Router,
        tls: Option<&ServerTls>,
    ) -> Result<(), ServeError> {
        let mut stopped = self.stop.subscribe();
        let failed = |error| ServeError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        self.addresses.push(listener.local_addr().map_err(failed)?);
        let stop = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let report = move |result: std::io::Result<()>| {
            if let Err(error) = result {
                tracing::error!(%address, %error, "a receiver stopped");
            }
        };
        self.servers.push(match tls {
            None => tokio::spawn(async move {
                report(axum::serve(listener, router).with_graceful_shutdown(stop).await);
            }),
            Some(tls) => {
                let listener = TlsListener::new(listener, tls.clone())?;
                tokio::spawn(async move {
                    report(axum::serve(listener, router).with_graceful_shutdown(stop).await);
                })
            }
        });
        Ok(())
    }

    /// Returns the addresses on which the program listens, in the order HTTP, gRPC, admin, sampling. In Kafka mode there are no
    /// receivers.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns a handle of the tail sampler.
    #[must_use]
    pub fn control(&self) -> Control {
        self.shown.control.clone()
    }

    /// Waits until the program cannot go on, and returns the reason. Never returns without Kafka.
    pub async fn failed(&self) -> String {
        match &self.shown.control.0 {
            Mode::Otlp(_) => std::future::pending().await,
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => match kafka.ended().await {
                Ok(()) => std::future::pending().await,
                Err(reason) => reason,
            },
        }
    }

    /// Refuses new spans, finishes requests, decides every pending trace, and exports the kept spans. In Kafka mode it exports the
    /// kept spans of decided traces, commits, and leaves the others to the group.
    ///
    /// # Errors
    /// Returns an error if the kept spans were not exported within `timeout`.
    pub async fn shutdown(mut self, timeout: Duration) -> Result<(), ExportError> {
        let deadline = Instant::now() + timeout;
        self.shown.is_closing.store(true, Ordering::Release);
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
        let (stage, mode) = (self.stage, self.shown.control.0);
        let closed = tokio::task::spawn_blocking(move || match (stage, mode) {
            (Some(mut stage), _) => stage.shutdown(deadline),
            #[cfg(feature = "kafka")]
            (None, Mode::Kafka(kafka)) => kafka.shutdown(deadline),
            (None, Mode::Otlp(_)) => Ok(()),
        })
        .await;
        closed.unwrap_or_else(|_| Err(ExportError::Permanent { reason: "the shutdown panicked".into() }))
    }
}
