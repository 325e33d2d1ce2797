//! The package of the tests in `tests/`, which span several crates, and of the snippets of the README.

/// Compiles the snippets of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
