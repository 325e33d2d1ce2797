//! Per-layer filters hide spans from the tracing layer, and may change at run time.
#![cfg(all(feature = "tracing-layer", feature = "testing"))]

use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::{debug_span, info, info_span, trace_span};
use tracing_core_lite::subscriber::{self, SpanLayer};
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

/// `tracing` caches for the whole process which subscribers want a callsite, and does so anew with each subscriber, so these tests
/// take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn layer(spans: &TestSpans) -> SpanLayer {
    subscriber::layer().with_tracer(spans.tracer())
}

/// Another layer that sees everything, so that spans are not disabled altogether.
struct SeesAll;
impl<S: tracing::Subscriber> Layer<S> for SeesAll {}

#[test]
fn children_of_hidden_spans_belong_to_the_next_visible_one() {
    let _turn = turn();
    let spans = TestSpans::new();
    let guard = tracing_subscriber::registry()
        .with(layer(&spans).with_filter(LevelFilter::DEBUG))
        .with(SeesAll)
        .set_default();
    debug_span!("root").in_scope(|| {
        trace_span!("hidden").in_scope(|| debug_span!("child").in_scope(|| info!("to the child")));
    });
    let hidden = trace_span!("hidden root");
    drop(debug_span!(parent: &hidden, "explicit"));
    hidden.in_scope(|| drop(debug_span!("contextual")));
    hidden.record("nothing", 1);
    drop((hidden, guard));
    spans.assert_tree(
        "
        root
          child
        explicit
        contextual
        ",
    );
    assert_eq!(spans.one("child").events.len(), 1);
}

#[test]
fn a_span_that_all_layers_hide_is_disabled() {
    let _turn = turn();
    let spans = TestSpans::new();
    let guard = tracing_subscriber::registry()
        .with(layer(&spans).with_filter(Targets::new().with_target("shop", LevelFilter::INFO)))
        .set_default();
    assert!(info_span!(target: "other", "hidden").is_disabled());
    info_span!(target: "shop::orders", "shown").in_scope(|| {});
    drop(guard);
    spans.assert_tree("shown");
}

#[test]
fn a_filter_can_be_changed_while_spans_are_open() {
    let _turn = turn();
    let spans = TestSpans::new();
    let (filter, handle) = reload::Layer::new(LevelFilter::INFO);
    let guard =
        tracing_subscriber::registry().with(layer(&spans).with_filter(filter)).with(SeesAll).set_default();
    let open = info_span!("open");
    let hidden = debug_span!("hidden");
    handle.reload(LevelFilter::DEBUG).expect("the subscriber exists");
    hidden.in_scope(|| open.in_scope(|| debug_span!("shown").in_scope(|| {})));
    handle.reload(LevelFilter::ERROR).expect("the subscriber exists");
    open.in_scope(|| info_span!("hidden too").in_scope(|| {}));
    drop((open, hidden, guard));
    spans.assert_tree(
        "
        open
          shown
        ",
    );
}

#[test]
fn a_layer_behind_reload_records() {
    let _turn = turn();
    let spans = TestSpans::new();
    let (reloadable, handle) = reload::Layer::new(layer(&spans));
    let guard = tracing_subscriber::registry().with(reloadable).set_default();
    let cut_off = info_span!("cut off").entered();
    // The former layer goes, with its open spans.
    handle.reload(layer(&spans)).expect("the subscriber exists");
    info_span!("second").in_scope(|| {});
    drop((cut_off, guard));
    let names: Vec<String> = spans.finished().into_iter().map(|finished| finished.span.name).collect();
    assert!(names.contains(&"second".to_owned()), "{names:?}");
}
