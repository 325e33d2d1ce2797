//! The demo from beginning to end.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::Path;

use tokio::task::JoinSet;
use tracing_core_lite::span::data::FinishedSpan;

use super::log_lines::LogLines;
use super::report::Report;
use super::sinks::Sinks;
use super::{Options, OrderKind, Placed, RunningShop, is_complete, problems, sights};
use crate::shop::Settings;

/// How many of the ordinary orders are on their way at a time.
const AT_A_TIME: usize = 16;

/// Runs the demo and tells the terminal about it. Answers whether all traces are as they must be. `settings` may name
/// brokers by `KAFKA_BROKERS` and `AMQP_URL`.
///
/// # Errors
/// When the shop cannot start, a file cannot be written, or spans are lost.
pub async fn run(options: &Options, settings: &Settings) -> Result<bool, Box<dyn Error>> {
    let mut report = Report::new(io::stdout(), options.color && may_colour());
    let sinks = Sinks::open(options)?;
    let log_lines = LogLines::start();

    let shop = RunningShop::start_with(options.ports, settings, || sinks.exporter()).await?;
    report.services(shop.addresses())?;
    report.brokers(settings.get("KAFKA_BROKERS"), settings.get("AMQP_URL"))?;
    report.orders_begin(options.orders)?;
    let placed = place_all(&shop, options.orders, &mut report).await?;
    shop.reconcile().await.map_err(|error| -> Box<dyn Error> { error })?;
    shop.settle(|| is_complete(&placed, &sinks.memory.finished())).await;
    let exported = shop.stop().await;
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
        Some(url) => format!("not every span was exported ({error}). Does an OTLP receiver listen at {url}?"),
        None => format!("not every span was exported ({error})"),
    })?;
    Ok(problems.is_empty())
}

/// The first orders, of which there is something to see, one by one; then the others, several at a time.
async fn place_all(
    shop: &RunningShop,
    count: usize,
    report: &mut Report<io::Stdout>,
) -> io::Result<Vec<Placed>> {
    let mut placed = Vec::new();
    let mut on_their_way = JoinSet::new();
    for (index, kind) in OrderKind::first(count).enumerate() {
        if on_their_way.len() == AT_A_TIME || index <= OrderKind::STORY.len() {
            while let Some(order) = on_their_way.join_next().await {
                placed.push(order.map_err(io::Error::other)?);
                report.order_placed(placed.len(), &placed[placed.len() - 1])?;
            }
        }
        on_their_way.spawn(shop.customer().clone().place(kind));
    }
    while let Some(order) = on_their_way.join_next().await {
        placed.push(order.map_err(io::Error::other)?);
        report.order_placed(placed.len(), &placed[placed.len() - 1])?;
    }
    Ok(placed)
}

fn first_of_each_kind(placed: &[Placed]) -> impl Iterator<Item = &Placed> {
    OrderKind::STORY.into_iter().filter_map(|kind| placed.iter().find(|order| order.kind == kind))
}

/// Draws the order that was declined, which has most to tell, or else the last.
fn draw(path: &Path, placed: &[Placed], spans: &[FinishedSpan]) -> io::Result<()> {
    let declined = placed.iter().find(|order| order.kind == OrderKind::Declined);
    let Some(order) = declined.or_else(|| placed.last()) else { return Ok(()) };
    let of_order = |it: &&FinishedSpan| it.span.trace_id == order.trace_id;
    let trace: Vec<_> = spans.iter().filter(of_order).map(trace_view::Span::from).collect();
    std::fs::write(path, trace_view::svg(&trace))
        .map_err(|error| io::Error::new(error.kind(), format!("--svg {}: {error}", path.display())))
}

/// Colours are for terminals whose user has not said no (<https://no-color.org>).
fn may_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
