//! W3C Trace Context: the `traceparent` and `tracestate` headers.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceState};

#[cfg(feature = "http")]
use super::HeaderScan;
use super::tracestate::{self, Members, UnfitMembers};
use super::{Extract, Extracted, Format, Inject, Traceparent, format_traceparent, parse_traceparent};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The W3C Trace Context Level 2 format: `tracecontext` in `OTEL_PROPAGATORS`.
///
/// **Extract.** A `traceparent` that is malformed or sent more than once is ignored, and `tracestate` with it. Several
/// `tracestate` headers form one list. A malformed member or a 33rd one invalidates the list but not the `traceparent`.
/// Of the flags, sampled and random are kept.
///
/// **Inject.** Unsampled span contexts are sent too. For an invalid span context both headers are removed. `tracestate`
/// is sent in one header of at most [`MAX_TRACESTATE_LEN`](super::MAX_TRACESTATE_LEN) bytes.
///
/// Source: <https://www.w3.org/TR/trace-context-2/>.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceContext;

impl Format for TraceContext {
    fn fields(&self) -> &[&'static str] {
        &[TRACEPARENT, TRACESTATE]
    }

    fn name(&self) -> &'static str {
        "tracecontext"
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        extract(carrier, into);
    }

    #[cfg(feature = "http")]
    fn extract_headers(&self, headers: &HeaderScan<'_>, into: &mut Extracted) {
        extract(headers, into);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        if !span_context.is_valid() {
            carrier.remove(TRACEPARENT);
            carrier.remove(TRACESTATE);
            return;
        }
        let header = format_traceparent(span_context);
        carrier.set(TRACEPARENT, std::str::from_utf8(&header).unwrap_or_default());
        match tracestate::header(span_context, context.get::<UnfitMembers>()) {
            Some(header) => carrier.set(TRACESTATE, &header),
            None => carrier.remove(TRACESTATE),
        }
    }
}

fn extract<C: Extract + ?Sized>(carrier: &C, into: &mut Extracted) {
    let Some(parent) = read_parent(carrier) else { return };
    let (trace_state, unfit_members) = read_state(carrier, &parent);
    into.span_context = Some(parent.with_trace_state(trace_state));
    into.unfit_members = unfit_members;
}

/// Returns the `traceparent` if there is exactly one. Of several, none can be trusted.
#[inline]
fn read_parent<C: Extract + ?Sized>(carrier: &C) -> Option<Traceparent> {
    let mut count = 0;
    let mut parent = None;
    carrier.for_each(TRACEPARENT, &mut |header| {
        count += 1;
        parent = parse_traceparent(header);
    });
    parent.filter(|_| count == 1)
}

#[inline]
fn read_state<C: Extract + ?Sized>(carrier: &C, parent: &Traceparent) -> (TraceState, Option<UnfitMembers>) {
    let mut count = 0;
    carrier.for_each(TRACESTATE, &mut |_| count += 1);
    let joined;
    let header = match count {
        0 => return (TraceState::NONE, None),
        1 => carrier.get(TRACESTATE).unwrap_or_default(),
        _ => {
            joined = join(carrier);
            &joined
        }
    };
    Members::parse(header)
        .map(|members| tracestate::to_trace_state(&members, parent.trace_id))
        .unwrap_or_default()
}

/// Headers with the same name form one list (RFC 9110, section 5.3).
fn join<C: Extract + ?Sized>(carrier: &C) -> Vec<u8> {
    let mut joined = Vec::new();
    carrier.for_each(TRACESTATE, &mut |header| {
        joined.extend_from_slice(header);
        joined.push(b',');
    });
    joined
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceContextExt;

    use super::*;
    use crate::propagation::Propagator;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn extract(headers: &[(&str, &str)]) -> Extracted {
        let mut extracted = Extracted::default();
        TraceContext.extract(&headers, &mut extracted);
        extracted
    }

    fn forwarded(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut carrier = Vec::new();
        Propagator::default().inject(&extract(headers).into_context(), &mut carrier);
        carrier
    }

    #[test]
    fn two_traceparents_are_none_even_when_they_agree() {
        assert!(extract(&[("traceparent", PARENT)]).span_context.is_some());
        let twice = extract(&[("traceparent", PARENT), ("tracestate", "a=1"), ("traceparent", PARENT)]);
        assert!(twice.span_context.is_none() && twice.unfit_members.is_none());
        let bad_and_good = extract(&[("traceparent", "bad"), ("traceparent", PARENT)]);
        assert!(bad_and_good.span_context.is_none());
    }

    #[test]
    fn several_tracestates_are_one_list() {
        let headers = [
            ("traceparent", PARENT),
            ("tracestate", "foo=1"),
            ("tracestate", ""),
            ("tracestate", "bar=2 , ,c=3"),
        ];
        assert_eq!(forwarded(&headers)[1], ("tracestate".to_owned(), "foo=1,bar=2,c=3".to_owned()));
    }

    #[test]
    fn a_list_that_trace_state_refuses_is_forwarded_whole() {
        let list = format!("foo@bar@baz=1,bar=2,{}@{}=3,x@=4", "t".repeat(241), "v".repeat(14));
        let headers = [("traceparent", PARENT), ("tracestate", list.as_str())];
        assert_eq!(forwarded(&headers)[1].1, list);

        let mut extracted = extract(&headers);
        let span_context = extracted.span_context.clone().unwrap();
        let base = extracted.base_context();
        let mut carrier = Vec::<(String, String)>::new();
        TraceContext.inject(&span_context, &base, &mut carrier);
        assert_eq!(carrier[1].1, list);
    }

    #[test]
    fn a_restarted_trace_does_not_get_the_old_list() {
        let mut extracted = extract(&[("traceparent", PARENT), ("tracestate", "foo@bar@baz=1")]);
        let other = parse_traceparent(b"00-000000000000000000000000000000aa-00000000000000bb-01").unwrap();
        let mut carrier = vec![("tracestate".to_owned(), "stale=1".to_owned())];
        let base = extracted.base_context();
        TraceContext.inject(&other.with_trace_state(TraceState::NONE), &base, &mut carrier);
        assert_eq!(carrier.len(), 1);
        assert_eq!(carrier[0].0, "traceparent");
    }

    #[test]
    fn nothing_stale_is_left_behind() {
        let mut carrier =
            vec![("traceparent".to_owned(), PARENT.to_owned()), ("tracestate".to_owned(), "a=1".to_owned())];
        TraceContext.inject(&SpanContext::NONE, &Context::new(), &mut carrier);
        assert!(carrier.is_empty());
    }

    #[test]
    fn base_context_has_no_span() {
        let mut extracted = extract(&[("traceparent", PARENT), ("tracestate", "a@b@c=1")]);
        assert!(!extracted.base_context().has_active_span());
        assert!(extract(&[("traceparent", PARENT)]).into_context().span().span_context().is_remote());
    }
}
