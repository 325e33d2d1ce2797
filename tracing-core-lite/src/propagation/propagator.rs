//! Several wire formats as one.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::{
    Extract, Extracted, Format, Inject, OpenTelemetryGlobal, PropagatorError, TraceContext, W3cBaggage,
};
#[cfg(feature = "http")]
use super::{HeaderScan, Traceparent, parse_traceparent};
use crate::env::{EnvError, Lookup, Variables};

use super::installed::{FollowInstalled, Installed};

type Constructor = fn() -> Arc<dyn Format>;

/// The names of `OTEL_PROPAGATORS`, each with what makes the format.
const KNOWN: &[(&str, Constructor)] =
    &[("tracecontext", || Arc::new(TraceContext)), ("baggage", || Arc::new(W3cBaggage::new()))];

/// Returns the entry of [`KNOWN`] with this name, in any case.
fn find(name: &str) -> Option<&'static (&'static str, Constructor)> {
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// Reads and writes the headers of a list of formats, in their order. A clone is cheap.
///
/// By default the list is [`TraceContext`], [`W3cBaggage`].
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
    #[cfg_attr(not(feature = "http"), allow(dead_code))]
    known: Known,
}

/// What is known of a list of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// They are [`TraceContext`] and [`W3cBaggage`].
    W3c,
    /// It is the one that asks the installed provider.
    Installed,
    Nothing,
}

impl Default for Propagator {
    fn default() -> Self {
        Self { known: Known::W3c, ..Self::new(KNOWN.iter().map(|(_, format)| format())) }
    }
}

impl Propagator {
    /// A propagator of these formats. Of two formats that find a span context, the later one wins.
    pub fn new(formats: impl IntoIterator<Item = Arc<dyn Format>>) -> Self {
        Self { formats: formats.into_iter().collect(), known: Known::Nothing }
    }

    /// A propagator that reads and writes nothing: `none` in `OTEL_PROPAGATORS`.
    #[must_use]
    pub fn none() -> Self {
        Self::new([])
    }

    /// A propagator that does what OpenTelemetry's global text map propagator does, for programs that set one; W3C Trace
    /// Context and Baggage for as long as none is set. See [`OpenTelemetryGlobal`].
    #[must_use]
    pub fn opentelemetry_global() -> Self {
        Self::new([Arc::new(OpenTelemetryGlobal::new()) as Arc<dyn Format>])
    }

    /// A propagator that does what the propagator of the [installed](crate::TracerProvider::install) provider does, looked
    /// up with each request; while none is installed, what [`opentelemetry_global`](Propagator::opentelemetry_global) does.
    #[must_use]
    pub fn global() -> Self {
        Self { known: Known::Installed, ..Self::new([Arc::new(Installed::default()) as Arc<dyn Format>]) }
    }

    /// Reads the propagator from the environment variable `OTEL_PROPAGATORS`: a list of the names that
    /// [`from_names`](Propagator::from_names) accepts. If it is unset or empty, the propagator is the default one.
    ///
    /// Returns a warning for each name that is not known, and uses the others. If none is left, it uses `tracecontext`
    /// alone, because baggage must not be sent to anyone who did not ask for it. `none` is ignored among other names.
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

    /// The propagator for a list of names with commas: `tracecontext`, `baggage`, or `none` alone. Names are compared
    /// without regard to case, and one that is repeated counts once. An empty list is the default one.
    ///
    /// # Errors
    /// For a name that is not known, and for `none` together with others.
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

    /// A propagator of formats in [`KNOWN`]. A name that is repeated counts once.
    fn of_known(names: &[&'static str]) -> Self {
        let mut chosen: Vec<&(&str, Constructor)> = Vec::new();
        for found in names.iter().filter_map(|name| find(name)) {
            if chosen.iter().all(|other| other.0 != found.0) {
                chosen.push(found);
            }
        }
        // Both formats that are known are those of W3C.
        let known = if chosen.len() == KNOWN.len() { Known::W3c } else { Known::Nothing };
        Self { known, ..Self::new(chosen.into_iter().map(|(_, format)| format())) }
    }

    /// Reads what the formats find in `carrier`. Nothing of the current context is mixed in.
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

    /// Reads what the formats find in the headers of a request, and adds it to `base`.
    #[cfg(feature = "tower")]
    pub(crate) fn extract_headers(&self, headers: &HeaderScan<'_>, base: Context) -> Extracted {
        let mut extracted = Extracted { base: Some(base), ..Extracted::default() };
        self.extract_headers_into(headers, &mut extracted);
        extracted
    }

    /// The sender's span, if the formats are those of the W3C and the headers hold nothing for them but that.
    #[cfg(feature = "http")]
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

    /// Writes the span of `context`, and what else of it the formats carry, to `carrier`.
    pub fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        self.inject_span(context.span().span_context(), context, carrier);
    }

    /// As [`inject`](Propagator::inject), for a span that was never put into a context: everything but the span is taken
    /// from `context`.
    pub fn inject_span(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        for format in self.formats.iter() {
            format.inject(span_context, context, carrier);
        }
    }

    /// The header names that are read or written, in lower case.
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

    #[cfg(feature = "http")]
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

    /// The short way and the long one read the same.
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
