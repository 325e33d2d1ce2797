//! A propagator that combines several wire formats.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

#[cfg(feature = "http")]
use super::HeaderScan;
use super::{
    Extract, Extracted, Format, Inject, OpenTelemetryGlobal, PropagatorError, TraceContext, W3cBaggage,
};
#[cfg(feature = "tower")]
use super::{Traceparent, parse_traceparent};
use crate::env::{EnvError, Lookup, Variables};

use super::installed::{FollowInstalled, Installed};

type Constructor = fn() -> Arc<dyn Format>;

/// The names of `OTEL_PROPAGATORS`, each with the constructor of its format.
const KNOWN: &[(&str, Constructor)] =
    &[("tracecontext", || Arc::new(TraceContext)), ("baggage", || Arc::new(W3cBaggage::new()))];

/// Returns the entry of [`KNOWN`] with this name, ignoring ASCII case.
fn find(name: &str) -> Option<&'static (&'static str, Constructor)> {
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// A propagator that reads and writes the headers of several formats, in order. Cloning it is cheap.
///
/// The default formats are [`TraceContext`] and [`W3cBaggage`].
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
    #[cfg_attr(not(feature = "tower"), allow(dead_code))]
    known: Known,
}

/// The kind of a list of formats, which allows shortcuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The list is [`TraceContext`] and [`W3cBaggage`].
    W3c,
    /// The list delegates to the installed provider.
    Installed,
    Nothing,
}

impl Default for Propagator {
    fn default() -> Self {
        Self { known: Known::W3c, ..Self::new(KNOWN.iter().map(|(_, format)| format())) }
    }
}

impl Propagator {
    /// Creates a propagator of these formats. If several formats find a span context, the last one wins.
    pub fn new(formats: impl IntoIterator<Item = Arc<dyn Format>>) -> Self {
        Self { formats: formats.into_iter().collect(), known: Known::Nothing }
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
        let mut warnings = Vec::new();
        let mut warn = |reason| warnings.push(EnvError { variable: VARIABLE, reason });
        let mut known = Vec::new();
        let mut none = false;
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match find(name) {
                Some(found) => known.push(found.0),
                None if name.eq_ignore_ascii_case("none") => none = true,
                None => {
                    let name = name.chars().take(40).collect();
                    warn(format!(
                        "{}; it is ignored",
                        PropagatorError::unknown(name, KNOWN.iter().map(|(known, _)| *known))
                    ));
                }
            }
        }
        if none && !known.is_empty() {
            warn(format!("{}; \"none\" is ignored", PropagatorError::NoneAmongOthers));
        }
        let propagator = match (known.is_empty(), none) {
            (true, true) => Self::none(),
            (true, false) => Self::of_known(&["tracecontext"]),
            (false, _) => Self::of_known(&known),
        };
        (propagator, warnings)
    }

    /// Returns the propagator for a comma-separated list of names: `tracecontext`, `baggage`, or `none` alone. ASCII
    /// case is ignored, and so are repetitions. An empty list stands for the default propagator.
    ///
    /// # Errors
    /// Returns an error for an unknown name, and for `none` in a list with other names.
    pub fn from_names(names: &str) -> Result<Self, PropagatorError> {
        let mut known = Vec::new();
        let mut none = false;
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match find(name) {
                Some(found) => known.push(found.0),
                None if name.eq_ignore_ascii_case("none") => none = true,
                None => {
                    return Err(PropagatorError::unknown(
                        name.to_owned(),
                        KNOWN.iter().map(|(known, _)| *known),
                    ));
                }
            }
        }
        match (none, known.is_empty()) {
            (true, true) => Ok(Self::none()),
            (true, false) => Err(PropagatorError::NoneAmongOthers),
            (false, true) => Ok(Self::default()),
            (false, false) => Ok(Self::of_known(&known)),
        }
    }

    /// Creates a propagator of formats in [`KNOWN`]. Repeated names are ignored.
    fn of_known(names: &[&'static str]) -> Self {
        let mut chosen: Vec<&(&str, Constructor)> = Vec::new();
        for found in names.iter().filter_map(|name| find(name)) {
            if chosen.iter().all(|other| other.0 != found.0) {
                chosen.push(found);
            }
        }
        // Both known formats are W3C formats.
        let known = if chosen.len() == KNOWN.len() { Known::W3c } else { Known::Nothing };
        Self { known, ..Self::new(chosen.into_iter().map(|(_, format)| format())) }
    }

    /// Reads what the formats find in `carrier`. The current context is not used.
    #[must_use]
    pub fn extract(&self, carrier: &dyn Extract) -> Extracted {
        let mut extracted = Extracted::default();
        self.extract_into(carrier, &mut extracted);
        extracted
    }

    fn extract_into(&self, carrier: &dyn Extract, into: &mut Extracted) {
        for format in self.formats.iter() {
            format.extract(carrier, into);
        }
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
            Known::Installed => Installed::lone_parent(headers),
            Known::Nothing => None,
        }
    }

    #[cfg(feature = "http")]
    fn extract_headers_into(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        for format in self.formats.iter() {
            format.extract_headers(headers, into);
        }
    }

    /// Writes the span of `context`, and other values that the formats propagate, to `carrier`.
    pub fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        self.inject_span(context.span().span_context(), context, carrier);
    }

    /// Like [`inject`](Propagator::inject), for a span that is not in a context. All other values are taken from
    /// `context`.
    pub fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        for format in self.formats.iter() {
            format.inject(span_context, context, carrier);
        }
    }

    /// Returns the header names that are read or written, in lower case.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.formats.iter().flat_map(|format| format.fields().iter().copied())
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
                let headers = HeaderScan::of(map);
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
            ("tracecontext,b3multi", vec!["traceparent", "tracestate"], 1),
            ("b3,baggage,xray", vec!["baggage"], 2),
            ("TraceContext, jaeger ,BAGGAGE", vec!["traceparent", "tracestate", "baggage"], 1),
            ("b3", vec!["traceparent", "tracestate"], 1),
            ("none,b3", vec![], 1),
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
        assert_eq!(
            unknown.to_string(),
            "unknown propagator \"zipkin\": known are tracecontext, baggage, none"
        );
    }
}
