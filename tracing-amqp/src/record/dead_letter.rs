//! The headers of messages that the broker dead-lettered.

use lapin::types::{AMQPValue, FieldTable};
use tracing_core_lite::span::Recorder;

use super::attribute::{DEAD_LETTER_COUNT, DEAD_LETTER_QUEUE, DEAD_LETTER_REASON};
use crate::headers::{Headers, text};

/// The header with one entry for each queue and reason, the latest first.
const DEATHS: &str = "x-death";
/// The header with the queue where the message was first dead-lettered.
const FIRST_QUEUE: &str = "x-first-death-queue";

/// The maximum number of entries that are read. A message passes few queues, but a peer may write any number of
/// entries.
const MOST_ENTRIES: usize = 32;

/// Returns how often consumers rejected the message, or returned it until the broker's delivery limit.
pub(crate) fn tries(headers: Headers<'_>) -> u32 {
    let tries = deaths(headers)
        .filter(|death| matches!(reason(death), Some("rejected" | "delivery_limit")))
        .map(|death| count(death).unwrap_or(1))
        .fold(0, i64::saturating_add);
    u32::try_from(tries.max(0)).unwrap_or(u32::MAX)
}

/// Sets the attributes of a message that was dead-lettered.
pub(crate) fn record(headers: Headers<'_>, span: &mut Recorder<'_>) {
    let Some(last) = deaths(headers).next() else { return };
    span.set_some(DEAD_LETTER_COUNT, count(last))
        .set(DEAD_LETTER_REASON, reason(last).unwrap_or("_OTHER"))
        .set_some(DEAD_LETTER_QUEUE, original_queue(headers));
}

/// Returns the first queue, or the queue of the oldest entry if the header is missing.
fn original_queue(headers: Headers<'_>) -> Option<&str> {
    headers
        .text(FIRST_QUEUE)
        .or_else(|| deaths(headers).last().and_then(|death| death.inner().get("queue")).and_then(text))
        .filter(|queue| queue.len() <= 255)
}

fn deaths(headers: Headers<'_>) -> impl Iterator<Item = &FieldTable> {
    headers
        .value(DEATHS)
        .and_then(AMQPValue::as_array)
        .map_or(&[][..], |entries| entries.as_slice())
        .iter()
        .filter_map(AMQPValue::as_field_table)
        .take(MOST_ENTRIES)
}

fn count(death: &FieldTable) -> Option<i64> {
    match death.inner().get("count")? {
        AMQPValue::LongLongInt(count) => Some(*count),
        AMQPValue::LongInt(count) => Some(i64::from(*count)),
        AMQPValue::LongUInt(count) => Some(i64::from(*count)),
        _ => None,
    }
}

/// Returns the reason if it is one of RabbitMQ's (its guide "Dead Letter Exchanges").
fn reason(death: &FieldTable) -> Option<&'static str> {
    let given = text(death.inner().get("reason")?)?;
    ["rejected", "expired", "maxlen", "delivery_limit"].into_iter().find(|reason| *reason == given)
}
