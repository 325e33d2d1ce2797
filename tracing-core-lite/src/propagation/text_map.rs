//! Adapters that let the OpenTelemetry API use a [`Propagator`].

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

use super::{Extract, Inject, Propagator};

impl Propagator {
    /// Converts this propagator for use with the OpenTelemetry API, as in
    /// `opentelemetry::global::set_text_map_propagator(propagator.into_text_map())`.
    #[must_use]
    pub fn into_text_map(self) -> TextMap {
        TextMap::new(self)
    }
}

/// A [`Propagator`] for the OpenTelemetry API, created by [`Propagator::into_text_map`].
#[derive(Debug, Clone)]
pub struct TextMap {
    propagator: Propagator,
    fields: Vec<String>,
}

impl TextMap {
    fn new(propagator: Propagator) -> Self {
        let fields = propagator.fields().map(str::to_owned).collect();
        Self { propagator, fields }
    }
}

/// OpenTelemetry's carriers cannot remove a header, so a header from an earlier hop stays if no value replaces it.
impl TextMapPropagator for TextMap {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.propagator.inject(context, &mut Injected(injector));
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.propagator.extract(&Received(extractor)).add_to(context)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

/// An OpenTelemetry carrier as an [`Extract`].
struct Received<'a>(&'a dyn Extractor);

impl Extract for Received<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(str::as_bytes)
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        for value in self.0.get_all(name).unwrap_or_default() {
            visit(value.as_bytes());
        }
    }

    fn visit_all<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) -> bool {
        for name in self.0.keys() {
            self.0.get_all(name).unwrap_or_default().iter().for_each(|value| visit(name, value.as_bytes()));
        }
        true
    }
}

/// An OpenTelemetry carrier as an [`Inject`].
struct Injected<'a>(&'a mut dyn Injector);

impl Inject for Injected<'_> {
    fn set(&mut self, name: &'static str, value: &str) {
        self.0.set(name, value.to_owned());
    }

    fn remove(&mut self, _: &'static str) {}

    fn set_named(&mut self, name: &str, value: &str) {
        self.0.set(name, value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn text_map_keeps_the_given_context() {
        #[derive(Debug, PartialEq)]
        struct Kept(u8);
        let text_map = Propagator::default().into_text_map();
        assert_eq!(text_map.fields().collect::<Vec<_>>(), ["traceparent", "tracestate", "baggage"]);
        let given = Context::new().with_value(Kept(1));
        let headers = std::collections::HashMap::from([("traceparent".to_owned(), PARENT.to_owned())]);
        let context = text_map.extract_with_context(&given, &headers);
        assert_eq!(context.get::<Kept>(), Some(&Kept(1)));
        let mut written = std::collections::HashMap::new();
        text_map.inject_context(&context, &mut written);
        assert_eq!(written, headers);
    }
}
