//! The operation that a client requests from its database.

use opentelemetry::Context;

use super::Conventions;
use super::attribute::{BATCH_SIZE, COLLECTION_NAME, NAMESPACE, OPERATION_NAME, QUERY_SUMMARY, QUERY_TEXT};
use crate::span::Recorder;
use crate::span::prepared::PreparedAttributes;

/// The operation that a client requests from its database: a query, a command, or a batch of them.
///
/// All values are borrowed, so that describing a command costs nothing when its span is not recorded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Command<'a> {
    pub(super) summary: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
    pub(super) collection: Option<&'a str>,
    pub(super) namespace: Option<&'a str>,
    query_text: Option<&'a str>,
    batch_size: Option<usize>,
    prepared: Option<&'a PreparedAttributes>,
    pub(super) parent: Option<&'a Context>,
}

impl<'a> Command<'a> {
    /// Creates a command without any values. Its span is named after the client's endpoint.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a command with the name of its operation, such as `find` or `HGET` (`db.operation.name`).
    ///
    /// The name must be one of few values, as metrics have it too.
    #[must_use]
    pub fn named(operation: &'a str) -> Self {
        Self { operation: Some(operation), ..Self::default() }
    }

    /// Creates a command with the summary of its query, such as `SELECT orders` (`db.query.summary`).
    #[must_use]
    pub fn summarized(summary: &'a str) -> Self {
        Self { summary: Some(summary), ..Self::default() }
    }

    /// Sets the name of the operation (`db.operation.name`).
    #[must_use]
    pub fn with_operation(mut self, operation: &'a str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Sets the collection or table (`db.collection.name`).
    #[must_use]
    pub fn with_collection(mut self, collection: &'a str) -> Self {
        self.collection = Some(collection);
        self
    }

    /// Sets the namespace (`db.namespace`), instead of that of the client's endpoint.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &'a str) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Sets the text of the query (`db.query.text`). It must not contain literals.
    #[must_use]
    pub fn with_query_text(mut self, text: &'a str) -> Self {
        self.query_text = Some(text);
        self
    }

    /// Sets the number of operations (`db.operation.batch.size`). One operation is not a batch and is not recorded.
    #[must_use]
    pub fn with_batch_size(mut self, size: usize) -> Self {
        self.batch_size = Some(size);
        self
    }

    /// Sets attributes that are already encoded, for a command that is repeated.
    #[doc(hidden)]
    #[must_use]
    pub fn with_prepared(mut self, attributes: &'a PreparedAttributes) -> Self {
        self.prepared = Some(attributes);
        self
    }

    /// Makes the span a child of the span in `parent`; by default of [`Context::current`].
    #[must_use]
    pub fn with_parent(mut self, parent: &'a Context) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Sets the attributes of the command.
    #[inline]
    pub(super) fn record(&self, span: &mut Recorder<'_>, conventions: Conventions) {
        if let Some(attributes) = self.prepared {
            span.set_prepared(attributes);
        }
        conventions.set_some(span, QUERY_SUMMARY, self.summary);
        conventions.set_some(span, OPERATION_NAME, self.operation);
        conventions.set_some(span, COLLECTION_NAME, self.collection);
        conventions.set_some(span, NAMESPACE, self.namespace);
        conventions.set_some(span, QUERY_TEXT, self.query_text);
        conventions.set_some(span, BATCH_SIZE, self.batch_size.filter(|size| *size > 1));
    }

    /// Calls `visit` with the parts of the span's name.
    #[inline]
    pub(super) fn with_name<R>(&self, target: Target<'_>, visit: impl FnOnce(&[&str]) -> R) -> R {
        let namespace = self.namespace.filter(|_| !target.is_server);
        let own = self.collection.or(namespace).or(target.name);
        match (self.summary, self.operation, own) {
            (Some(summary), _, _) => visit(&[summary]),
            (None, Some(operation), Some(target)) => visit(&[operation, " ", target]),
            (None, Some(operation), None) => visit(&[operation]),
            (None, None, own) => visit(&[own.unwrap_or(target.system)]),
        }
    }
}

/// The target of commands without their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The namespace or the server, if known.
    pub(super) name: Option<&'a str>,
    /// Whether it is always the server.
    pub(super) is_server: bool,
    pub(super) system: &'a str,
}
