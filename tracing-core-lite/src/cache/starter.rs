//! Starts the spans of one cache.

use std::borrow::Cow;

use opentelemetry::Context;

use super::KeyText;
use super::attribute::{KEY, NAME, OPERATION};
use crate::Tracer;
use crate::layer_support::StackText;
use crate::span::Span;

/// The longest name of a span, in bytes. A longer one is cut.
const MAX_NAME: usize = 96;

/// The data that all spans of one cache share.
#[derive(Debug, Clone)]
pub(super) struct Starter {
    pub(super) name: Cow<'static, str>,
    pub(super) tracer: Tracer,
    pub(super) key_text: KeyText,
}

impl Starter {
    /// Starts the span of an operation as a child of the span in `parent`.
    pub(super) fn start(&self, operation: &'static str, parent: &Context, key: Option<&str>) -> Span {
        let mut name = StackText::<MAX_NAME>::new();
        name.push(operation).push(" ").push(&self.name);
        self.tracer.span(name.as_str()).with_parent(parent).start_with(|span| {
            span.set(NAME, &self.name).set(OPERATION, operation);
            if let Some(key) = key {
                self.key_text.visit(key, |text| {
                    span.set(KEY, text);
                });
            }
        })
    }
}
