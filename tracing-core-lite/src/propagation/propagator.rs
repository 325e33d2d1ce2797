//! A propagator that combines several wire formats.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

#[cfg(feature = "http")]
use super::HeaderScan;
use super::known::{Names, default_formats, fallback};
use super::slots::Slots;
use super::{Extract, Extracted, Format, Inject, OpenTelemetryGlobal, PropagatorError};
#[cfg(feature = "tower")]
use super::{Traceparent, parse_traceparent};
use crate::env::{EnvError, Lookup, Variables};

use super::installed::{FollowInstalled, Installed};

/// A propagator that reads and writes the headers of several formats, in order. Cloning it is cheap.
///
/// The default formats are [`TraceContext`](super::TraceContext) and [`W3cBaggage`](super::W3cBaggage).
///
/// # Several formats
/// Formats read in the listed order, and the first one that finds a valid span wins. In most other SDKs the last one wins,
/// so list formats here in the reverse order of theirs. If a later format finds a span of the same trace, it adds what the
/// first one cannot carry: `tracestate`, the high half of a trace id, debug mode. If it finds another span or another
/// sampling decision, the span that the request starts has a link to the other one, with the attributes
/// `tracing_suite.propagation.link_reason = "other_format"` and `tracing_suite.propagation.format`. Baggage of all formats is
/// merged; a key that several formats carry has the value of the first.
///
/// Each format writes its own headers. Headers of an earlier hop that one of the formats reads are removed.
///
/// ```
/// use std::sync::Arc;
/// use tracing_core_lite::propagation::{Propagator, TraceContext};
///
/// let without_baggage = Propagator::new([Arc::new(TraceContext) as _]);
/// assert_eq!(without_baggage.fields().collect::<Vec<_>>(), ["traceparent", "tracestate"]);
/// ```
#[derive(Debug, Clone)]
pub struct Propagator {
    formats: Arc<[Arc<dyn Format>]>,
    /// The formats that [`Slots`] does not find, in order.
    unscanned: Arc<[Arc<dyn Format>]>,
    known: Known,
    /// Whether any format is found by the scan of [`Slots`].
    has_scanned: bool,
    /// Whether Datadog's member of tracestate is read and written.
    #[cfg(feature = "datadog")]
    has_datadog_member: bool,
}

/// The kind of a list of formats, which allows shortcuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The list is [`TraceContext`](super::TraceContext) and [`W3cBaggage`](super::W3cBaggage).
    W3c,
    /// The list is these two, and formats that are found by one scan.
    W3cAndScanned,
    /// The list delegates to the installed provider.
    Installed,
    Nothing,
}

impl Default for Propagator {
    fn default() -> Self {
        Self { known: Known::W3c, ..Self::new(default_formats()) }
    }
}

impl Propagator {
    /// Creates a propagator of these formats, in this order.
    pub fn new(formats: impl IntoIterator<Item = Arc<dyn Format>>) -> Self {
        let formats: Arc<[_]> = formats.into_iter().collect();
        #[cfg(feature = "datadog")]
        let has = |name| formats.iter().any(|format| format.name() == name);
        Self {
            known: Known::Nothing,
            unscanned: formats.iter().filter(|format| !format.is_scanned()).cloned().collect(),
            has_scanned: formats.iter().any(|format| format.is_scanned()),
            #[cfg(feature = "datadog")]
            has_datadog_member: has("datadog") && has("tracecontext"),
            formats,
        }
    }

    /// Returns a propagator that reads and writes nothing: `none` in `OTEL_PROPAGATORS`.
    #[must_use]
    pub fn none() -> Self {
        Self::new([])
    }

    /// Returns a propagator that delegates to OpenTelemetry's global text map propagator, for programs that set one.
    /// While none is set, it uses W3C Trace Context and Baggage. See [`OpenTelemetryGlobal`].
    #[must_use]
    pub fn opentelemetry_global() -> Self {
        Self::new([Arc::new(OpenTelemetryGlobal::new()) as Arc<dyn Format>])
    }

    /// Returns a propagator that delegates to that of the [installed](crate::TracerProvider::install) provider. It is
    /// looked up for each request. While no provider is installed, this is
    /// [`opentelemetry_global`](Propagator::opentelemetry_global).
    #[must_use]
    pub fn global() -> Self {
        Self { known: Known::Installed, ..Self::new([Arc::new(Installed::default()) as Arc<dyn Format>]) }
    }

    /// Reads the propagator from the environment variable `OTEL_PROPAGATORS`, a list of the names that
    /// [`from_names`](Propagator::from_names) accepts. If it is unset or empty, the default propagator is returned.
    ///
    /// Returns a warning for each unknown name, and uses the others. If none is left, it uses `tracecontext` alone,
    /// because baggage must not be sent unless it was asked for. `none` is ignored in a list with other names.
    ///
    /// Source: OpenTelemetry specification, "Environment Variable Specification", section "General SDK Configuration".
    #[must_use]
    pub fn from_env(variables: &impl Variables) -> (Self, Vec<EnvError>) {
        const VARIABLE: &str = "OTEL_PROPAGATORS";
        let Some(names) = Lookup(variables).text(VARIABLE) else { return (Self::default(), Vec::new()) };
        let names = Names::parse(&names);
        let mut reasons: Vec<_> =
            names.errors.iter().map(|error| format!("{error}; it is ignored")).collect();
        if names.none && !names.known.is_empty() {
            reasons.push(format!("{}; \"none\" is ignored", PropagatorError::NoneAmongOthers));
        }
        let propagator = match (names.known.is_empty(), names.none) {
            (true, true) => Self::none(),
            (true, false) => Self::new([fallback()]),
            (false, _) => Self::of_names(&names),
        };
        let warnings = reasons.into_iter().map(|reason| EnvError { variable: VARIABLE, reason });
        (propagator, warnings.collect())
    }

    /// Returns the propagator for a comma-separated list of names: `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`,
    /// `xray`, `ottrace`, `datadog`, or `none` alone. ASCII case is ignored, and so are repetitions. An empty list stands for
    /// the default propagator.
    ///
    /// # Errors
    /// Returns an error for an unknown name, for a format whose Cargo feature is off, and for `none` in a list with other
    /// names.
    pub fn from_names(names: &str) -> Result<Self, PropagatorError> {
        let names = Names::parse(names);
        if let Some(error) = names.errors.first() {
            return Err(error.clone());
        }
        match (names.none, names.known.is_empty()) {
            (true, true) => Ok(Self::none()),
            (true, false) => Err(PropagatorError::NoneAmongOthers),
            (false, true) => Ok(Self::default()),
            (false, false) => Ok(Self::of_names(&names)),
        }
    }

    fn of_names(names: &Names) -> Self {
        let propagator = Self::new(names.formats());
        // Of the known formats, only the two W3C ones are not scanned.
        let known = match (propagator.unscanned.len(), propagator.has_scanned) {
            (2, false) => Known::W3c,
            (2, true) => Known::W3cAndScanned,
            _ => Known::Nothing,
        };
        Self { known, ..propagator }
    }

    /// Reads what the formats find in `carrier`. The current context is not used.
    #[must_use]
    pub fn extract(&self, carrier: &dyn Extract) -> Extracted {
        let mut extracted = Extracted::default();
        self.extract_into(carrier, &mut extracted);
        extracted
    }

    fn extract_into(&self, carrier: &dyn Extract, into: &mut Extracted) {
        if !self.has_scanned {
            return self.extract_each(into, |format, into| format.extract(carrier, into));
        }
        match Slots::of(carrier) {
            None => self.extract_each(into, |format, into| format.extract(carrier, into)),
            Some(slots) => self.extract_each(into, |format, into| match format.is_scanned() {
                false => format.extract(carrier, into),
                true if slots.is_empty() => {}
                true => format.extract(&slots, into),
            }),
        }
    }

    /// Lets each format read. The first span that one of them finds wins.
    fn extract_each(&self, into: &mut Extracted, extract: impl Fn(&dyn Format, &mut Extracted)) {
        // One format cannot disagree with another.
        if self.known == Known::W3c || self.formats.len() == 1 {
            return self.formats.iter().for_each(|format| extract(&**format, into));
        }
        for format in self.formats.iter() {
            match into.take_earlier() {
                Some(earlier) => {
                    extract(&**format, into);
                    into.settle(earlier, format.name());
                }
                None => {
                    let state = into.state.take();
                    extract(&**format, into);
                    // A decision without ids counts only while there is no span.
                    if into.span_context.is_none() && into.state.is_none() {
                        into.state = state;
                    }
                }
            }
        }
        #[cfg(feature = "datadog")]
        if self.has_datadog_member {
            into.read_datadog_member();
        }
    }

    /// Scans the headers of a request for the names that the formats read.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn scan<'h>(&self, headers: &'h http::HeaderMap) -> HeaderScan<'h> {
        if self.has_scanned { HeaderScan::of_all_formats(headers) } else { HeaderScan::of(headers) }
    }

    /// Reads what the formats find in the headers of a request and adds it to `base`.
    #[cfg(feature = "tower")]
    pub(crate) fn extract_headers(&self, headers: &HeaderScan<'_>, base: Context) -> Extracted {
        let mut extracted = Extracted { base: Some(base), ..Extracted::default() };
        self.extract_headers_into(headers, &mut extracted);
        extracted
    }

    /// Returns the sender's span, if the formats are the W3C ones and the headers hold nothing else for them.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn lone_parent(&self, headers: &HeaderScan<'_>) -> Option<Traceparent> {
        match self.known {
            Known::W3c => parse_traceparent(headers.lone_traceparent()?),
            Known::W3cAndScanned if !headers.may_have_others() => {
                parse_traceparent(headers.lone_traceparent()?)
            }
            Known::Installed => Installed::lone_parent(headers),
            Known::W3cAndScanned | Known::Nothing => None,
        }
    }

    #[cfg(feature = "http")]
    fn extract_headers_into(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        if !self.has_scanned {
            return self.extract_each(into, |format, into| format.extract_headers(headers, into));
        }
        let slots = if headers.may_have_others() { Slots::of(headers.map()) } else { None };
        let slots = slots.as_ref().filter(|slots| !slots.is_empty());
        if slots.is_none() && self.known == Known::W3cAndScanned {
            self.unscanned.iter().for_each(|format| format.extract_headers(headers, into));
            #[cfg(feature = "datadog")]
            if self.has_datadog_member {
                into.read_datadog_member();
            }
            return;
        }
        self.extract_each(into, |format, into| match (format.is_scanned(), slots) {
            (false, _) => format.extract_headers(headers, into),
            (true, None) => {}
            (true, Some(slots)) => format.extract(slots, into),
        });
    }

    /// Writes the span of `context`, and other values that the formats propagate, to `carrier`.
    pub fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        self.inject_span(context.span().span_context(), context, carrier);
    }

    /// Like [`inject`](Propagator::inject), for a span that is not in a context. All other values are taken from
    /// `context`.
    pub fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        if self.has_scanned {
            self.remove_stale(carrier);
        }
        #[cfg(feature = "datadog")]
        let with_member =
            if self.has_datadog_member { super::datadog::with_member(span_context, context) } else { None };
        for format in self.formats.iter() {
            #[cfg(feature = "datadog")]
            if let Some(with_member) = with_member.as_ref().filter(|_| format.name() == "tracecontext") {
                format.inject(with_member, context, carrier);
                continue;
            }
            format.inject(span_context, context, carrier);
        }
    }

    /// Writes ids and flags of `span_context` alone, which has no tracestate.
    pub(super) fn inject_ids_alone(&self, span_context: &SpanContext, carrier: &mut dyn Inject) {
        if self.known == Known::Installed {
            return Installed::inject_ids_alone(span_context, carrier);
        }
        let nothing_else = Context::new();
        for format in self.formats.iter() {
            format.inject(span_context, &nothing_else, carrier);
        }
    }

    /// Returns whether one of the formats reads the header `name`, in lower case.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.formats.iter().any(|format| {
            format.fields().contains(&name) || format.prefixes().iter().any(|prefix| name.starts_with(prefix))
        })
    }

    /// Removes what an earlier hop has sent, as far as a format reads it: formats read more names than they write.
    fn remove_stale(&self, carrier: &mut dyn Inject) {
        let scanned = || self.formats.iter().filter(|format| format.is_scanned());
        let is_stale = |name: &str| {
            scanned().any(|format| {
                format.fields().contains(&name)
                    || format.prefixes().iter().any(|prefix| name.starts_with(prefix))
            })
        };
        if !carrier.remove_matching(&is_stale) {
            scanned().flat_map(|format| format.fields()).for_each(|field| carrier.remove(field));
        }
    }

    /// Returns the header names that are read or written, in lower case. Those of [`Format::prefixes`] are not among them.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = move |format: &Arc<dyn Format>| format.fields().to_vec();
        let mut seen = Vec::new();
        self.formats.iter().flat_map(fields).filter(move |field| {
            let is_new = !seen.contains(field);
            seen.push(*field);
            is_new
        })
    }
}

impl FollowInstalled for Propagator {
    fn extract_into(&self, carrier: &dyn Extract, into: &mut Extracted) {
        Propagator::extract_into(self, carrier, into);
    }

    #[cfg(feature = "http")]
    fn extract_headers_into(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        Propagator::extract_headers_into(self, headers, into);
    }

    #[cfg(feature = "tower")]
    fn lone_parent(&self, headers: &HeaderScan<'_>) -> Option<Traceparent> {
        Propagator::lone_parent(self, headers)
    }

    fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        Propagator::inject_span(self, span_context, context, carrier);
    }

    fn inject_ids_alone(&self, span_context: &SpanContext, carrier: &mut dyn Inject) {
        Propagator::inject_ids_alone(self, span_context, carrier);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "tower")]
    use opentelemetry::baggage::BaggageExt;

    use super::*;

    fn fields(names: &str) -> Result<Vec<&'static str>, PropagatorError> {
        Propagator::from_names(names).map(|propagator| propagator.fields().collect())
    }

    #[test]
    fn names() {
        let both = vec!["traceparent", "tracestate", "baggage"];
        for (names, expected) in [
            ("", both.clone()),
            (" , ", both.clone()),
            ("tracecontext,baggage", both.clone()),
            (" TraceContext , baggage,tracecontext", both),
            ("baggage,tracecontext", vec!["baggage", "traceparent", "tracestate"]),
            ("baggage", vec!["baggage"]),
            ("none", vec![]),
            ("NONE,none", vec![]),
        ] {
            assert_eq!(fields(names), Ok(expected), "{names}");
        }
    }

    /// The shortcut gives the same result as the general path.
    #[cfg(feature = "tower")]
    #[test]
    fn parents_of_requests() {
        const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let propagators = [
            Propagator::default(),
            Propagator::from_names("baggage,tracecontext").unwrap(),
            Propagator::from_names("tracecontext").unwrap(),
            Propagator::from_names("baggage").unwrap(),
            Propagator::none(),
            Propagator::global(),
            #[cfg(feature = "formats")]
            Propagator::from_names("b3,baggage,tracecontext,b3multi,jaeger,xray,ottrace,datadog").unwrap(),
        ];
        for headers in [
            &[][..],
            &[("traceparent", SAMPLED)],
            &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), ("host", "x")],
            &[("traceparent", SAMPLED), ("traceparent", SAMPLED)],
            &[("traceparent", "bad")],
            &[("traceparent", SAMPLED), ("tracestate", "a=1")],
            &[("traceparent", SAMPLED), ("baggage", "k=v")],
            &[("baggage", "k=v")],
        ] {
            let map: http::HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let mut repeated = http::HeaderMap::new();
            headers.iter().for_each(|(name, value)| {
                repeated.append(*name, value.parse().unwrap());
            });
            for (map, propagator) in [&map, &repeated]
                .into_iter()
                .flat_map(|map| propagators.iter().map(move |propagator| (map, propagator)))
            {
                let mut expected = propagator.extract(map);
                let headers = propagator.scan(map);
                let mut extracted = propagator.extract_headers(&headers, Context::new());
                let baggage = |context: &Context| format!("{:?}", context.baggage());
                assert_eq!(
                    baggage(&extracted.base_context()),
                    baggage(&expected.base_context()),
                    "{map:?} {propagator:?}"
                );
                assert_eq!(extracted.span_context, expected.span_context, "{map:?} {propagator:?}");
                if let Some(parent) = propagator.lone_parent(&headers) {
                    let parent = parent.with_trace_state(opentelemetry::trace::TraceState::NONE);
                    assert_eq!(Some(parent), expected.span_context, "{map:?} {propagator:?}");
                    assert!(expected.baggage.is_none());
                }
            }
        }
    }

    #[test]
    fn a_name_that_is_not_known_takes_no_other_with_it() {
        for (names, expected, warned) in [
            ("tracecontext,zipkin", vec!["traceparent", "tracestate"], 1),
            ("sw8,baggage,uber", vec!["baggage"], 2),
            ("TraceContext, zipkin ,BAGGAGE", vec!["traceparent", "tracestate", "baggage"], 1),
            ("zipkin", vec!["traceparent", "tracestate"], 1),
            ("none,zipkin", vec![], 1),
            ("none,baggage", vec!["baggage"], 1),
            ("none", vec![], 0),
            ("", vec!["traceparent", "tracestate", "baggage"], 0),
        ] {
            let variables = |name: &str| (name == "OTEL_PROPAGATORS").then(|| names.to_owned());
            let (propagator, warnings) = Propagator::from_env(&variables);
            assert_eq!(propagator.fields().collect::<Vec<_>>(), expected, "{names}");
            assert_eq!(warnings.len(), warned, "{names}: {warnings:?}");
            assert!(warnings.iter().all(|it| it.variable == "OTEL_PROPAGATORS"), "{warnings:?}");
        }
    }

    #[test]
    fn wrong_names() {
        assert_eq!(fields("none,baggage"), Err(PropagatorError::NoneAmongOthers));
        let unknown = fields("tracecontext,zipkin").unwrap_err();
        let message = unknown.to_string();
        assert!(
            message.starts_with("unknown propagator \"zipkin\": known are tracecontext, baggage, "),
            "{message}"
        );
        assert!(message.ends_with(", none"), "{message}");
    }

    #[cfg(not(feature = "b3"))]
    #[test]
    fn a_format_that_is_not_compiled_in_names_its_feature() {
        let variables = |name: &str| (name == "OTEL_PROPAGATORS").then(|| "b3multi,tracecontext".to_owned());
        let (propagator, warnings) = Propagator::from_env(&variables);
        assert_eq!(propagator.fields().collect::<Vec<_>>(), ["traceparent", "tracestate"]);
        assert!(warnings[0].reason.contains("needs the feature \"b3\""), "{warnings:?}");
    }
}
