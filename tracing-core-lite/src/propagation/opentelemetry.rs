//! The format that delegates to OpenTelemetry's global propagator.

use std::cell::{Cell, OnceCell};
use std::sync::OnceLock;

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, global};

use super::field_name::to_static;
use super::{Extract, Extracted, Format, Inject, TraceContext, W3cBaggage};

/// A format that delegates to the OpenTelemetry global text map propagator that is set when a carrier is read or
/// written.
///
/// It is for programs that use `opentelemetry_sdk` themselves. While no global propagator is set, this is
/// [`TraceContext`] and [`W3cBaggage`]. The global propagator does not see header values that are not UTF-8. If it
/// lists the header names of a carrier, it sees only those that it declares as its fields.
#[derive(Debug, Default)]
pub struct OpenTelemetryGlobal {
    fields: OnceLock<Vec<&'static str>>,
    baggage: W3cBaggage,
}

/// The fields of the fallback.
const W3C_FIELDS: &[&str] = &["traceparent", "tracestate", "baggage"];

impl OpenTelemetryGlobal {
    /// Creates the format. It looks up the global propagator for each carrier.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the header names of the global propagator, or `None` if none is set.
    fn global_fields(&self) -> Option<&[&'static str]> {
        if let Some(fields) = self.fields.get() {
            return Some(fields);
        }
        let fields: Vec<_> =
            global::get_text_map_propagator(|propagator| propagator.fields().filter_map(to_static).collect());
        if fields.is_empty() { None } else { Some(self.fields.get_or_init(|| fields)) }
    }
}

impl Format for OpenTelemetryGlobal {
    fn fields(&self) -> &[&'static str] {
        self.global_fields().unwrap_or(W3C_FIELDS)
    }

    fn extract(&self, carrier: &dyn Extract, into: &mut Extracted) {
        let context = self.global_fields().and_then(|fields| {
            let shown = Shown { carrier, fields, lists: OnceCell::new() };
            // An empty base, because the global propagator returns its base unchanged if the carrier holds nothing.
            let base = match &into.base {
                Some(base) if base.has_active_span() => base.with_remote_span_context(SpanContext::NONE),
                Some(base) => base.clone(),
                None => Context::new(),
            };
            once(|| global::get_text_map_propagator(|global| global.extract_with_context(&base, &shown)))
        });
        let Some(mut context) = context else {
            TraceContext.extract(carrier, into);
            return self.baggage.extract(carrier, into);
        };
        let span_context = context.span().span_context().clone();
        into.base_has_sender = span_context.is_valid();
        if into.base_has_sender {
            into.span_context = Some(span_context);
        }
        if !context.baggage().is_empty() {
            into.baggage = Some(copy(context.baggage()));
            context = context.with_cleared_baggage();
        }
        // Other values that this propagator stores in a context are kept there.
        into.base = Some(context);
    }

    fn inject(&self, span_context: &SpanContext, context: &Context, carrier: &mut dyn Inject) {
        let injected = self.global_fields().and_then(|fields| {
            once(|| {
                fields.iter().for_each(|field| carrier.remove(field));
                let mut written = Written(&mut *carrier);
                let mut inject = |context: &Context| {
                    global::get_text_map_propagator(|global| global.inject_context(context, &mut written));
                };
                if context.span().span_context() == span_context {
                    inject(context);
                } else {
                    inject(&context.with_remote_span_context(span_context.clone()));
                }
            })
        });
        if injected.is_none() {
            TraceContext.inject(span_context, context, carrier);
            self.baggage.inject(span_context, context, carrier);
        }
    }
}

/// A replacement for `Clone`, which `Baggage` does not implement.
fn copy(baggage: &Baggage) -> Baggage {
    baggage.iter().map(|(key, entry)| (key.clone(), entry.clone())).collect()
}

/// One of our carriers as an OpenTelemetry `Extractor`.
struct Shown<'a> {
    carrier: &'a dyn Extract,
    fields: &'a [&'static str],
    /// Made when a list is asked for.
    lists: OnceCell<Vec<(&'static str, Vec<String>)>>,
}

/// Fields that were sent more than once. They are copied, because OpenTelemetry returns all their values as one slice.
fn lists(carrier: &dyn Extract, fields: &[&'static str]) -> Vec<(&'static str, Vec<String>)> {
    let mut lists = Vec::new();
    for &field in fields {
        let mut count = 0;
        carrier.for_each(field, &mut |_| count += 1);
        if count > 1 {
            let mut values = Vec::with_capacity(count);
            carrier.for_each(field, &mut |value| values.extend(String::from_utf8(value.to_vec())));
            lists.push((field, values));
        }
    }
    lists
}

impl Extractor for Shown<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        // Names of carriers are in lower case.
        let value = self.carrier.get(key).or_else(|| {
            let has_upper_case = key.bytes().any(|byte| byte.is_ascii_uppercase());
            if has_upper_case { self.carrier.get(&key.to_ascii_lowercase()) } else { None }
        });
        std::str::from_utf8(value?).ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.fields.iter().copied().filter(|field| self.carrier.get(field).is_some()).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let lists = self.lists.get_or_init(|| lists(self.carrier, self.fields));
        match lists.iter().find(|(field, _)| field.eq_ignore_ascii_case(key)) {
            Some((_, values)) => Some(values.iter().map(String::as_str).collect()),
            None => self.get(key).map(|value| vec![value]),
        }
    }
}

/// One of our carriers as an OpenTelemetry `Injector`.
struct Written<'a>(&'a mut dyn Inject);

impl Injector for Written<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let Some(name) = to_static(key) {
            self.0.set(name, &value);
        }
    }
}

thread_local! {
    /// Whether the global propagator is running on this thread, as happens if it contains this format.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls `use_global`, or returns `None` if the global propagator is already running on this thread. The caller then
/// falls back to W3C.
fn once<T>(use_global: impl FnOnce() -> T) -> Option<T> {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.set(false);
        }
    }
    if INSIDE.replace(true) {
        return None;
    }
    let _leave = Leave;
    Some(use_global())
}

#[cfg(test)]
mod tests {
    use super::super::Propagator;
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn carrier() -> Vec<(String, String)> {
        [("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2"), ("baggage", "k=v")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }

    /// A single test, because the process has only one global propagator.
    #[test]
    fn the_global_propagator_is_followed() {
        let propagator = Propagator::opentelemetry_global();
        let expected = [("traceparent", PARENT), ("tracestate", "a=1,b=2"), ("baggage", "k=v")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let both_ways = || {
            let mut extracted = propagator.extract(&carrier());
            assert_eq!(extracted.baggage.as_ref().map(|baggage| baggage.len()), Some(1));
            let span_context = extracted.span_context.clone().unwrap();
            let base = extracted.base_context();
            assert!(!base.span().span_context().is_valid());
            let mut written = vec![("baggage".to_owned(), "stale=1".to_owned())];
            propagator.inject_span(&span_context, &base, &mut written);
            assert_eq!(written, expected);

            let mut written = Vec::<(String, String)>::new();
            propagator.inject(&propagator.extract(&carrier()).into_context(), &mut written);
            assert_eq!(written, expected);
        };
        // None is set yet.
        both_ways();
        global::set_text_map_propagator(Propagator::default().into_text_map());
        both_ways();
        assert_eq!(propagator.fields().collect::<Vec<_>>(), W3C_FIELDS);

        let mut extracted = propagator.extract(&carrier());
        (extracted.span_context, extracted.baggage) = (None, None);
        let context = extracted.into_context();
        assert!(context.baggage().is_empty(), "what a policy takes away does not come back");
        assert!(!context.span().span_context().is_valid(), "what a policy takes away does not come back");

        // A global propagator that delegates to the global propagator.
        global::set_text_map_propagator(Propagator::opentelemetry_global().into_text_map());
        both_ways();
    }
}
