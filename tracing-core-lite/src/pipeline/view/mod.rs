//! A lazy view of encoded spans, for stages that filter, change or route spans without decoding them.
//!
//! A view borrows from the bytes of a [`Batch`](super::Batch) and parses fields on demand. It does not allocate. Malformed bytes
//! are an error, never a panic, so views can read requests of untrusted senders.
//! [`BatchBuilder`](super::BatchBuilder) makes a new batch from views.
//!
//! ```
//! use tracing_core_lite::pipeline::view::{RequestView, ValueView};
//! # use tracing_core_lite::span::data::DecodeError;
//!
//! /// Counts the spans that failed with an HTTP status of 500 or above.
//! fn server_errors(request: &[u8]) -> Result<usize, DecodeError> {
//!     let mut errors = 0;
//!     for resource in RequestView::new(request).resources() {
//!         for scope in resource?.scopes() {
//!             for span in scope?.spans() {
//!                 if let Some(ValueView::Int(500..)) = span?.attribute("http.response.status_code")? {
//!                     errors += 1;
//!                 }
//!             }
//!         }
//!     }
//!     Ok(errors)
//! }
//! # assert_eq!(server_errors(&[]), Ok(0));
//! # assert!(server_errors(&[0x0a, 9]).is_err());
//! ```

mod edit;
mod head;
mod items;
mod parts;
mod request;
mod span;
mod value;

pub use edit::SpanEdit;
pub use head::{SpanHead, StatusCode};
pub use items::{Items, View};
pub use parts::{EventView, LinkView};
pub use request::{RequestView, ResourceView, ScopeView};
pub use span::SpanView;
pub use value::{AttributeView, ValueView};
