//! The span of a case, made by hand with opentelemetry_sdk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::propagation::Injector;
use opentelemetry::trace::{SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value, global};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter};

use crate::case::{Case, Parent, Provider, Work};

/// Keeps the last span.
#[derive(Debug, Clone, Default)]
struct KeepsLast(Arc<Mutex<Option<SpanData>>>);

impl SpanExporter for KeepsLast {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let last = batch.pop();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
        Ok(())
    }
}

/// Installs the SDK with its batch processor and the W3C propagator.
pub fn install() {
    let _exporter = installed();
}

fn installed() -> (SdkTracerProvider, KeepsLast) {
    let exporter = KeepsLast::default();
    let processor = BatchSpanProcessor::builder(exporter.clone()).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    global::set_tracer_provider(provider.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());
    (provider, exporter)
}

/// Returns work that makes the span of `case` and no call. Whoever writes that by hand copies the texts, because they belong to
/// the request.
pub fn by_hand(case: &Case, parent: Parent) -> Result<Work, String> {
    let (provider, exporter) = installed();
    let mut work = (case.make)(Parent::Sampled, Some(&Provider::OpenTelemetry));
    (work.call)();
    (work.rest)();
    provider.force_flush().map_err(|error| error.to_string())?;
    let span = exporter.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    let span = span.ok_or_else(|| format!("{} has recorded no span", case.name))?;
    parent.attach();
    let attributes: Vec<(&'static str, Value)> = span
        .attributes
        .into_iter()
        .map(|attribute| (&*String::from(attribute.key).leak(), attribute.value))
        .collect();
    let (name, kind) = (span.name.into_owned(), span.span_kind);
    let carries = ["HTTP", "gRPC", "Kafka", "AMQP"].iter().any(|known| case.name.starts_with(known));
    let extracts = carries && matches!(kind, SpanKind::Server | SpanKind::Consumer);
    let injects = carries && matches!(kind, SpanKind::Client | SpanKind::Producer);
    let received: HashMap<String, String> =
        parent.traceparent().map(|value| ("traceparent".to_owned(), value.to_owned())).into_iter().collect();
    let tracer = global::tracer("bench");
    Ok(Work::new(move || {
        let parent = match extracts {
            true => global::get_text_map_propagator(|propagator| propagator.extract(&received)),
            false => Context::current(),
        };
        let attributes =
            attributes.iter().map(|(key, value)| KeyValue::new(*key, copy(value))).collect::<Vec<_>>();
        let builder = tracer.span_builder(name.clone()).with_kind(kind.clone()).with_attributes(attributes);
        let context = parent.with_span(tracer.build_with_context(builder, &parent));
        if injects {
            let mut sent = Sent(Vec::new());
            global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut sent));
        }
        drop(context.clone().attach());
        context.span().end();
    }))
}

fn copy(value: &Value) -> Value {
    match value {
        Value::String(text) => text.as_str().to_owned().into(),
        other => other.clone(),
    }
}

/// The headers of a message.
struct Sent(Vec<(String, String)>);

impl Injector for Sent {
    fn set(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }
}
