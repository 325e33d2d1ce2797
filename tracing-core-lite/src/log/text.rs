//! Log lines as text.

use std::fmt::{self, Write};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::escape::{Escaped, without_colours, write_value};
use super::fields::TextFields;
use super::ids_of;
use super::service::Service;
use crate::provider::Resource;

/// An event format that writes text; see [`text`].
#[derive(Debug, Clone)]
pub struct Text {
    service: Service,
}

impl Text {
    /// Takes the name of the service from `resource`, and adds its `service.version` and `deployment.environment.name` to each
    /// line, before the ids, if it has them.
    #[must_use]
    pub fn with_resource(mut self, resource: &Resource) -> Self {
        self.service.read(resource);
        self
    }
}

/// Returns an event format for `tracing-subscriber` that writes one line of text. `service` is the name of the service.
///
/// ```
/// use tracing_core_lite::log;
///
/// tracing_subscriber::fmt().event_format(log::text("orders")).init();
/// tracing::info!(order_id = 7, "order placed");
/// // 2026-11-22T10:00:00.123456Z  INFO orders shop::orders: order placed order_id=7 trace_id=4bf9… span_id=00f0…
/// ```
///
/// Entered spans come before the target, the outermost first: `request{method="GET"}:charge: `. Lines have no colours.
#[must_use]
pub fn text(service: impl Into<String>) -> Text {
    Text { service: Service::named(service) }
}

impl<S, N> FormatEvent<S, N> for Text
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
        SystemTime.format_time(&mut out)?;
        write!(out, " {:>5} ", event.metadata().level().as_str())?;
        write!(Escaped::text(&mut out), "{} ", self.service.name)?;
        write_spans(context, &mut out)?;
        write!(Escaped::text(&mut out), "{}:", event.metadata().target())?;
        let mut fields = TextFields::default();
        event.record(&mut fields);
        if !fields.message.is_empty() {
            write!(out, " {}", fields.message)?;
        }
        out.write_str(&fields.fields)?;
        for (key, value) in &self.service.others {
            write!(out, " {key}=")?;
            write_value(&mut out, value)?;
        }
        if let Some((trace_id, span_id)) = ids_of(event) {
            write!(out, " trace_id={trace_id} span_id={span_id}")?;
        }
        writeln!(out)
    }
}

fn write_spans<S, N>(context: &FmtContext<'_, S, N>, out: &mut Writer<'_>) -> fmt::Result
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let Some(scope) = context.event_scope() else { return Ok(()) };
    for span in scope.from_root() {
        Escaped::text(out).write_str(span.metadata().name())?;
        let extensions = span.extensions();
        let fields = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.fields.as_str());
        if !fields.is_empty() {
            write!(Escaped::text(out), "{{{}}}", without_colours(fields))?;
        }
        out.write_str(":")?;
    }
    out.write_str(" ")
}
