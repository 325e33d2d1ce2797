//! Layers that are built on opentelemetry_sdk.

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tower_http::trace::TraceLayer;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Service, router};
use crate::exporters;

/// A queue that is large enough to lose nothing, as a lost span costs less than one that is exported.
pub fn provider() -> SdkTracerProvider {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let batch = BatchConfigBuilder::default().with_max_queue_size(1 << 20).build();
    let processor = BatchSpanProcessor::builder(exporters::Sdk).with_batch_config(batch).build();
    SdkTracerProvider::builder().with_span_processor(processor).build()
}

pub fn flush(provider: SdkTracerProvider) -> Box<dyn Fn()> {
    Box::new(move || provider.force_flush().expect("nothing stands in the way"))
}

fn with_tracing() -> SdkTracerProvider {
    let provider = provider();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    tracing_subscriber::registry().with(layer).init();
    provider
}

pub fn otel_axum() -> Service {
    let provider = with_tracing();
    Service { router: router().layer(OtelAxumLayer::default()), flush: flush(provider) }
}

/// As its users write it: the attributes by hand.
pub fn tower_http() -> Service {
    let provider = with_tracing();
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
        .on_response(|response: &axum::response::Response, _: std::time::Duration, span: &tracing::Span| {
            span.record("http.response.status_code", response.status().as_u16());
        })
        .on_body_chunk(())
        .on_eos(());
    Service { router: router().layer(layer), flush: flush(provider) }
}

pub fn otel_tower() -> Service {
    let provider = provider();
    opentelemetry::global::set_tracer_provider(provider.clone());
    let layer = opentelemetry_instrumentation_tower::http::server::Layer::new();
    Service { router: router().layer(layer), flush: flush(provider) }
}
