//! Counters of a span's data.

/// The numbers of attributes, events and links that a span has, or that it dropped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) attributes: u32,
    pub(super) events: u32,
    pub(super) links: u32,
}

impl Counts {
    #[inline]
    pub(super) fn is_zero(self) -> bool {
        self.attributes | self.events | self.links == 0
    }
}
