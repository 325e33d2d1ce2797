//! Nothing but a home for the tests in `tests/`, each of which crosses the borders of several crates, and for those of the README.

/// What the README shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
