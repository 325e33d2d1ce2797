//! Look-ups that load what is not there.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;
use tracing_core_lite::{Context, Recorder, Span, Tracer};

use crate::cache_span::CacheSpan;
use crate::semconv::CANCELLED;
use crate::semconv::cache::{HIT, NAME, OPERATION};
use tracing_core_lite::layer_support::StackText;

/// Runs the loads of one look-up; see [`TracedCache::get_or_load`](crate::TracedCache::get_or_load).
#[derive(Debug)]
pub struct Loader {
    tracer: Tracer,
    name: Cow<'static, str>,
    context: Context,
    /// `None` when nobody wants to know.
    was_loaded: Option<Arc<AtomicBool>>,
}

impl Loader {
    pub(crate) fn new(tracer: Tracer, name: Cow<'static, str>, context: Context, is_recorded: bool) -> Self {
        let was_loaded = is_recorded.then(|| Arc::new(AtomicBool::new(false)));
        Self { tracer, name, context, was_loaded }
    }

    pub(crate) fn was_loaded(&self) -> Option<Arc<AtomicBool>> {
        self.was_loaded.clone()
    }

    /// `load` in a span `load {cache.name}`, which starts when it is first polled: a future that is never polled leaves a
    /// hit. The span is failed when `load` gives an `Err`, and cancelled when it is dropped.
    pub fn run<T, E, F>(self, load: F) -> LoadFuture<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        LoadFuture { future: load, state: State::New { loader: self } }
    }

    fn start(&self) -> Running {
        if let Some(was_loaded) = &self.was_loaded {
            was_loaded.store(true, Ordering::Relaxed);
        }
        let mut name = StackText::<96>::new();
        name.push("load ").push(&self.name);
        let span = self.tracer.span(name.as_str()).with_parent(&self.context).start_with(|span| {
            span.set(NAME, &self.name).set(OPERATION, "load");
        });
        Running { context: span.in_context(&self.context), span: Some(span) }
    }
}

#[derive(Debug)]
enum State {
    New { loader: Loader },
    Running(Running),
}

#[derive(Debug)]
struct Running {
    context: Context,
    span: Option<Span>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(span) = self.span.take() {
            span.end_with(cancelled);
        }
    }
}

pin_project! {
    /// A load that is a span; made by [`Loader::run`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct LoadFuture<F> {
        #[pin]
        future: F,
        state: State,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for LoadFuture<F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let State::New { loader } = this.state {
            *this.state = State::Running(loader.start());
        }
        let State::Running(running) = this.state else { return this.future.poll(cx) };
        let attached = running.context.clone().attach();
        let polled = this.future.poll(cx);
        drop(attached);
        if let Poll::Ready(result) = &polled
            && let Some(span) = running.span.take()
        {
            span.end_with(|span| outcome(span, result));
        }
        polled
    }
}

pin_project! {
    /// A look-up that is a span; made by [`TracedCache::get_or_load`](crate::TracedCache::get_or_load).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct LookUp<F> {
        #[pin]
        future: F,
        context: Context,
        state: Open,
    }
}

/// The span of a look-up; ended as cancelled when it is dropped.
#[derive(Debug)]
struct Open {
    span: Option<CacheSpan>,
    was_loaded: Option<Arc<AtomicBool>>,
}

impl Open {
    fn end(&mut self, write: impl FnOnce(&mut Recorder<'_>)) {
        let Some(span) = self.span.take() else { return };
        let was_loaded = self.was_loaded.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed));
        span.end_with(|span| {
            span.set(HIT, !was_loaded);
            write(span);
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.end(cancelled);
    }
}

impl<F> LookUp<F> {
    pub(crate) fn new(
        future: F,
        context: Context,
        span: CacheSpan,
        was_loaded: Option<Arc<AtomicBool>>,
    ) -> Self {
        Self { future, context, state: Open { span: Some(span), was_loaded } }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for LookUp<F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let attached = this.context.clone().attach();
        let polled = this.future.poll(cx);
        drop(attached);
        if let Poll::Ready(result) = &polled {
            this.state.end(|span| outcome(span, result));
        }
        polled
    }
}

fn cancelled(span: &mut Recorder<'_>) {
    span.add_event(CANCELLED, &[]).failed(CANCELLED, "");
}

/// An error's message may hold the key, so that only its type is recorded.
fn outcome<T, E>(span: &mut Recorder<'_>, result: &Result<T, E>) {
    if result.is_err() {
        span.failed(std::any::type_name::<E>(), "");
    }
}
