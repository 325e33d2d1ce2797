//! Layers that are built on opentelemetry_sdk.

use std::time::Duration;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tower_http::trace::TraceLayer;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Service, router};
use crate::exporters::{self, Out};

pub fn flush(provider: SdkTracerProvider) -> Box<dyn Fn()> {
    Box::new(move || provider.force_flush().expect("nothing stands in the way"))
}

/// The `tracing` crate, with its spans exported through OpenTelemetry.
pub fn with_tracing(out: &Out) -> SdkTracerProvider {
    let provider = exporters::sdk(out);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    tracing_subscriber::registry().with(layer).init();
    provider
}

pub fn otel_axum(out: &Out) -> Service {
    let provider = with_tracing(out);
    Service { router: router().layer(OtelAxumLayer::default()), flush: flush(provider) }
}

/// The attributes by hand, as its users write them.
pub fn tower_http(out: &Out) -> Service {
    let provider = with_tracing(out);
    let layer = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
            let headers = opentelemetry_http::HeaderExtractor(request.headers());
            let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&headers));
            let span = tracing::info_span!(
                "request",
                otel.name = format!("{} {route}", request.method()),
                otel.kind = "server",
                http.request.method = %request.method(),
                http.route = route,
                url.path = request.uri().path(),
                url.scheme = "http",
                server.address = request.headers().get("host").and_then(|host| host.to_str().ok()),
                network.protocol.version = "1.1",
                user_agent.original = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok()),
                http.response.status_code = tracing::field::Empty,
            );
            let _ = span.set_parent(parent);
            span
        })
        .on_request(())
        .on_response(|response: &axum::response::Response, _: Duration, span: &tracing::Span| {
            span.record("http.response.status_code", response.status().as_u16());
        })
        .on_body_chunk(())
        .on_eos(());
    Service { router: router().layer(layer), flush: flush(provider) }
}

pub fn otel_tower(out: &Out) -> Service {
    let provider = exporters::sdk(out);
    opentelemetry::global::set_tracer_provider(provider.clone());
    let layer = opentelemetry_instrumentation_tower::http::server::Layer::new();
    Service { router: router().layer(layer), flush: flush(provider) }
}

/// The same layer with a meter provider.
pub fn otel_tower_with_metrics(out: &Out) -> Service {
    let reader = PeriodicReader::builder(NoMetrics).build();
    opentelemetry::global::set_meter_provider(SdkMeterProvider::builder().with_reader(reader).build());
    otel_tower(out)
}

/// Discards metrics.
#[derive(Debug)]
struct NoMetrics;

impl PushMetricExporter for NoMetrics {
    async fn export(&self, _metrics: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
