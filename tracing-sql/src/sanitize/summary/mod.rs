//! Finds the operations of a query and their targets.
//!
//! This is not a parser. Each pair of parentheses has a state, which tells what the next word may be. The summary of a
//! text that is not SQL is short, and still consists of keywords and names alone.

mod objects;
mod routine;
mod state;
mod summarizer;
mod text;
mod words;

pub(super) use summarizer::Summarizer;
