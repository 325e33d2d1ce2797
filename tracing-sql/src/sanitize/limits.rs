//! The bounds of what a query may add to a span.

/// The longest text of a query, in bytes. A longer one is cut and ends with `...`.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;

/// The longest summary, in bytes. A longer one is cut between words (semantic conventions v1.44.0, database spans: at
/// most 255 characters).
pub const MAX_SUMMARY_BYTES: usize = 255;
