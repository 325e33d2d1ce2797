//! The span of a tower layer as a span of `tracing`.
//!
//! The `tracing` span has no span of its own in the trace: the layer adopts the context of the tower layer's span.

use std::cell::Cell;
use std::sync::OnceLock;

#[cfg(feature = "tower")]
use opentelemetry::Context;
#[cfg(feature = "tower")]
use opentelemetry::trace::TraceContextExt as _;
use tracing::callsite::{self, Callsite};
use tracing::field::FieldSet;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};

#[cfg(feature = "tower")]
use super::layer::SpanLayer;
use super::state::Adopted;
#[cfg(feature = "tower")]
use crate::Span;

/// The target of such spans, for filters.
pub(super) const TARGET: &str = "tracing_suite::request";
const NAME: &str = "request";

/// The place in the code that all such spans share. Its fields are those that the first layer was given.
static REQUEST: RequestCallsite = RequestCallsite(OnceLock::new());

struct RequestCallsite(OnceLock<Metadata<'static>>);

thread_local! {
    /// What the next span with the [`TARGET`] adopts.
    static ADOPT: Cell<Option<Adopted>> = const { Cell::new(None) };
}

impl Callsite for RequestCallsite {
    fn set_interest(&self, _: Interest) {
        // Subscribers are asked about each span.
    }

    fn metadata(&self) -> &Metadata<'_> {
        REQUEST.0.get_or_init(|| metadata(&[]))
    }
}

fn metadata(fields: &'static [&'static str]) -> Metadata<'static> {
    let fields = FieldSet::new(fields, callsite::Identifier(&REQUEST));
    Metadata::new(NAME, TARGET, Level::INFO, None, None, None, fields, Kind::SPAN)
}

/// Switches such spans on, with fields that handlers may record. The fields of the first call count.
pub(super) fn switch_on(fields: Vec<&'static str>) {
    if REQUEST.0.get().is_none() {
        // Once in a process.
        let fields = Box::leak(fields.into_boxed_slice());
        if REQUEST.0.set(metadata(fields)).is_ok() {
            callsite::register(&REQUEST);
        }
    }
}

/// Returns what a span with the [`TARGET`] adopts.
pub(super) fn adopted() -> Option<Adopted> {
    ADOPT.try_with(Cell::take).ok().flatten()
}

/// A span of `tracing` that stands for the span of a tower layer. A value of that layer's context.
#[cfg(feature = "tower")]
struct RequestSpan(tracing::Span);

/// Adds a span of `tracing` to `context` if a layer wants one and no filter disables it.
#[cfg(feature = "tower")]
#[inline]
pub(crate) fn with_request_span(context: Context, span: Option<&Span>) -> Context {
    match REQUEST.0.get() {
        Some(metadata) => open(metadata, context, span),
        None => context,
    }
}

#[cfg(feature = "tower")]
#[cold]
fn open(metadata: &'static Metadata<'static>, context: Context, span: Option<&Span>) -> Context {
    if !context.span().span_context().is_valid() {
        return context;
    }
    let opened = tracing::dispatcher::get_default(|dispatch| {
        let is_wanted = dispatch.downcast_ref::<SpanLayer>().is_some_and(|layer| layer.request_spans);
        if !is_wanted || !dispatch.enabled(metadata) {
            return None;
        }
        // Without the value that is added below, so that the span does not keep itself open.
        let adopted = Adopted { context: context.clone(), writer: span.and_then(Span::writer) };
        ADOPT.try_with(|adopt| adopt.set(Some(adopted))).ok()?;
        let none: [(&tracing::field::Field, Option<&dyn tracing::field::Value>); 0] = [];
        let opened = tracing::Span::new_with(metadata, &metadata.fields().value_set(&none), dispatch);
        let _unclaimed = ADOPT.try_with(Cell::take);
        Some(opened)
    });
    match opened {
        Some(opened) => context.with_value(RequestSpan(opened)),
        None => context,
    }
}

/// Enters the span of `tracing` in `context`, if there is one.
#[cfg(feature = "tower")]
#[inline]
pub(crate) fn enter(context: &Context) -> Option<tracing::span::EnteredSpan> {
    REQUEST.0.get()?;
    context.get::<RequestSpan>().map(|span| span.0.clone().entered())
}
