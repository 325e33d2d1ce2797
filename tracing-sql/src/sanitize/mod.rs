//! The parts of a query that spans record: its text without literals, and its summary.
//!
//! ```
//! use tracing_sql::sanitize::{Dialect, sanitize};
//!
//! let query = sanitize("SELECT * FROM orders WHERE email = 'a@b.c' AND state IN (1, 2, 3)", Dialect::PostgreSql);
//! assert_eq!(query.text, "SELECT * FROM orders WHERE email = ? AND state IN (?)");
//! assert_eq!(query.summary, "SELECT orders");
//! ```
//!
//! # Changes to the text
//! - Strings, dollar-quoted strings, numbers and hexadecimal literals become `?`.
//! - Unquoted values become `?` too, wherever SQL allows them: settings (`SET app.secret TO word`, `PRAGMA key =
//!   word`), passwords and keys (`IDENTIFIED BY word`, `SECRET = word`), options, the arguments of `EXEC` in T-SQL, and
//!   data after `COPY … FROM stdin;`. The values of settings that are known to be harmless, such as `search_path`, are
//!   kept.
//! - `IN` lists and `ARRAY[…]` of values become one `?`. Only the first of several rows is kept: `VALUES (1, 2), (3,
//!   4)` becomes `VALUES (?, ?)`.
//! - White space becomes one space.
//! - Comments that consist only of words are kept. A comment with a digit, a quote or another sign becomes `/*?*/`.
//! - Names, keywords and parameters are kept.
//!
//! Both results are bounded, by [`MAX_TEXT_BYTES`] and [`MAX_SUMMARY_BYTES`].
//!
//! # Malformed queries
//! Sanitizing never fails or panics. A string, comment or quoted name that is not closed extends to the end of the
//! text.
//!
//! Dialects are read with the default settings of their servers. MySQL with `NO_BACKSLASH_ESCAPES` and PostgreSQL with
//! `standard_conforming_strings = off` end strings in other places, so disable the text for those
//! ([`with_query_text`](crate::TracedPool::with_query_text)).

mod comment;
mod dialect;
mod keyword;
mod lexer;
mod limits;
mod lists;
mod lookahead;
mod names;
mod query;
mod quoted;
mod summary;
mod text;
mod unquoted;
mod values;

pub use crate::record::sanitized;
pub use dialect::Dialect;
pub use limits::{MAX_SUMMARY_BYTES, MAX_TEXT_BYTES};
pub use query::{SanitizedQuery, sanitize};
