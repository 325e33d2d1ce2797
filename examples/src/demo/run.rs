//! Runs the demo from start to end.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::Path;

use tokio::task::JoinSet;
use tower::BoxError;
use tracing_core_lite::span::data::FinishedSpan;

use super::log_lines::LogLines;
use super::report::Report;
use super::sampled;
use super::sinks::Sinks;
use super::{Options, OrderKind, Placed, RunningShop, is_complete, problems, sights};
use crate::shop::Settings;
use crate::terminated;

/// How many ordinary orders are placed concurrently.
const CONCURRENT_ORDERS: usize = 16;

/// Runs the demo and prints its report. Returns whether all traces are right.
///
/// `settings` may name brokers as `KAFKA_BROKERS` and `AMQP_URL`.
///
/// # Errors
/// Returns an error if the shop cannot start, a file cannot be written, or spans are lost.
pub async fn run(options: &Options, settings: &Settings) -> Result<bool, Box<dyn Error>> {
    if options.sampled {
        return sampled::run(options, settings).await;
    }
    let mut report = Report::new(io::stdout(), options.color && color_allowed());
    let sinks = Sinks::open(options)?;
    let log_lines = LogLines::start();

    let shop = RunningShop::start_with(options.ports, settings, || sinks.exporter()).await?;
    report.services(shop.addresses())?;
    report.brokers(settings.get("KAFKA_BROKERS"), settings.get("AMQP_URL"))?;
    report.orders_begin(options.orders)?;
    let work = async {
        let placed = place_all(&shop, options.orders, &mut report).await?;
        shop.reconcile().await?;
        shop.settle(|| is_complete(&placed, &sinks.memory.finished())).await;
        Ok::<_, BoxError>(placed)
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = terminated() => Err("stopped before all orders were placed".into()),
    };
    // Stopping the shop exports the last spans, so do it after an error or a signal as well.
    let exported = shop.stop().await;
    let placed = outcome.map_err(|error| -> Box<dyn Error> { error })?;
    let spans = sinks.memory.take();

    for order in first_of_each_kind(&placed) {
        report.order(order, &spans, &log_lines)?;
    }
    report.night(&spans)?;
    report.checks_begin()?;
    if let Some(path) = &options.svg {
        draw(path, &placed, &spans)?;
    }
    if exported.is_ok() {
        report.written(options, spans.len())?;
    }
    report.sights(&sights(&placed, &spans))?;
    let problems = problems(&placed, &spans);
    report.verdict(placed.len(), &spans, &problems)?;
    exported.map_err(|error| match &options.otlp_endpoint {
        Some(url) => {
            format!("some spans were not exported ({error}): check that an OTLP receiver listens at {url}")
        }
        None => format!("some spans were not exported ({error})"),
    })?;
    Ok(problems.is_empty())
}

/// Places the first orders, whose traces are shown, one after the other, and then the rest concurrently.
async fn place_all(
    shop: &RunningShop,
    count: usize,
    report: &mut Report<io::Stdout>,
) -> io::Result<Vec<Placed>> {
    let mut placed = Vec::new();
    let mut pending = JoinSet::new();
    for (index, kind) in OrderKind::first(count).enumerate() {
        if pending.len() == CONCURRENT_ORDERS || index <= OrderKind::STORY.len() {
            while let Some(order) = pending.join_next().await {
                placed.push(order.map_err(io::Error::other)?);
                report.order_placed(placed.len(), &placed[placed.len() - 1])?;
            }
        }
        pending.spawn(shop.customer().clone().place(kind));
    }
    while let Some(order) = pending.join_next().await {
        placed.push(order.map_err(io::Error::other)?);
        report.order_placed(placed.len(), &placed[placed.len() - 1])?;
    }
    Ok(placed)
}

fn first_of_each_kind(placed: &[Placed]) -> impl Iterator<Item = &Placed> {
    OrderKind::STORY.into_iter().filter_map(|kind| placed.iter().find(|order| order.kind == kind))
}

/// Draws the declined order, whose trace shows most, or else the last one.
fn draw(path: &Path, placed: &[Placed], spans: &[FinishedSpan]) -> io::Result<()> {
    let declined = placed.iter().find(|order| order.kind == OrderKind::Declined);
    let Some(order) = declined.or_else(|| placed.last()) else { return Ok(()) };
    let of_order = |it: &&FinishedSpan| it.span.trace_id == order.trace_id;
    let trace: Vec<_> = spans.iter().filter(of_order).map(trace_view::Span::from).collect();
    std::fs::write(path, trace_view::svg(&trace))
        .map_err(|error| io::Error::new(error.kind(), format!("--svg {}: {error}", path.display())))
}

/// Returns whether the output is a terminal whose user has not disabled colors (<https://no-color.org>).
fn color_allowed() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
