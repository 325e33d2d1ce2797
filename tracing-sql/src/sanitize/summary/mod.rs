//! Finds the operations of a query and what they are done to.
//!
//! No parser: each pair of parentheses has a state, which says what the next word may be. Where a text is no SQL, the
//! summary is short, and still made of nothing but its keywords and names.

mod state;
mod summarizer;
mod text;
mod words;

pub(super) use summarizer::Summarizer;
