//! Traces a tower service that speaks a protocol of its own, with the kit that the HTTP and gRPC layers are built on.
//!
//! The header `shop-command` of a request names its command, and the header `shop-code` of a response says how it ended.
//! Run it with `cargo run -p tracing-core-lite --example tower_service --features tower,console`.

use std::task::{Context as TaskContext, Poll};
use std::thread::LocalKey;

use http::{Request, Response};
use http_body::Body;
use tower::{Service, ServiceExt, service_fn};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_core_lite::opentelemetry::trace::{SpanKind, Status};
use tracing_core_lite::tower::{
    AfterHead, Call, CallFuture, CallPool, End, HeaderScan, OnHead, Protocol, RequestContext, Source,
    TracedBody,
};
use tracing_core_lite::{InstrumentationScope, Span, TracerProvider, error_class};

/// What is kept of a call until it ends: nothing.
#[derive(Debug)]
struct ShopCall;

thread_local! {
    static POOL: CallPool<ShopCall> = const { CallPool::new() };
}

impl Protocol for ShopCall {
    type Error = &'static str;

    fn pool() -> &'static LocalKey<CallPool<Self>> {
        &POOL
    }

    fn error_of<E: 'static>(_: &E) -> &'static str {
        error_class::OTHER
    }

    /// The head says how the command ended, so the span does not wait for the body.
    fn after_head<B: Body>(_: Option<&mut Self>, _: &Response<B>) -> AfterHead {
        AfterHead::Done
    }

    fn end(&mut self, span: Option<Span>, end: End<'_, &'static str>) {
        let Some(span) = span else { return };
        let code = match end {
            End::Complete(head) => head.and_then(|head| head.get("shop-code")?.to_str().ok()),
            End::Failed(class) => Some(class),
            End::Panicked => Some(error_class::PANIC),
            End::Cancelled => Some(error_class::CANCELLED),
        };
        match code.unwrap_or(error_class::OTHER) {
            "ok" => span.end(),
            code => span.end_with(|span| _ = span.set("error.type", code).set_status(Status::error(""))),
        }
    }
}

/// Leaves the head of a response as it is.
#[derive(Debug)]
struct Unchanged;

impl<B, E> OnHead<ShopCall, B, E> for Unchanged {
    const IS_CLIENT: bool = false;

    fn on_head(&self, _: &mut Call<ShopCall>, _: &mut Response<B>) {}

    fn error_of(&self, _: &E) -> &'static str {
        error_class::OTHER
    }
}

/// Makes every command that `inner` receives a span.
struct Traced<S> {
    inner: S,
    source: Source,
}

impl<S: Service<Request<B>, Response = Response<R>>, B, R: Body> Service<Request<B>> for Traced<S> {
    type Response = Response<TracedBody<R, ShopCall>>;
    type Error = S::Error;
    type Future = CallFuture<S::Future, ShopCall, Unchanged>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let call = self.source.start(|start| {
            let headers = HeaderScan::of(request.headers());
            let origin = start.server_origin(&headers, request.extensions(), |_| None);
            let parent = (origin.parent.as_ref(), &origin.base);
            // Callers may send any command, so only a known one becomes a name.
            let known = headers.value("shop-command").filter(|command| *command == "reserve");
            let name = known.map_or("_OTHER", |_| "reserve");
            let span = start.span(name, SpanKind::Server, parent, start.decide(parent.0, parent.1), |_| ());
            Call::observed(span.in_context(&origin.base), span, ShopCall)
        });
        // A further layer on the same request continues this trace.
        request.extensions_mut().insert(RequestContext::new(call.context().clone()));
        CallFuture::start(call, Unchanged, || self.inner.call(request))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = TracerProvider::builder().with_exporter(ConsoleExporter::stdout()).build()?;
    let source = Source::of_provider(&provider, InstrumentationScope::builder("shop-protocol").build());
    let inner = service_fn(async |request: Request<()>| {
        let is_known = request.headers().get("shop-command").is_some_and(|command| command == "reserve");
        let code = if is_known { "ok" } else { "no_such_command" };
        Response::builder().header("shop-code", code).body(String::new())
    });
    let mut stock = Traced { inner, source };
    for command in ["reserve", "sell"] {
        stock.ready().await?.call(Request::builder().header("shop-command", command).body(())?).await?;
    }
    Ok(provider.shutdown(std::time::Duration::from_secs(5))?)
}
