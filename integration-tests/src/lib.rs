//! Nothing but a home for the tests in `tests/`, each of which crosses the borders of several crates.
