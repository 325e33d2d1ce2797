//! The model: spans in columns, with interned text, and the traces that they form.

mod attribute;
mod builder;
#[cfg(feature = "core")]
mod finished;
mod kind;
mod record;
mod set;
mod text;
mod trace;
mod trace_hash;
mod tree;
mod weight;

pub use attribute::{Attribute, AttributeId, Attributes, Value};
pub(crate) use builder::Builder;
pub use kind::{Kind, Status};
pub use record::{RecordValue, SpanRecord};
pub(crate) use set::Row;
pub use set::{Event, Link, Resource, Scope, SpanSet};
pub use text::{Text, Texts};
pub use trace::{SpanRef, Trace};
pub(crate) use trace_hash::trace_hash;
pub use tree::{Parent, Tree};
pub use weight::{Weight, threshold};
