//! What a service is given when it starts.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::BoxError;
use tracing_core_lite::TracerProvider;

use super::grpc::{self, GrpcChannel};
use super::{Database, Peer, SERVICES, Settings};

/// What connects a service with the rest: the others, its database, and its end.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// Its name, which is that of its database's file too.
    pub service: &'static str,
    /// Records its spans.
    pub provider: TracerProvider,
    /// Where everything else is.
    pub settings: Settings,
    /// For tasks that outlive their request; they are waited for at the end.
    pub background: TaskTracker,
    /// Cancelled when the service is to end.
    pub stop: CancellationToken,
}

impl Wiring {
    /// The service `name`, called by HTTP.
    pub fn peer(&self, name: &'static str) -> Peer {
        Peer::new(name, self.url_of(name), &self.provider)
    }

    /// As [`peer`](Wiring::peer); asked again when it is busy.
    pub fn retried_peer(&self, name: &'static str) -> Peer {
        Peer::retried(name, self.url_of(name), &self.provider)
    }

    /// The service `name`, called by gRPC. It need not be there yet.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn channel(&self, name: &str) -> Result<GrpcChannel, BoxError> {
        grpc::channel(self.url_of(name), &self.provider)
    }

    /// The database at `DATABASE_URL`, or else an SQLite file in the folder for temporary files.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn database(&self) -> Result<Database, BoxError> {
        let url = match self.settings.get("DATABASE_URL") {
            Some(url) => url.to_owned(),
            None => {
                let folder = std::env::temp_dir().join("shop");
                std::fs::create_dir_all(&folder)?;
                format!("sqlite://{}/{}.db", folder.display(), self.service)
            }
        };
        // Without the URL, which may hold a password.
        let opened = Database::open(&url, &self.provider).await;
        opened.map_err(|error| format!("the database of DATABASE_URL: {error}").into())
    }

    fn url_of(&self, name: &str) -> String {
        let service = SERVICES.into_iter().find(|service| service.name == name);
        let told = service.and_then(|it| self.settings.get(&it.variable()).map(str::to_owned));
        told.or_else(|| service.map(|it| it.default_url())).unwrap_or_default()
    }
}
