//! Keeps secrets out of spans: replaces them in URLs, and knows the headers that carry credentials.
//!
//! ```
//! use tracing_core_lite::redact;
//!
//! assert_eq!(redact::query("page=2&token=abc"), "page=2&token=REDACTED");
//! assert_eq!(redact::url("https://ann:pw@example.com/a?sig=x"), "https://REDACTED:REDACTED@example.com/a?sig=REDACTED");
//! ```
//!
//! Text without secrets is returned without an allocation. URLs, queries and paths are cut at [`MAX_URL_LENGTH`] bytes, because
//! clients can send very long ones.

mod defaults;
mod names;
mod secret_keys;
#[cfg(test)]
mod tests;

pub use defaults::{header_value, path, query, url};
pub use names::{CREDENTIAL_HEADERS, SECRET_QUERY_KEYS, URL_HEADERS, is_credential_header};
pub use secret_keys::{MAX_URL_LENGTH, REDACTED, SecretKeys};
