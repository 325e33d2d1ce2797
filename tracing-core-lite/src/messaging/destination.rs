//! Where messages go to and come from.

/// A topic, a queue, or an exchange with a routing key.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// `messaging.destination.name`; empty when there is none.
    pub name: &'a str,
    /// Whether the destination goes with its client, such as an exclusive queue. Its name is then in no span's name.
    pub is_temporary: bool,
    /// Whether the name was made by the system. It is then in no span's name.
    pub is_anonymous: bool,
    /// The partition.
    pub partition: Option<i32>,
}

impl<'a> Destination<'a> {
    /// A lasting destination with a name.
    #[must_use]
    pub fn new(name: &'a str) -> Self {
        Self { name, ..Self::default() }
    }

    /// Sets the partition.
    #[must_use]
    pub fn partition(mut self, partition: Option<i32>) -> Self {
        self.partition = partition;
        self
    }

    /// Says that the name was made by the system for a client that is here now.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.is_temporary = true;
        self.is_anonymous = true;
        self
    }
}
