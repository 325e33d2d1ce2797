//! The disk queue loses no span that it has accepted.
#![cfg(feature = "disk-queue")]
#![allow(clippy::unwrap_used)]

mod bounds;
mod damage;
mod fanout;
mod fixtures;
mod poison;
mod processes;
#[cfg(feature = "redaction")]
mod redaction;
mod restart;
mod support;
mod unwritable;
