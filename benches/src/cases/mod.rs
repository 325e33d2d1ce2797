//! One router for each way to trace it.

mod fastrace;
mod ours;
mod sdk;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

/// A way to trace a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Nothing: a layer that passes requests through.
    Bare,
    Ours,
    OursOverSdk,
    OtelAxum,
    TowerHttp,
    OtelTower,
    Fastrace,
}

/// A router, and what makes its last spans leave.
pub struct Service {
    pub router: Router,
    pub flush: Box<dyn Fn()>,
}

pub const ALL: [(Case, &str); 7] = [
    (Case::Bare, "bare"),
    (Case::Ours, "tracing-http"),
    (Case::OursOverSdk, "tracing-http over opentelemetry_sdk"),
    (Case::Fastrace, "fastrace-axum"),
    (Case::OtelTower, "opentelemetry-instrumentation-tower"),
    (Case::TowerHttp, "tower-http TraceLayer + tracing-opentelemetry"),
    (Case::OtelAxum, "axum-tracing-opentelemetry"),
];

impl Case {
    pub fn names() -> String {
        ALL.map(|(_, name)| format!("\"{name}\"")).join(", ")
    }

    pub fn named(name: &str) -> Result<Self, String> {
        ALL.iter()
            .find(|(_, known)| *known == name)
            .map(|(case, _)| *case)
            .ok_or_else(|| format!("no case {name}: {}", Self::names()))
    }

    pub fn service(self) -> Service {
        match self {
            Self::Bare => Service { router: router().layer(PassThroughLayer(Arc::from("bare"))), flush: Box::new(|| {}) },
            Self::Ours => ours::own_engine(),
            Self::OursOverSdk => ours::over_sdk(),
            Self::OtelAxum => sdk::otel_axum(),
            Self::TowerHttp => sdk::tower_http(),
            Self::OtelTower => sdk::otel_tower(),
            Self::Fastrace => fastrace::service(),
        }
    }
}

/// The service that is traced: one route with a parameter.
fn router() -> Router {
    Router::new().route("/orders/{id}", get(|| async { "ok" }))
}

/// Passes requests through: `Router::layer` boxes what it is given, so that a layer costs something even if it does nothing.
/// It holds a setting, as every layer does: axum copies the layer for each request, which is free only for one without.
#[derive(Clone)]
struct PassThroughLayer(Arc<str>);

impl<S> tower::Layer<S> for PassThroughLayer {
    type Service = PassThrough<S>;

    fn layer(&self, inner: S) -> PassThrough<S> {
        PassThrough { inner, _setting: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct PassThrough<S> {
    inner: S,
    _setting: Arc<str>,
}

impl<S: tower::Service<R>, R> tower::Service<R> for PassThrough<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
