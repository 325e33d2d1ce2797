//! Log lines as JSON.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::escape::{Escaped, without_colours};
use super::fields::JsonFields;
use super::ids_of;
use super::service::Service;
use crate::provider::Resource;

/// An event format that writes JSON; see [`json`].
#[derive(Debug, Clone)]
pub struct Json {
    service: Service,
}

impl Json {
    /// Takes the name of the service from `resource`, and adds its `service.version` and `deployment.environment.name` to each
    /// line, if it has them, so that log lines and spans name the service alike.
    ///
    /// ```
    /// use tracing_core_lite::{Resource, log};
    ///
    /// let resource = Resource::builder()
    ///     .with_service_name("orders")
    ///     .with_attribute("service.version", "1.4.0")
    ///     .build();
    /// tracing_subscriber::fmt().event_format(log::json("").with_resource(&resource)).init();
    /// tracing::info!("started"); // … "service":"orders","service.version":"1.4.0" …
    /// ```
    #[must_use]
    pub fn with_resource(mut self, resource: &Resource) -> Self {
        self.service.read(resource);
        self
    }
}

/// Returns an event format for `tracing-subscriber` that writes one JSON object on one line. `service` is the name of the
/// service.
///
/// The members are `timestamp`, `level`, `service`, `target` and `message`, and where they apply:
/// - `fields`: an object,
/// - `spans`: the entered spans of `tracing` as objects with `name` and `fields`, the outermost first,
/// - `trace_id` and `span_id`: those of the current OpenTelemetry span. The names come from the OpenTelemetry specification,
///   "Trace Context in non-OTLP Log Formats".
///
/// ```
/// use tracing_core_lite::log;
/// use tracing_subscriber::fmt::format::JsonFields;
///
/// tracing_subscriber::fmt().fmt_fields(JsonFields::new()).event_format(log::json("orders")).init();
/// let _span = tracing::info_span!("request", method = "GET").entered();
/// tracing::info!(order_id = 7, "order placed");
/// ```
#[must_use]
pub fn json(service: impl Into<String>) -> Json {
    Json { service: Service::named(service) }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = JsonFields::default();
        event.record(&mut fields);
        let metadata = event.metadata();

        write!(out, "{{\"timestamp\":{}", Value::from(timestamp))?;
        write_member(&mut out, "level", &metadata.level().as_str().into())?;
        write_member(&mut out, "service", &self.service.name.as_str().into())?;
        for (key, value) in &self.service.others {
            write_member(&mut out, key, &value.as_str().into())?;
        }
        write_member(&mut out, "target", &metadata.target().into())?;
        if let Some(message) = &fields.message {
            write_member(&mut out, "message", message)?;
        }
        if !fields.fields.is_empty() {
            write_member(&mut out, "fields", &Value::Object(fields.fields))?;
        }
        if let Some(scope) = context.event_scope() {
            let spans = scope.from_root().map(|span| span_object::<S, N>(&span)).collect();
            write_member(&mut out, "spans", &Value::Array(spans))?;
        }
        if let Some((trace_id, span_id)) = ids_of(event) {
            write!(out, ",\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\"")?;
        }
        writeln!(out, "}}")
    }
}

fn write_member(out: &mut Writer<'_>, name: &str, value: &Value) -> fmt::Result {
    write!(Escaped::json(out), ",\"{name}\":{value}")
}

/// Returns the name and the fields of an entered span. The fields are JSON if the `fmt` layer writes JSON, and text otherwise.
fn span_object<S, N>(span: &SpanRef<'_, S>) -> Value
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let mut object = Map::new();
    object.insert("name".to_owned(), span.metadata().name().into());
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.fields.as_str());
    if !fields.is_empty() {
        let fields = match serde_json::from_str::<Map<String, Value>>(fields) {
            Ok(fields) => Value::Object(fields),
            Err(_) => without_colours(fields).into(),
        };
        object.insert("fields".to_owned(), fields);
    }
    Value::Object(object)
}
