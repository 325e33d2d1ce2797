//! The limits of the query data in a span.

/// The maximum length of a query's text in bytes. A longer one is cut and ends with `...`.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;

/// The maximum length of a summary in bytes. A longer one is cut between words (semantic conventions v1.44.0, database
/// spans: at most 255 characters).
pub const MAX_SUMMARY_BYTES: usize = 255;
