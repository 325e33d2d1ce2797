//! Opens the connections of a service, as its settings say, and starts it.

use axum::Router;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::BoxError;
use tracing::info;
use tracing_core_lite::TracerProvider;

use super::connections::kafka::{self, Membership};
use super::connections::{GrpcChannel, JobQueues, channel};
use super::jobs::Medium;
use super::services::{auth, card_processor, gateway, inventory, notification, orders, payment, workers};
use super::{Database, ORDERS_CREATED, Peer, Service, Settings};

/// The resources that a service needs from the process that runs it.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// The service to start.
    pub service: Service,
    /// Records the spans of the service.
    pub provider: TracerProvider,
    /// Where its peers, databases and brokers are.
    pub settings: Settings,
    /// Runs tasks that outlive a request. The process waits for them before it ends.
    pub background: TaskTracker,
    /// Cancelled when the service has to end.
    pub stop: CancellationToken,
}

impl Wiring {
    /// Opens the connections of the service and returns its routes: HTTP, gRPC or both.
    ///
    /// # Errors
    /// Returns an error if a setting is invalid, or a database, cache or broker cannot be reached.
    pub async fn start(self) -> Result<Router, BoxError> {
        let provider = &self.provider;
        Ok(match self.service {
            Service::Gateway => {
                gateway::router(self.peer(Service::Auth), self.peer(Service::Orders), provider)
            }
            Service::Auth => auth::router(provider),
            Service::Orders => orders::router(self.orders_connections().await?, provider).await?,
            Service::Payment => payment::router(self.stranger(Service::CardProcessor), provider),
            Service::CardProcessor => card_processor::router(provider),
            Service::Inventory => inventory::router(self.database().await?, provider).await?,
            Service::Notification => self.start_notification().await?,
            Service::EmailWorker => self.start_worker(Medium::Email),
            Service::SmsWorker => self.start_worker(Medium::Sms),
        })
    }

    async fn orders_connections(&self) -> Result<orders::Connections, BoxError> {
        let brokers = self.settings.get("KAFKA_BROKERS");
        let producer = brokers.map(|brokers| kafka::producer(brokers, self.service.name(), &self.provider));
        Ok(orders::Connections {
            database: self.database().await?,
            redis_url: self.settings.get("REDIS_URL").map(str::to_owned),
            inventory: self.channel(Service::Inventory)?,
            payment: self.channel(Service::Payment)?,
            events: producer.transpose()?,
        })
    }

    async fn start_notification(&self) -> Result<Router, BoxError> {
        let Some(brokers) = self.settings.get("KAFKA_BROKERS") else {
            info!("KAFKA_BROKERS is not set: there are no events to read");
            return Ok(notification::idle());
        };
        let membership = Membership::default();
        let name = self.service.name();
        let consumer =
            kafka::consumer(brokers, name, ORDERS_CREATED, membership.clone(), &self.provider).await?;
        let jobs = match self.job_queues() {
            Some(queues) => notification::Jobs::for_workers(queues),
            None => notification::Jobs::in_process(&self.provider, self.background.clone()),
        };
        self.background.spawn(notification::listen(consumer, jobs, self.stop.clone()));
        Ok(notification::router(membership))
    }

    fn start_worker(&self, medium: Medium) -> Router {
        match self.job_queues() {
            Some(queues) => {
                self.background.spawn(workers::work(medium, queues, self.stop.clone()));
            }
            None => info!("AMQP_URL is not set: there are no jobs to do"),
        }
        workers::router()
    }

    fn job_queues(&self) -> Option<JobQueues> {
        self.settings.get("AMQP_URL").map(|url| JobQueues::at(url, &self.provider))
    }

    fn peer(&self, peer: Service) -> Peer {
        Peer::new(peer.name(), self.url_of(peer), &self.provider)
    }

    /// Returns a client of another company, outside of the shop's trust boundary.
    fn stranger(&self, peer: Service) -> Peer {
        Peer::outside(peer.name(), self.url_of(peer), &self.provider)
    }

    fn channel(&self, peer: Service) -> Result<GrpcChannel, BoxError> {
        channel(self.url_of(peer), &self.provider)
    }

    /// Opens the database at `DATABASE_URL`, by default an SQLite file in the folder for temporary files.
    async fn database(&self) -> Result<Database, BoxError> {
        let url = match self.settings.get("DATABASE_URL") {
            Some(url) => url.to_owned(),
            None => {
                let folder = std::env::temp_dir().join("shop");
                std::fs::create_dir_all(&folder)?;
                format!("sqlite://{}/{}.db", folder.display(), self.service.name())
            }
        };
        // The error does not show the URL, which may contain a password.
        let opened = Database::open(&url, &self.provider).await;
        opened.map_err(|error| format!("cannot open the database at DATABASE_URL: {error}").into())
    }

    fn url_of(&self, peer: Service) -> String {
        self.settings.get(&peer.url_variable()).map_or_else(|| peer.default_url(), str::to_owned)
    }
}
