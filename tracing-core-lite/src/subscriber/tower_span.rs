//! Opens and enters the span of `tracing` that stands for the span of a tower layer.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use tracing::Metadata;

use super::layer::SpanLayer;
use super::request_span::{callsite_metadata, set_adopted};
use super::state::Adopted;
use crate::Span;

/// A span of `tracing` that stands for the span of a tower layer. A value of that layer's context.
struct RequestSpan(tracing::Span);

/// Adds a span of `tracing` to `context` if a layer wants one and no filter disables it.
#[inline]
pub(crate) fn with_request_span(context: Context, span: Option<&Span>) -> Context {
    match callsite_metadata() {
        Some(metadata) => open(metadata, context, span),
        None => context,
    }
}

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
        // The context does not contain the value that is added below. Otherwise the span would keep itself open.
        let adopted = Adopted { context: context.clone(), writer: span.and_then(Span::writer) };
        if !set_adopted(adopted) {
            return None;
        }
        let none: [(&tracing::field::Field, Option<&dyn tracing::field::Value>); 0] = [];
        let opened = tracing::Span::new_with(metadata, &metadata.fields().value_set(&none), dispatch);
        let _unclaimed = super::request_span::adopted();
        Some(opened)
    });
    match opened {
        Some(opened) => context.with_value(RequestSpan(opened)),
        None => context,
    }
}

/// Enters the span of `tracing` in `context`, if there is one.
#[inline(always)]
pub(crate) fn enter(context: &Context) -> Option<tracing::span::EnteredSpan> {
    match callsite_metadata() {
        Some(_) => enter_span(context),
        None => None,
    }
}

#[cold]
fn enter_span(context: &Context) -> Option<tracing::span::EnteredSpan> {
    context.get::<RequestSpan>().map(|span| span.0.clone().entered())
}
