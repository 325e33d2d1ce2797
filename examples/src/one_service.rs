//! One service of the shop as a process of its own, configured by its environment.

use std::error::Error;
use std::str::FromStr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tracing::info;
use tracing_core_lite::export::otlp::OtlpConfig;
use tracing_core_lite::export::otlp_json::OtlpJsonFile;
use tracing_core_lite::{Init, TracerProvider, log};

use crate::shop::{self, Peer};

/// A service of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// See [`shop::gateway`].
    Gateway,
    /// See [`shop::auth`].
    Auth,
    /// See [`shop::orders`].
    Orders,
    /// See [`shop::payment`].
    Payment,
    /// See [`shop::card_processor`].
    CardProcessor,
}

/// There is no such service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shop has no service {0:?}")]
pub struct UnknownService(String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        let all = [Self::Gateway, Self::Auth, Self::Orders, Self::Payment, Self::CardProcessor];
        let named = all.into_iter().find(|service| service.name() == name);
        named.ok_or_else(|| UnknownService(name.to_owned()))
    }
}

impl Service {
    /// Its `service.name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::Orders => "orders",
            Self::Payment => "payment",
            Self::CardProcessor => "card-processor",
        }
    }

    /// Where it listens unless told otherwise.
    fn port(self) -> u16 {
        match self {
            Self::Gateway => 4100,
            Self::Auth => 4101,
            Self::Orders => 4102,
            Self::Payment => 4103,
            Self::CardProcessor => 4104,
        }
    }

    fn router(self, provider: &TracerProvider, background: &TaskTracker) -> Router {
        let peer = |service: Self| Peer::new(service.name(), service.url(), provider);
        match self {
            Self::Gateway => shop::gateway::router(provider, peer(Self::Auth), peer(Self::Orders)),
            Self::Auth => shop::auth::router(provider),
            Self::Orders => shop::orders::router(provider, peer(Self::Payment), background.clone()),
            Self::Payment => {
                let processor = Self::CardProcessor;
                let peer = Peer::retried(processor.name(), processor.url(), provider);
                shop::payment::router(provider, peer)
            }
            Self::CardProcessor => shop::card_processor::router(provider),
        }
    }

    /// Where the others find it, such as `CARD_PROCESSOR_URL`.
    fn url(self) -> String {
        let variable = format!("{}_URL", self.name().replace('-', "_").to_uppercase());
        setting(&variable, || format!("http://127.0.0.1:{}", self.port()))
    }
}

/// Runs `service` until the process is asked to stop.
///
/// # Errors
/// When tracing cannot start, or its address is not to be had.
pub async fn run(service: Service) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json(service.name())).init();
    let tracing = with_spans_file(tracing_core_lite::init())?.service_name(service.name()).start()?;

    let address = setting("LISTEN", || format!("127.0.0.1:{}", service.port()));
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    info!(address = %listener.local_addr()?, "listening");

    let background = TaskTracker::new();
    let router = service.router(tracing.provider(), &background);
    shop::serve(listener, router, shop::terminated()).await?;
    background.close();
    background.wait().await;
    info!("stopped");
    Ok(())
}

/// Writes spans to the file that `SPANS_FILE` names, as OTLP-JSON lines, beside their export by OTLP.
fn with_spans_file(init: Init) -> Result<Init, Box<dyn Error>> {
    let path = setting("SPANS_FILE", String::new);
    if path.is_empty() {
        return Ok(init);
    }
    let file = OtlpJsonFile::append(&path).map_err(|error| format!("SPANS_FILE {path}: {error}"))?;
    Ok(init.exporter(OtlpConfig::from_env()?.build()?).exporter(file))
}

fn setting(variable: &str, default: impl FnOnce() -> String) -> String {
    std::env::var(variable).ok().filter(|value| !value.is_empty()).unwrap_or_else(default)
}
