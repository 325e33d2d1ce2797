//! The span of a tower layer as a span of `tracing`.
//!
//! The `tracing` span has no span of its own in the trace: the layer adopts the context of the tower layer's span.

use std::cell::Cell;
use std::sync::OnceLock;

use tracing::callsite::{self, Callsite};
use tracing::field::FieldSet;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};

use super::state::Adopted;

/// The target of such spans, for filters.
pub(super) const TARGET: &str = "tracing_suite::request";
const NAME: &str = "request";

/// The place in the code that all such spans share. Its fields are those that the first layer was given.
static REQUEST: RequestCallsite = RequestCallsite(OnceLock::new());

struct RequestCallsite(OnceLock<Metadata<'static>>);

thread_local! {
    /// What the next span with the [`TARGET`] adopts.
    static ADOPT: Cell<Option<Adopted>> = const { Cell::new(None) };
}

impl Callsite for RequestCallsite {
    fn set_interest(&self, _: Interest) {
        // Subscribers are asked about each span.
    }

    fn metadata(&self) -> &Metadata<'_> {
        REQUEST.0.get_or_init(|| metadata(&[]))
    }
}

fn metadata(fields: &'static [&'static str]) -> Metadata<'static> {
    let fields = FieldSet::new(fields, callsite::Identifier(&REQUEST));
    Metadata::new(NAME, TARGET, Level::INFO, None, None, None, fields, Kind::SPAN)
}

/// Switches such spans on, with fields that handlers may record. The fields of the first call count.
pub(super) fn switch_on(fields: Vec<&'static str>) {
    if REQUEST.0.get().is_none() {
        // Once in a process.
        let fields = Box::leak(fields.into_boxed_slice());
        if REQUEST.0.set(metadata(fields)).is_ok() {
            callsite::register(&REQUEST);
        }
    }
}

/// Returns what a span with the [`TARGET`] adopts.
pub(super) fn adopted() -> Option<Adopted> {
    ADOPT.try_with(Cell::take).ok().flatten()
}

/// Returns the place in the code of such spans, once they are switched on.
#[cfg(feature = "tower")]
#[inline]
pub(super) fn callsite_metadata() -> Option<&'static Metadata<'static>> {
    REQUEST.0.get()
}

/// Sets what the next span with the [`TARGET`] adopts. Returns false if the thread is going away.
#[cfg(feature = "tower")]
pub(super) fn set_adopted(adopted: Adopted) -> bool {
    ADOPT.try_with(|adopt| adopt.set(Some(adopted))).is_ok()
}
