//! Sampling rates that follow the state of the system.
