//! A fake OTLP endpoint: a real HTTP server on a loopback port, whose answers a test writes.

mod reply;
mod request;
mod server;

pub use reply::Reply;
pub use request::Received;
pub use server::FakeOtlp;
