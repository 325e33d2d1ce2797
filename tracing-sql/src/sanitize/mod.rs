//! What a query may say in a span: its text without literals, its summary.
//!
//! ```
//! use tracing_sql::sanitize::{Dialect, sanitize};
//!
//! let query = sanitize("SELECT * FROM orders WHERE email = 'a@b.c' AND state IN (1, 2, 3)", Dialect::PostgreSql);
//! assert_eq!(query.text, "SELECT * FROM orders WHERE email = ? AND state IN (?)");
//! assert_eq!(query.summary, "SELECT orders");
//! ```
//!
//! # What happens to a text
//! Strings, dollar-quoted strings, numbers and hexadecimal literals become `?`; white space becomes one blank; `IN` lists
//! and `ARRAY[…]` of values become one `?`. Names, keywords and parameters stay. After `PASSWORD` and `IDENTIFIED BY` the rest of a
//! statement that manages users becomes `?`. A comment stays when it has nothing but words in it; one with a digit, a
//! quote or another sign becomes `/*?*/`. Both results are bounded: [`MAX_TEXT_BYTES`], [`MAX_SUMMARY_BYTES`].
//!
//! # What can go wrong
//! Nothing makes it fail or panic. What is not closed (a string, a comment, a quoted name) reaches to the end of the text. The
//! dialects are read as servers read them by default: MySQL with `NO_BACKSLASH_ESCAPES` and PostgreSQL with
//! `standard_conforming_strings = off` end strings elsewhere, so do not have their texts recorded where those are set.

mod comment;
mod dialect;
mod keyword;
mod lexer;
mod query;
mod quoted;
mod summary;
mod text;

pub use crate::query::sanitized;
pub use dialect::Dialect;
pub use query::{MAX_SUMMARY_BYTES, MAX_TEXT_BYTES, SanitizedQuery, sanitize};
