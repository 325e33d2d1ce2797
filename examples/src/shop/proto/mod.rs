//! The messages and services of `proto/shop.proto`, as generated code; a test sees to it that the two agree.
#![allow(
    clippy::all,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    reason = "generated"
)]

include!("shop.rs");
