//! A home for the tests in `tests/`, each of which spans several crates, and for the snippets of the README.

/// Compiles the snippets of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
