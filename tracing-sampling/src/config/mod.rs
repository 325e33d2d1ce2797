//! Configuration formats that users already have.
