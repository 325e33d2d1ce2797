//! One finished span.

/// One finished span, as far as a picture of its trace needs it.
///
/// Ids are numbers: the 16 bytes of a trace id and the 8 bytes of a span id, in big-endian order. Times are nanoseconds
/// since the Unix epoch.
///
/// ```
/// use trace_view::{Outcome, Span};
///
/// let span = Span::new(0x4bf9, 1)
///     .with_name("POST /orders")
///     .with_service("gateway")
///     .with_times(1_000, 3_000)
///     .with_outcome(Outcome::failed("502", ""));
/// assert_eq!(span.duration(), 2_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Span {
    /// The trace that the span belongs to.
    pub trace_id: u128,
    /// The span.
    pub span_id: u64,
    /// The parent, `None` for a root.
    pub parent_span_id: Option<u64>,
    /// The name; shown as `(no name)` when empty.
    pub name: String,
    /// The service that recorded the span.
    pub service: String,
    /// The start, in nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// The end, in nanoseconds since the Unix epoch.
    pub end_time_unix_nano: u64,
    /// How the work ended.
    pub outcome: Outcome,
    /// Links to other spans.
    pub links: Vec<Link>,
}

impl Span {
    /// Creates a root span without a name, a service and a duration.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id, ..Self::default() }
    }

    /// Sets the parent.
    #[must_use]
    pub fn with_parent(mut self, span_id: u64) -> Self {
        self.parent_span_id = Some(span_id);
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the service that recorded the span.
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Sets start and end, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn with_times(mut self, start: u64, end: u64) -> Self {
        (self.start_time_unix_nano, self.end_time_unix_nano) = (start, end);
        self
    }

    /// Sets how the work ended.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Adds a link.
    #[must_use]
    pub fn with_link(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    /// Returns the end, or the start if the clock went backwards in between.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end_time_unix_nano.max(self.start_time_unix_nano)
    }

    /// Returns the nanoseconds from start to end, 0 if the clock went backwards in between.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end() - self.start_time_unix_nano
    }

    /// Returns whether the span follows from its parent without being awaited by it.
    #[must_use]
    pub fn follows_from_parent(&self) -> bool {
        self.parent_span_id.is_some_and(|parent| {
            self.links.iter().any(|link| link.is_follows_from && link.span_id == parent)
        })
    }
}

/// How the work of a span ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// It succeeded, or the span does not say.
    #[default]
    Ok,
    /// An error occurred and was handled, for example by a retry.
    #[non_exhaustive]
    Handled {
        /// The class of the error, empty when unknown.
        error_type: String,
    },
    /// It failed.
    #[non_exhaustive]
    Failed {
        /// The class of the error, empty when unknown.
        error_type: String,
        /// What happened, for people; may be empty.
        message: String,
    },
}

impl Outcome {
    /// Returns the outcome of work in which an error of this class was handled.
    #[must_use]
    pub fn handled(error_type: impl Into<String>) -> Self {
        Self::Handled { error_type: error_type.into() }
    }

    /// Returns the outcome of work that failed.
    #[must_use]
    pub fn failed(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Failed { error_type: error_type.into(), message: message.into() }
    }

    /// Returns whether the work failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// A link to another span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The linked trace.
    pub trace_id: u128,
    /// The linked span.
    pub span_id: u64,
    /// Whether the span follows from the linked one without being awaited by it (`FOLLOWS_FROM` in OpenTracing).
    pub is_follows_from: bool,
}

impl Link {
    /// Creates a link.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id, is_follows_from: false }
    }

    /// Creates a link to a span that this one follows from without being awaited by it.
    #[must_use]
    pub fn follows_from(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id, is_follows_from: true }
    }
}
