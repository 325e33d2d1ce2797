//! Finds the operations of a query and their targets.
//!
//! This is not a parser. Each pair of parentheses has a state, which determines what the next word may be. For text
//! that is not SQL, the summary is short and still contains only keywords and names.

mod objects;
mod routine;
mod state;
mod summarizer;
mod text;
mod words;

pub(super) use summarizer::Summarizer;
