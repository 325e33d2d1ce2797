//! The destination of messages.

/// A topic, a queue, or an exchange with a routing key.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// `messaging.destination.name`. Empty if there is none.
    pub name: &'a str,
    /// Whether the destination is deleted with its client, such as an exclusive queue. Span names leave such a name out.
    pub is_temporary: bool,
    /// Whether the system generated the name. Span names leave such a name out.
    pub is_anonymous: bool,
    /// The partition.
    pub partition: Option<i32>,
}

impl<'a> Destination<'a> {
    /// Creates a permanent destination with a name.
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        Self { name, ..Self::default() }
    }

    /// Sets the partition.
    #[must_use]
    pub fn with_partition(mut self, partition: Option<i32>) -> Self {
        self.partition = partition;
        self
    }

    /// Sets whether the destination is deleted with its client.
    #[must_use]
    pub fn with_temporary(mut self, is_temporary: bool) -> Self {
        self.is_temporary = is_temporary;
        self
    }

    /// Sets whether the system generated the name.
    #[must_use]
    pub fn with_anonymous(mut self, is_anonymous: bool) -> Self {
        self.is_anonymous = is_anonymous;
        self
    }
}
