//! A future that outlives the operation that started it.

use std::pin::Pin;
use std::task;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, trace::SpanContext};
use pin_project_lite::pin_project;

use super::tracer::Tracer;
use crate::span::{DropOnPanic, Span};

pin_project! {
    /// A future with a span of its own, which starts a new trace and has a FollowsFrom reference to the span
    /// that was current when the future was made.
    ///
    /// Use it for tasks that are not awaited. As a child, such a task would outlive the span of the request. The span
    /// starts with the first poll, and ends when the future finishes, panics or is dropped. Baggage and other values of
    /// the context are kept.
    ///
    /// ```no_run
    /// use tracing_core_lite::{Tracer, context::Detached};
    ///
    /// # async fn send_mail() {}
    /// # async fn example() {
    /// let tracer = Tracer::global_named("shop");
    /// tokio::spawn(Detached::new(&tracer, "send mail", send_mail()));
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Detached<F> {
        #[pin]
        future: F,
        state: State,
    }
}

#[derive(Debug)]
enum State {
    New {
        tracer: Tracer,
        name: String,
        origin: Context,
    },
    /// The span is taken out when it ends.
    Running {
        context: Context,
        span: Option<Span>,
    },
}

impl<F: Future> Detached<F> {
    /// Wraps `future` in a span called `name`. Spawn it wherever it should run.
    pub fn new(tracer: &Tracer, name: impl Into<String>, future: F) -> Self {
        let state = State::New { tracer: tracer.clone(), name: name.into(), origin: Context::current() };
        Self { future, state }
    }
}

impl State {
    fn start(tracer: &Tracer, name: &str, origin: &Context) -> Self {
        let linked = origin.span().span_context().clone();
        let root = origin.with_remote_span_context(SpanContext::NONE);
        let span = tracer.span(name).with_parent(&root).start_with(|span| {
            span.add_follows_from(&linked);
        });
        Self::Running { context: span.in_context(&root), span: Some(span) }
    }
}

impl<F: Future> Future for Detached<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Self::Output> {
        let this = self.project();
        if let State::New { tracer, name, origin } = this.state {
            *this.state = State::start(tracer, name, origin);
        }
        let State::Running { context, span } = this.state else { return this.future.poll(cx) };
        let guard = context.clone().attach();
        let on_panic = DropOnPanic::new(span);
        let polled = this.future.poll(cx);
        on_panic.defuse();
        drop(guard);
        if polled.is_ready() {
            drop(span.take());
        }
        polled
    }
}
