//! The shop in this process: its services on loopback ports, each with a tracer provider of its own, and a customer.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use std::{fmt, io};

use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::BoxError;
use tracing_core_lite::pipeline::Exporter;
use tracing_core_lite::{BuildError, FlushError, Resource, TracerProvider};

use super::Customer;
use crate::health_probe;
use crate::shop::reconciliation::{self, Reconciled};
use crate::shop::{self, ORDERS_CREATED, SERVICES, Service, Settings, Wiring};

/// How long a service may take until it is well.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long what follows from the orders may take.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before looking again.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);
/// How long the last spans may take to leave.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// On ports that are free.
    Automatic,
    /// On this one and those above it.
    From(u16),
}

impl Ports {
    /// How many it takes.
    pub const NEEDED: u16 = SERVICES.len() as u16;

    fn of(self, index: u16) -> u16 {
        match self {
            Self::Automatic => 0,
            Self::From(base) => base + index,
        }
    }
}

/// The shop could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error(
        "port {port}, meant for {service}, is taken by another program.\n\
         Stop that program, choose other ports with --ports BASE, or leave --ports out to have free ones found."
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// Who needs it.
        service: &'static str,
    },
    /// No listening there, for another reason.
    #[error("{service} cannot listen on {address}: {source}")]
    Listen {
        /// Who.
        service: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Something that it needs is not there.
    #[error("{service} cannot start: {source}")]
    Service {
        /// Who.
        service: &'static str,
        /// Why.
        source: BoxError,
    },
    /// It runs, but does not say that it is well.
    #[error("{service} is not well after {} s", START_TIMEOUT.as_secs())]
    Unhealthy {
        /// Who.
        service: &'static str,
    },
    /// There is no folder for the databases.
    #[error("no folder for the databases: {0}")]
    Folder(#[source] io::Error),
    /// A tracer provider could not be built.
    #[error(transparent)]
    Provider(#[from] BuildError),
    /// librdkafka has no mock cluster for us.
    #[error("no mock cluster: {0}")]
    Kafka(#[from] KafkaError),
}

/// The shop while it runs.
pub struct RunningShop {
    addresses: Vec<(&'static str, SocketAddr)>,
    providers: Vec<TracerProvider>,
    customer: Customer,
    background: TaskTracker,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
    /// Works at night, and its bank.
    reconciliation: TracerProvider,
    bank: TracerProvider,
    kafka: String,
    /// In place of a broker; it ends with this.
    _mock: Option<MockCluster<'static, DefaultProducerContext>>,
    /// The databases; removed with it.
    folder: TempDir,
}

impl RunningShop {
    /// Starts all services, with databases in a folder of their own. `exporter` is asked for each of them where its spans
    /// go.
    ///
    /// # Errors
    /// [`StartError::PortTaken`] and its like.
    pub async fn start(
        ports: Ports,
        exporter: impl FnMut() -> Box<dyn Exporter>,
    ) -> Result<Self, StartError> {
        Self::start_with(ports, &Settings::default(), exporter).await
    }

    /// As [`start`](RunningShop::start), with other `settings` for all services: `DATABASE_URL`, `REDIS_URL`,
    /// `KAFKA_BROKERS`, `AMQP_URL`. Without Kafka, librdkafka's mock cluster takes its place in this process; without AMQP,
    /// tasks do the jobs of the workers, which are not started.
    ///
    /// # Errors
    /// As [`start`](RunningShop::start).
    pub async fn start_with(
        ports: Ports,
        settings: &Settings,
        mut exporter: impl FnMut() -> Box<dyn Exporter>,
    ) -> Result<Self, StartError> {
        let folder = tempfile::tempdir().map_err(StartError::Folder)?;
        let mut settings = settings.clone();
        let mock = if settings.get("KAFKA_BROKERS").is_none() { Some(MockCluster::new(1)?) } else { None };
        if let Some(mock) = &mock {
            for topic in [ORDERS_CREATED, reconciliation::TOPIC] {
                mock.create_topic(topic, 1, 1)?;
            }
            settings = settings.with("KAFKA_BROKERS", mock.bootstrap_servers());
        }
        let services: Vec<Service> = SERVICES
            .into_iter()
            .filter(|it| it.needs.is_none_or(|variable| settings.get(variable).is_some()))
            .collect();
        let mut listeners = Vec::new();
        for (index, service) in (0..).zip(&services) {
            listeners.push(listen(service.name, ports.of(index)).await?);
        }
        let addresses: Vec<_> =
            services.iter().zip(&listeners).map(|(service, (_, address))| (service.name, *address)).collect();
        for (service, (_, address)) in services.iter().zip(&listeners) {
            settings = settings.with(service.variable(), format!("http://{address}"));
        }

        let mut provider = |service: &str| {
            let resource = Resource::builder().with_service_name(service).build();
            TracerProvider::builder().with_resource(resource).with_exporter(exporter()).build()
        };
        let (customer, reconciliation, bank) =
            (provider("customer")?, provider("reconciliation")?, provider("bank")?);
        let mut shop = Self {
            customer: Customer::new(&customer, format!("http://{}", listeners[0].1)),
            addresses,
            providers: vec![customer, reconciliation.clone(), bank.clone()],
            background: TaskTracker::new(),
            stop: CancellationToken::new(),
            servers: JoinSet::new(),
            reconciliation,
            bank,
            kafka: settings.get("KAFKA_BROKERS").unwrap_or_default().to_owned(),
            _mock: mock,
            folder,
        };
        for (service, (listener, _)) in services.into_iter().zip(listeners) {
            let provider = provider(service.name)?;
            shop.serve(service, listener, provider, settings.clone()).await?;
        }
        shop.wait_until_healthy().await?;
        Ok(shop)
    }

    /// To join a group of Kafka takes a few seconds; an event of before would wait as long.
    async fn wait_until_healthy(&self) -> Result<(), StartError> {
        for &(service, address) in &self.addresses {
            let healthy = async {
                while health_probe::ask(address).await.is_err() {
                    sleep(SETTLE_PAUSE).await;
                }
            };
            timeout(START_TIMEOUT, healthy).await.map_err(|_| StartError::Unhealthy { service })?;
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        service: Service,
        listener: TcpListener,
        provider: TracerProvider,
        mut settings: Settings,
    ) -> Result<(), StartError> {
        self.providers.push(provider.clone());
        if settings.get("DATABASE_URL").is_none() {
            let file = self.folder.path().join(format!("{}.db", service.name));
            settings = settings.with("DATABASE_URL", format!("sqlite://{}", file.display()));
        }
        let wiring = Wiring {
            service: service.name,
            provider,
            settings,
            background: self.background.clone(),
            stop: self.stop.clone(),
        };
        let failed = |source| StartError::Service { service: service.name, source };
        let router = service.start(wiring).await.map_err(failed)?;
        self.servers.spawn(shop::serve(listener, router, self.stop.clone().cancelled_owned()));
        Ok(())
    }

    /// Each service and where it listens.
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// Somebody who places orders.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// A night passes: the bank sends its records, and they are reconciled.
    ///
    /// # Errors
    /// When Kafka does not play along.
    pub async fn reconcile(&self) -> Result<Reconciled, BoxError> {
        reconciliation::send_statements(&self.kafka, &self.bank).await?;
        reconciliation::reconcile(&self.kafka, &self.reconciliation).await
    }

    /// Waits until everything has happened that was to follow, as `is_complete` tells from the spans so far; no longer than
    /// 30 s.
    pub async fn settle(&self, is_complete: impl Fn() -> bool) {
        let wait = async {
            while !is_complete() {
                sleep(SETTLE_PAUSE).await;
                for provider in self.providers.clone() {
                    // What was not exported is found missing by whoever looks.
                    let _ = spawn_blocking(move || provider.flush(SHUTDOWN_TIMEOUT)).await;
                }
            }
        };
        let _ = timeout(SETTLE_TIMEOUT, wait).await;
    }

    /// Stops all services once what they had begun is done, and exports the last spans.
    ///
    /// # Errors
    /// When spans were lost, or could not be exported in time.
    pub async fn stop(mut self) -> Result<(), FlushError> {
        self.stop.cancel();
        while self.servers.join_next().await.is_some() {}
        self.background.close();
        self.background.wait().await;
        // All at once: one receiver that does not answer must not be waited for once for each of them.
        let mut shutdowns = JoinSet::new();
        for provider in self.providers {
            shutdowns.spawn_blocking(move || provider.shutdown(SHUTDOWN_TIMEOUT));
        }
        let mut outcome = Ok(());
        while let Some(shutdown) = shutdowns.join_next().await {
            outcome = outcome.and(shutdown.unwrap_or(Err(FlushError::Timeout)));
        }
        outcome
    }
}

impl fmt::Debug for RunningShop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningShop").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

async fn listen(service: &'static str, port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port, service },
        _ => StartError::Listen { service, address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
