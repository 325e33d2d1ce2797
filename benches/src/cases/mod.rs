//! One router for each way of tracing it.

pub mod fastrace;
pub mod fastrace_grpc;
pub mod lower_bound;
pub mod lower_bound_grpc;
pub mod ours;
pub mod sdk;
pub mod spans;

use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::routing::get;

use crate::exporters::Out;

/// A way of tracing a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// No tracing: a layer that passes requests through.
    Bare,
    /// The smallest possible layer that records such a span.
    LowerBound,
    Ours,
    OursByDefault,
    OursOverSdk,
    Fastrace,
    OtelTower,
    OtelTowerWithMetrics,
    TowerHttp,
    OtelAxum,
}

/// A router, and a function that flushes its last spans.
pub struct Service {
    pub router: Router,
    pub flush: Box<dyn Fn()>,
}

pub const ALL: [(Case, &str); 10] = [
    (Case::Bare, "bare"),
    (Case::LowerBound, "lower bound"),
    (Case::Ours, "tracing-http"),
    (Case::OursByDefault, "tracing-http without keep_axum_body"),
    (Case::OursOverSdk, "tracing-http over opentelemetry_sdk"),
    (Case::Fastrace, "fastrace-axum"),
    (Case::OtelTower, "opentelemetry-instrumentation-tower"),
    (Case::OtelTowerWithMetrics, "opentelemetry-instrumentation-tower, with metrics"),
    (Case::TowerHttp, "tower-http TraceLayer + tracing-opentelemetry"),
    (Case::OtelAxum, "axum-tracing-opentelemetry"),
];

impl Case {
    pub fn named(name: &str) -> Result<Self, String> {
        let found = ALL.iter().find(|(_, known)| *known == name);
        found.map(|(case, _)| *case).ok_or_else(|| format!("no case {name}: {:?}", ALL.map(|(_, name)| name)))
    }

    pub fn service(self, out: &Out) -> Service {
        match self {
            Self::Bare => bare(),
            Self::LowerBound => lower_bound::service(out),
            Self::Ours => ours::own_engine(out),
            Self::OursByDefault => ours::as_by_default(out),
            Self::OursOverSdk => ours::over_sdk(out),
            Self::OtelAxum => sdk::otel_axum(out),
            Self::TowerHttp => sdk::tower_http(out),
            Self::OtelTower => sdk::otel_tower(out),
            Self::OtelTowerWithMetrics => sdk::otel_tower_with_metrics(out),
            Self::Fastrace => fastrace::service(out),
        }
    }
}

fn bare() -> Service {
    Service { router: router().layer(PassThroughLayer::default()), flush: Box::new(|| {}) }
}

/// The traced service: one route with a parameter.
pub fn router() -> Router {
    Router::new()
        .route("/orders/{id}", get(|| async { "ok" }))
        // Returns `Pending` once, so that many requests can be open at the same time.
        .route(
            "/slow/{id}",
            get(|| async {
                let mut waited = false;
                std::future::poll_fn(|_| {
                    if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                "ok"
            }),
        )
}

/// Passes requests through. `Router::layer` boxes its argument, so that even an empty layer has a cost.
/// It holds a setting, as every layer does, because axum clones the layer for each request.
#[derive(Clone)]
pub struct PassThroughLayer(Arc<str>);

impl Default for PassThroughLayer {
    fn default() -> Self {
        Self(Arc::from("bare"))
    }
}

impl<S> tower::Layer<S> for PassThroughLayer {
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

impl<S: tower::Service<R>, R> tower::Service<R> for PassThrough<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
