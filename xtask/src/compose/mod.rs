//! The shop under docker compose: its images, and the test that runs it.

mod docker;
mod engine;
mod http;
mod images;
mod journey;
mod names;
mod project;
mod spans;
mod stand_ins;
mod test;

pub(crate) use images::run as images;
pub(crate) use test::run as test;
