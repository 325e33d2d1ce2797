//! A request that is sent from another task keeps the context of its caller.

use std::thread;

use http::Request;
use tower::{Layer, Service, service_fn};
use tracing_core_lite::Context;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::tower::CarryContextLayer;

use crate::stack::{NOBODY, Outer, Plan, Shared, Stack, drive, stack};

/// Calls the service below from another thread, as tower's buffer does from another task. `worker_span` is current there.
fn send_from_another_thread(mut below: Outer, request: Request<()>, worker: Context) {
    thread::spawn(move || {
        let _current = worker.attach();
        let Ok(response) = drive(below.call(request));
        drop(response);
    })
    .join()
    .unwrap();
}

#[test]
fn a_carried_context_is_the_parent_whatever_is_current_in_the_worker() {
    for client in [Stack::HttpClient, Stack::GrpcClient] {
        for worker_has_span in [false, true] {
            let (spans, seen) = (TestSpans::new(), Shared::default());
            let below = stack(client, &Plan::default(), &spans, &seen);
            let worker_span = spans.tracer().span("worker").start();
            let mut worker =
                if worker_has_span { worker_span.in_context(&Context::new()) } else { Context::new() };
            let mut below = Some(below);
            let mut above = CarryContextLayer::new().layer(service_fn(move |request: Request<()>| {
                let worker = std::mem::take(&mut worker);
                send_from_another_thread(below.take().unwrap(), request, worker);
                async { Ok::<_, std::convert::Infallible>(()) }
            }));
            let order = spans.tracer().span("order").start();
            {
                let _current = order.in_context(&Context::new()).attach();
                drive(above.call(NOBODY.request(client))).unwrap();
            }
            let all = spans.finished();
            let sent = all.iter().find(|it| it.span.kind != tracing_core_lite::SpanKind::Internal).unwrap();
            assert_eq!(
                sent.span.parent_span_id,
                order.span_context().span_id(),
                "{client:?}, {worker_has_span}"
            );
        }
    }
}

/// As a proxy does, which sends a request on that a server layer has marked.
#[test]
fn a_deeper_current_span_of_the_same_trace_comes_before_a_carried_context() {
    for client in [Stack::HttpClient, Stack::GrpcClient] {
        let (spans, seen) = (TestSpans::new(), Shared::default());
        let mut below = stack(client, &Plan::default(), &spans, &seen);
        let outer = spans.tracer().span("outer").start();
        let context = outer.in_context(&Context::new());
        let deeper = spans.tracer().span("deeper").with_parent(&context).start();
        let mut request = NOBODY.request(client);
        request.extensions_mut().insert(tracing_core_lite::tower::RequestContext::new(context.clone()));
        {
            let _current = deeper.in_context(&context).attach();
            let Ok(response) = drive(below.call(request));
            drop(response);
        }
        let all = spans.finished();
        let sent = all.iter().find(|it| it.span.kind != tracing_core_lite::SpanKind::Internal).unwrap();
        assert_eq!(sent.span.parent_span_id, deeper.span_context().span_id(), "{client:?}");
    }
}
