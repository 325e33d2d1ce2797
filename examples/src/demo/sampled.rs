//! The sampled demo: many quick orders at 1 %, and every declined one.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, spawn_blocking};
use tower::BoxError;
use tracing_core_lite::pipeline::Exporter;
use tracing_core_lite::pipeline::view::StatusCode;
use tracing_sampling::tail::{Policy, TailSampler, TailSettings, Unit};

use super::counted::Counted;
use super::sampled_table::SampledTable;
use super::sinks::Sinks;
use super::{Options, OrderKind, Placed, RunningShop};
use crate::shop::Settings;
use crate::terminated;

/// The share of the traces without an error that is kept, in percent.
const REST: f64 = 1.0;
/// Every so many orders, one is declined.
const DECLINED_EVERY: usize = 50;
/// How many orders are placed concurrently.
const CONCURRENT_ORDERS: usize = 16;
/// How long the decisions about the last traces may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);

/// Places orders, samples their traces, and prints which were kept, and what the kept ones say about all. Returns whether every
/// declined order was kept, and every kept trace is whole.
///
/// # Errors
/// Returns an error if the shop cannot start or spans are lost.
pub(super) async fn run(options: &Options, settings: &Settings) -> Result<bool, Box<dyn Error>> {
    let sinks = Sinks::open(options)?;
    let policies = vec![
        Policy::status_code("errors", [StatusCode::Error]),
        Policy::string_attribute("declined", "shop.order.kind", [OrderKind::Declined.name()]),
        Policy::probabilistic("rest", REST),
    ];
    // All services send to one stage, as they would to the program `tail-sampler`.
    let tail = TailSettings::default().with_unit(Unit::Trace).with_policies(policies);
    let mut tail = TailSampler::new(tail, sinks.exporter())?;
    let counted = Counted::new(tail.control());

    let shop =
        RunningShop::start_with(options.ports, settings, || Box::new(counted.clone()) as Box<dyn Exporter>)
            .await?;
    writeln!(io::stdout(), "Placing {} orders; errors are kept, and {REST} % of the rest", options.orders)?;
    let began = Instant::now();
    let outcome = tokio::select! {
        outcome = place_all(&shop, options.orders) => outcome,
        () = terminated() => Err("stopped before all orders were placed".into()),
    };
    let took = began.elapsed();
    shop.stop().await?;
    let stopped = spawn_blocking(move || tail.shutdown(Instant::now() + SHUTDOWN_TIMEOUT)).await?;
    let placed = outcome.map_err(|error| -> Box<dyn Error> { error })?;
    stopped?;
    let table = SampledTable::new(&placed, &sinks.memory.take(), &counted.spans(), took);
    table.write(&mut io::stdout())?;
    Ok(table.is_right())
}

async fn place_all(shop: &RunningShop, count: usize) -> Result<Vec<Placed>, BoxError> {
    let mut placed = Vec::with_capacity(count);
    let mut pending = JoinSet::new();
    for number in 1..=count {
        if pending.len() == CONCURRENT_ORDERS
            && let Some(order) = pending.join_next().await
        {
            placed.push(order?);
        }
        let kind = if number % DECLINED_EVERY == 0 { OrderKind::Declined } else { OrderKind::Ordinary };
        pending.spawn(shop.customer().clone().place(kind));
    }
    while let Some(order) = pending.join_next().await {
        placed.push(order?);
    }
    Ok(placed)
}
