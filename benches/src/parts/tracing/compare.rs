//! Whether our layer and tracing-opentelemetry export equal spans.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use tracing_core_lite::span::data::{AnyValue, FinishedSpan};
use tracing_core_lite::testing::FakeOtlp;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use super::{in_parent, our_layer, peer_layer};
use crate::data::Figures;
use crate::exporters::{self, Out};

pub const CASE: &str = "equal spans";
pub const MODE: &str = "compared";

/// Spans of each side, in each of the two settings.
const SPANS: u64 = 200;

/// Exports the same spans through both layers to one endpoint each, and compares what arrives.
pub fn run() -> Result<Figures, String> {
    let mut equal = 0;
    for all in [false, true] {
        let theirs = received(|out| {
            let provider = exporters::sdk(out);
            let layer = peer_layer(provider.tracer("bench"), all);
            (layer, Box::new(move || provider.force_flush().expect("nothing stands in the way")))
        })?;
        let ours = received(|out| {
            let provider = exporters::ours(out);
            let layer = our_layer(provider.tracer("bench"), all);
            let flush = move || provider.flush(Duration::from_secs(10)).expect("nothing stands in the way");
            (Box::new(layer), Box::new(flush))
        })?;
        if theirs.len() != ours.len() {
            return Err(format!("{} spans of theirs and {} of ours", theirs.len(), ours.len()));
        }
        for (theirs, ours) in theirs.iter().zip(&ours) {
            let (theirs, ours) = (comparable(theirs, true)?, comparable(ours, false)?);
            if theirs != ours {
                return Err(format!("spans differ:\ntheirs {theirs:#?}\nours {ours:#?}"));
            }
            equal += 1;
        }
    }
    Ok(vec![("equal spans", f64::from(equal))])
}

type LayerAndFlush = (Box<dyn Layer<Registry> + Send + Sync>, Box<dyn Fn()>);

fn received(side: impl FnOnce(&Out) -> LayerAndFlush) -> Result<Vec<FinishedSpan>, String> {
    let endpoint = FakeOtlp::start().map_err(|error| error.to_string())?;
    let (layer, flush) = side(&Out::http(endpoint.url()));
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let mut call = in_parent(super::OURS, true);
    (0..SPANS).for_each(&mut *call);
    drop(guard);
    flush();
    Ok(endpoint.spans())
}

/// All fields that do not differ from span to span by their nature: ids, times and durations are checked and left out.
fn comparable(finished: &FinishedSpan, theirs: bool) -> Result<String, String> {
    let span = &finished.span;
    let duration = span.end_time_unix_nano.checked_sub(span.start_time_unix_nano);
    if duration.is_none_or(|duration| duration > 10_000_000_000) {
        return Err(format!("the times are wrong: {span:?}"));
    }
    if span.span_id.to_bytes() == [0; 8] {
        return Err("a span without an id".into());
    }
    let mut attributes: Vec<(String, AnyValue)> = span.attributes.clone();
    for (key, value) in &mut attributes {
        if matches!(key.as_str(), "busy_ns" | "idle_ns") {
            let AnyValue::Int(0..) = value else { return Err(format!("{key} is {value:?}")) };
            *value = AnyValue::Int(0);
        }
    }
    if theirs {
        // No semantic convention has this attribute, and its value is that of `target`.
        attributes.retain(|(key, _)| key != "code.module.name");
    }
    attributes.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(format!(
        "{:#?}",
        (
            (&span.name, &span.kind, &span.status, span.flags, &span.trace_state),
            (span.trace_id, span.parent_span_id, &finished.scope.name),
            (&attributes, &span.events, &span.links),
            (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count),
        )
    ))
}
