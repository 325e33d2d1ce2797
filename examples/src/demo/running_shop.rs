//! The shop in this process: five servers on loopback ports, each with a tracer provider of its own, and a customer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_core_lite::export::Exporter;
use tracing_core_lite::{BuildError, FlushError, Resource, TracerProvider};

use super::Customer;
use crate::shop::{self, Peer};

/// How long the last spans may take to leave.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// In the order of their ports.
const SERVICES: [&str; Ports::NEEDED as usize] = ["gateway", "auth", "orders", "payment", "card-processor"];

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
    pub const NEEDED: u16 = 5;

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
    /// A tracer provider could not be built.
    #[error(transparent)]
    Provider(#[from] BuildError),
}

/// The shop while it runs.
#[derive(Debug)]
pub struct RunningShop {
    addresses: Vec<(&'static str, SocketAddr)>,
    providers: Vec<TracerProvider>,
    customer: Customer,
    background: TaskTracker,
    stop: CancellationToken,
    servers: JoinSet<io::Result<()>>,
}

impl RunningShop {
    /// Starts all services. `exporter` is asked for each of them where its spans go.
    ///
    /// # Errors
    /// [`StartError::PortTaken`] and its like.
    pub async fn start(
        ports: Ports,
        mut exporter: impl FnMut() -> Box<dyn Exporter>,
    ) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        for (index, service) in (0..).zip(SERVICES) {
            listeners.push(listen(service, ports.of(index)).await?);
        }
        let mut provider = |service: &str| {
            let resource = Resource::builder().service_name(service).build();
            TracerProvider::builder().resource(resource).exporter(exporter()).build()
        };
        let mut providers = Vec::new();
        for service in SERVICES.into_iter().chain(["customer"]) {
            providers.push(provider(service)?);
        }
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, address)| *address).collect();
        let url = |index: usize| format!("http://{}", addresses[index]);

        let background = TaskTracker::new();
        let [at_gateway, at_auth, at_orders, at_payment, at_processor, at_customer] = &providers[..] else {
            unreachable!("one provider per service, and one for the customer");
        };
        let routers = [
            shop::gateway::router(
                at_gateway,
                Peer::new("auth", url(1), at_gateway),
                Peer::new("orders", url(2), at_gateway),
            ),
            shop::auth::router(at_auth),
            shop::orders::router(at_orders, Peer::new("payment", url(3), at_orders), background.clone()),
            shop::payment::router(at_payment, Peer::retried("card-processor", url(4), at_payment)),
            shop::card_processor::router(at_processor),
        ];
        let customer = Customer::new(at_customer, url(0));

        let stop = CancellationToken::new();
        let mut servers = JoinSet::new();
        for ((listener, _), router) in listeners.into_iter().zip(routers) {
            servers.spawn(shop::serve(listener, router, stop.clone().cancelled_owned()));
        }
        let addresses = SERVICES.into_iter().zip(addresses).collect();
        Ok(Self { addresses, providers, customer, background, stop, servers })
    }

    /// Each service and where it listens.
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// Somebody who places orders.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// Stops all services once what they had begun is done, and exports the last spans.
    ///
    /// # Errors
    /// When spans were lost, or could not be exported in time.
    pub async fn stop(mut self) -> Result<(), FlushError> {
        self.background.close();
        self.background.wait().await;
        self.stop.cancel();
        while self.servers.join_next().await.is_some() {}
        // All at once: one receiver that does not answer must not be waited for six times.
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
