//! Runs the shop in this process: services on loopback ports, each with its own tracer provider, and a customer.

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
use crate::shop::{self, ORDERS_CREATED, Service, Settings, Wiring};

/// How long a service may take to become healthy.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the messages that follow the orders may take.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait between two checks.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);
/// How long exporting the last spans may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// On free ports.
    Automatic,
    /// On this port and those above it.
    From(u16),
}

impl Ports {
    /// How many ports the shop needs.
    pub const NEEDED: u16 = Service::ALL.len() as u16;

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
    /// Another program listens on the port.
    #[error(
        "port {port}, meant for {service}, is in use by another program: stop that program, choose other ports with \
         --ports BASE, or omit --ports to use free ports"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// The service that needs it.
        service: &'static str,
    },
    /// The service cannot listen, for another reason.
    #[error("{service} cannot listen on {address}: {source}")]
    Listen {
        /// The service.
        service: &'static str,
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The service cannot open what it needs.
    #[error("{service} cannot start: {source}")]
    Service {
        /// The service.
        service: &'static str,
        /// The cause.
        source: BoxError,
    },
    /// The service runs, but does not become healthy.
    #[error("{service} is not healthy after {} s", START_TIMEOUT.as_secs())]
    Unhealthy {
        /// The service.
        service: &'static str,
    },
    /// The folder for the databases cannot be created.
    #[error("cannot create a folder for the databases: {0}")]
    Folder(#[source] io::Error),
    /// A tracer provider could not be built.
    #[error(transparent)]
    Provider(#[from] BuildError),
    /// librdkafka's mock cluster cannot start.
    #[error("cannot start librdkafka's mock cluster: {0}")]
    Kafka(#[from] KafkaError),
}

/// The running shop.
pub struct RunningShop {
    addresses: Vec<(&'static str, SocketAddr)>,
    providers: Vec<TracerProvider>,
    customer: Customer,
    background: TaskTracker,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
    /// The providers of the nightly job and of its bank.
    reconciliation: TracerProvider,
    bank: TracerProvider,
    kafka: String,
    /// Replaces a broker, and stops when dropped.
    _mock: Option<MockCluster<'static, DefaultProducerContext>>,
    /// Contains the databases. Removed when dropped.
    folder: TempDir,
}

impl RunningShop {
    /// Starts all services, with databases in a temporary folder. `exporter` is called once for each service.
    ///
    /// # Errors
    /// Returns an error if a port is taken or a service cannot start.
    pub async fn start(
        ports: Ports,
        exporter: impl FnMut() -> Box<dyn Exporter>,
    ) -> Result<Self, StartError> {
        Self::start_with(ports, &Settings::default(), exporter).await
    }

    /// Starts all services as [`start`](RunningShop::start) does, with `settings` for all of them: `DATABASE_URL`,
    /// `REDIS_URL`, `KAFKA_BROKERS`, `AMQP_URL`.
    ///
    /// Without Kafka, librdkafka's mock cluster replaces it. Without AMQP, tasks do the jobs, and the workers do not start.
    ///
    /// # Errors
    /// Returns the same errors as [`start`](RunningShop::start).
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
        let services: Vec<Service> = Service::ALL
            .into_iter()
            .filter(|it| it.required_variable().is_none_or(|variable| settings.get(variable).is_some()))
            .collect();
        let mut listeners = Vec::new();
        for (index, service) in (0..).zip(&services) {
            listeners.push(listen(service.name(), ports.of(index)).await?);
        }
        let addresses: Vec<_> = services
            .iter()
            .zip(&listeners)
            .map(|(service, (_, address))| (service.name(), *address))
            .collect();
        for (service, (_, address)) in services.iter().zip(&listeners) {
            settings = settings.with(service.url_variable(), format!("http://{address}"));
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
            let provider = provider(service.name())?;
            shop.serve(service, listener, provider, settings.clone()).await?;
        }
        shop.wait_until_healthy().await?;
        Ok(shop)
    }

    /// Waits until all services are healthy. Joining a Kafka group takes a few seconds, and earlier events would wait for it.
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
            let file = self.folder.path().join(format!("{}.db", service.name()));
            settings = settings.with("DATABASE_URL", format!("sqlite://{}", file.display()));
        }
        let wiring = Wiring {
            service,
            provider,
            settings,
            background: self.background.clone(),
            stop: self.stop.clone(),
        };
        let failed = |source| StartError::Service { service: service.name(), source };
        let router = wiring.start().await.map_err(failed)?;
        self.servers.spawn(shop::serve(listener, router, self.stop.clone().cancelled_owned()));
        Ok(())
    }

    /// Returns each service and its address.
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// Returns a customer who places orders.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// Sends the bank's records and runs the nightly job.
    ///
    /// # Errors
    /// Returns an error if Kafka does not accept or deliver the records.
    pub async fn reconcile(&self) -> Result<Reconciled, BoxError> {
        reconciliation::send_statements(&self.kafka, &self.bank).await?;
        reconciliation::reconcile(&self.kafka, &self.reconciliation).await
    }

    /// Waits until `is_complete` returns `true` for the spans exported so far, for 30 s at most.
    pub async fn settle(&self, is_complete: impl Fn() -> bool) {
        let wait = async {
            while !is_complete() {
                sleep(SETTLE_PAUSE).await;
                for provider in self.providers.clone() {
                    // The checks report spans that were not exported.
                    let _ = spawn_blocking(move || provider.flush(SHUTDOWN_TIMEOUT)).await;
                }
            }
        };
        let _ = timeout(SETTLE_TIMEOUT, wait).await;
    }

    /// Lets all services finish what they have begun, stops them, and exports the last spans.
    ///
    /// # Errors
    /// Returns an error if spans were lost or could not be exported in time.
    pub async fn stop(mut self) -> Result<(), FlushError> {
        self.stop.cancel();
        while self.servers.join_next().await.is_some() {}
        self.background.close();
        self.background.wait().await;
        // Concurrently, so that a receiver that does not answer delays the end only once.
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
