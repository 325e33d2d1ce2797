//! One HTTP request: through an axum router with the server layer, and through a client that answers at once.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service};
use tracing_core_lite::propagation::Propagator;
use tracing_http::client::ClientLayer;
use tracing_http::server::ServerLayer;

use crate::case::{ALL_PARENTS, Case, Parent, Provider, SAMPLED_OR_NOT, Work, drive, provided};

pub fn cases() -> Vec<Case> {
    vec![
        // The body of axum is kept, so that axum does not box it again.
        Case { name: "HTTP server, axum preset", parents: ALL_PARENTS, make: axum_preset },
        // Works with every body, and costs a box for axum's.
        Case { name: "HTTP server, any body", parents: SAMPLED_OR_NOT, make: any_body },
        // The headers are the W3C ones. All other formats are enabled too.
        Case { name: "HTTP server, all formats", parents: SAMPLED_OR_NOT, make: all_formats },
        Case { name: "HTTP client", parents: ALL_PARENTS, make: client },
    ]
}

fn axum_preset(parent: Parent, provider: Option<&Provider>) -> Work {
    serve(
        parent,
        match provider {
            None => router().layer(PassThroughLayer::default()),
            Some(provider) => router().layer(provided!(tracing_http::axum::ServerLayer::new(), provider)),
        },
    )
}

fn any_body(parent: Parent, provider: Option<&Provider>) -> Work {
    serve(
        parent,
        match provider {
            None => router().layer(PassThroughLayer::default()),
            Some(provider) => router().layer(provided!(ServerLayer::new(), provider)),
        },
    )
}

fn all_formats(parent: Parent, provider: Option<&Provider>) -> Work {
    let names = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";
    let propagator = Propagator::from_names(names).expect("all formats are compiled in");
    serve(
        parent,
        match provider {
            None => router().layer(PassThroughLayer::default()),
            Some(provider) => {
                let layer = provided!(tracing_http::axum::ServerLayer::new(), provider);
                router().layer(layer.with_propagator(propagator))
            }
        },
    )
}

fn router() -> Router {
    Router::new().route("/orders/{id}", get(|| async { "ok" }))
}

/// Sends a request and reads the response to its end.
fn serve(parent: Parent, router: Router) -> Work {
    // Without `with_state`, axum builds the route anew for each request.
    let mut router = router.with_state(()).into_service();
    Work::new(move || {
        let request = Request::get("/orders/7")
            .header("host", "shop.example:8080")
            .header("user-agent", "bench/1.0")
            .header("accept", "*/*");
        let request = match parent.traceparent() {
            Some(traceparent) => request.header("traceparent", traceparent),
            None => request,
        };
        let request = request.body(Body::empty()).expect("a valid request");
        drive(async {
            let Ok(response) = router.call(request).await;
            response.into_body().collect().await.expect("a body that cannot fail")
        });
    })
}

fn client(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    match provider {
        None => send(Answer),
        Some(provider) => send(provided!(ClientLayer::new(), provider).layer(Answer)),
    }
}

/// A client that answers at once.
#[derive(Clone)]
struct Answer;

impl Service<Request<Body>> for Answer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(Body::from("an order"))))
    }
}

fn send<S, B>(mut client: S) -> Work
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: http_body_util::BodyExt,
{
    Work::new(move || {
        let request = Request::get("http://shop.example:8080/orders/4711?page=2").header("accept", "*/*");
        let request = request.body(Body::empty()).expect("a valid request");
        drive(async {
            let Ok(response) = client.call(request).await;
            let _ = response.into_body().collect().await;
        });
    })
}

/// A layer that passes requests through. It holds a setting, as every layer does: axum clones the layer for each request,
/// which is free only for one without.
#[derive(Clone)]
pub struct PassThroughLayer(Arc<str>);

impl Default for PassThroughLayer {
    fn default() -> Self {
        Self(Arc::from("bare"))
    }
}

impl<S> Layer<S> for PassThroughLayer {
    type Service = PassThrough<S>;

    fn layer(&self, inner: S) -> PassThrough<S> {
        PassThrough { inner, _setting: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub struct PassThrough<S> {
    inner: S,
    _setting: Arc<str>,
}

impl<S: Service<R>, R> Service<R> for PassThrough<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
