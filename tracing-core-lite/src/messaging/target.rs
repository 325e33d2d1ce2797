//! A destination, and its name in spans.

use std::borrow::Cow;

use super::Destination;

/// A destination, and the template that it matches.
pub(super) struct Target<'a> {
    pub(super) destination: Destination<'a>,
    pub(super) template: Option<Cow<'static, str>>,
}

impl Target<'_> {
    /// Returns the name if it has low cardinality: not temporary and not generated.
    pub(super) fn lasting_name(&self) -> Option<&str> {
        let Destination { name, is_temporary, is_anonymous, .. } = self.destination;
        (!name.is_empty() && !is_temporary && !is_anonymous).then_some(name)
    }
}
