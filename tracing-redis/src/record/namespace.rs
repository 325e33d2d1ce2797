//! The value of `db.namespace`.

use std::fmt::Write;

use tracing_core_lite::layer_support::StackText;

/// Returns the index of a database as text.
pub(crate) fn namespace(database: i64) -> StackText<20> {
    let mut text = StackText::new();
    // Writing to a `StackText` does not fail.
    let _written = write!(text, "{database}");
    text
}
