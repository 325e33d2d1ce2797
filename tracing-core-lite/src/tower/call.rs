//! One call, from its request to the last frame of its response.

use bytes::Buf;
use http::HeaderMap;
use opentelemetry::ContextGuard;

use super::observed::Observed;
use super::protocol::{End, Protocol};
use crate::layer_support::BoxPool;
#[cfg(feature = "tracing-layer")]
use crate::subscriber::tower_span;
use crate::{Context, Recorder, Span};

/// The context that a call runs in, and its span until that ends.
///
/// The span ends exactly once: by one of the methods that end it, or as [cancelled](End::Cancelled) when the call is
/// dropped. Two words and a box, because futures and bodies that hold it are moved around.
#[derive(Debug)]
pub struct Call<P: Protocol> {
    context: Context,
    /// `None` if the call is neither recorded nor measured, or has ended.
    observed: Option<Box<Observed<P>>>,
}

impl<P: Protocol> Call<P> {
    /// Creates a call that is neither recorded nor measured. Its context is current while it runs.
    #[inline]
    #[must_use]
    pub fn unobserved(context: Context) -> Self {
        #[cfg(feature = "tracing-layer")]
        let context = tower_span::with_request_span(context, None);
        Self { context, observed: None }
    }

    /// Creates a call that `span` records and that `protocol` ends.
    #[inline]
    #[must_use]
    pub fn observed(context: Context, span: Span, protocol: P) -> Self {
        #[cfg(feature = "tracing-layer")]
        let context = tower_span::with_request_span(context, Some(&span));
        let observed = Observed { span: Some(span), protocol };
        Self { context, observed: Some(BoxPool::boxed(P::pool(), observed)) }
    }

    /// Returns the context that the call runs in.
    #[inline]
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns whether the call is recorded or measured.
    #[inline]
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.observed.is_some()
    }

    /// Returns whether the call's span is recorded.
    #[inline]
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.span().is_some_and(Span::is_recording)
    }

    /// Returns what the protocol keeps of the call, unless the call has ended or is not observed.
    #[inline]
    pub fn protocol(&mut self) -> Option<&mut P> {
        self.observed.as_mut().map(|observed| &mut observed.protocol)
    }

    #[inline]
    fn span(&self) -> Option<&Span> {
        self.observed.as_ref().and_then(|observed| observed.span.as_ref())
    }

    /// Runs `write` on the span if it is recorded.
    #[inline]
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(span) = self.span() {
            span.record(write);
        }
    }

    /// Runs `write` on the span and on what the protocol keeps, if the call is observed.
    #[inline]
    pub fn with_span(&mut self, write: impl FnOnce(&Span, &mut P)) {
        if let Some(Observed { span: Some(span), protocol }) = self.observed.as_deref_mut() {
            write(span, protocol);
        }
    }

    /// Makes the call's context current until the result is dropped. If a panic drops it, the call ends.
    #[inline]
    pub(super) fn enter(&mut self) -> Entered<'_, P> {
        let _current = self.context.clone().attach();
        #[cfg(feature = "tracing-layer")]
        let _request_span = tower_span::enter(&self.context);
        Entered {
            _guard: self.end_on_panic(),
            #[cfg(feature = "tracing-layer")]
            _request_span,
            _current,
        }
    }

    /// Ends the call if a panic drops the result.
    #[inline]
    pub(super) fn end_on_panic(&mut self) -> EndOnPanic<'_, P> {
        EndOnPanic { call: self, was_panicking: std::thread::panicking() }
    }

    /// Runs `work` in the call's context. If it panics, the call ends.
    #[inline]
    pub fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        work()
    }

    /// Runs `hook` on the span if it is recorded. If it panics, the call ends.
    #[inline]
    pub fn run_hook(&mut self, hook: impl FnOnce(&mut Recorder<'_>)) {
        let guard = self.end_on_panic();
        guard.call.record(hook);
    }

    #[inline]
    pub(super) fn makes_body(&self) -> bool {
        self.observed.as_ref().is_none_or(|observed| observed.protocol.makes_body())
    }

    /// Passes a chunk of the response's body to the protocol.
    #[inline]
    pub fn data(&mut self, data: &impl Buf) {
        if let Some(Observed { span, protocol }) = self.observed.as_deref_mut() {
            protocol.on_data(span.as_ref(), data);
        }
    }

    /// Ends the call with the trailers of its response, if it has any.
    #[inline]
    pub fn complete(&mut self, trailers: Option<&HeaderMap>) {
        self.end(End::Complete(trailers));
    }

    /// Ends the call with an error of its body.
    #[inline]
    pub fn failed<E: 'static>(&mut self, error: &E) {
        self.end(End::Failed(P::error_of(error)));
    }

    /// Ends the call. Does nothing if it has ended before or is not observed.
    #[inline]
    pub fn end(&mut self, end: End<'_, P::Error>) {
        if self.observed.is_some() {
            self.end_watched(end);
        }
    }

    fn end_watched(&mut self, end: End<'_, P::Error>) {
        let Some(mut observed) = self.observed.take() else { return };
        // The context shares the span. A span ends without taking a lock if it has one owner.
        self.context = Context::new();
        let span = observed.span.take();
        observed.protocol.end(span, end);
        BoxPool::keep(P::pool(), observed);
    }
}

impl<P: Protocol> Drop for Call<P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(observed) = &self.observed {
            let is_complete = observed.protocol.is_complete();
            self.end(if is_complete { End::Complete(None) } else { End::Cancelled });
        }
    }
}

/// Keeps a call's context current.
#[must_use = "the context is current until this is dropped"]
pub(super) struct Entered<'a, P: Protocol> {
    // Dropped first, so that a panic ends the span in its context.
    _guard: EndOnPanic<'a, P>,
    #[cfg(feature = "tracing-layer")]
    _request_span: Option<tracing::span::EnteredSpan>,
    _current: ContextGuard,
}

/// Ends a call if a panic drops it.
pub(super) struct EndOnPanic<'a, P: Protocol> {
    call: &'a mut Call<P>,
    /// A call may run while another panic unwinds, as in a destructor.
    was_panicking: bool,
}

impl<P: Protocol> Drop for EndOnPanic<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() && !self.was_panicking {
            self.call.end(End::Panicked);
        }
    }
}
