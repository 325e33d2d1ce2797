//! The load of an entry that was missing.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task;

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::lookup::Ending;
use super::starter::Starter;
use crate::span::Span;
use crate::unwind::{PanicProbe, on_unwind};

/// Runs the load of one lookup. See [`TracedCache::get_or_load`](super::TracedCache::get_or_load).
#[derive(Debug)]
pub struct Loader {
    starter: Starter,
    context: Context,
    /// Whether a load has started; `None` if the span of the lookup is not recorded.
    was_loaded: Option<Arc<AtomicBool>>,
}

impl Loader {
    pub(super) fn new(starter: &Starter, context: Context, is_recorded: bool) -> Self {
        let was_loaded = is_recorded.then(|| Arc::new(AtomicBool::new(false)));
        Self { starter: starter.clone(), context, was_loaded }
    }

    pub(super) fn was_loaded(&self) -> Option<Arc<AtomicBool>> {
        self.was_loaded.clone()
    }

    /// Runs `load` in a span named `load {cache}`.
    ///
    /// The span starts with the first poll: a future that is never polled makes no span, and the lookup was a hit. The span is
    /// failed if `load` returns an `Err` or panics, and cancelled if the future is dropped.
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
        let span = self.starter.start("load", &self.context, None);
        Running { context: span.in_context(&self.context), span: Some(span), probe: PanicProbe::start() }
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
    probe: PanicProbe,
}

impl Running {
    fn end(&mut self, ending: Ending) {
        if let Some(span) = self.span.take() {
            span.end_with(|span| ending.record(span));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(Ending::of_drop(self.probe));
    }
}

pin_project! {
    /// A load that is a span. See [`Loader::run`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct LoadFuture<F> {
        // First, so that spans inside are dropped, and thus end, before the span of the load.
        #[pin]
        future: F,
        state: State,
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for LoadFuture<F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        if let State::New { loader } = this.state {
            *this.state = State::Running(loader.start());
        }
        let State::Running(running) = this.state else { return this.future.poll(cx) };
        let attached = running.context.clone().attach();
        let polled = on_unwind(|| this.future.poll(cx), || running.end(Ending::Panicked));
        drop(attached);
        if let task::Poll::Ready(result) = &polled {
            running.end(Ending::of_result(result));
        }
        polled
    }
}
