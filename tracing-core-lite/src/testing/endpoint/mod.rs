//! A fake OTLP endpoint: a real HTTP server on a loopback port, with scripted replies.

mod reply;
mod request;
mod server;

pub use reply::Reply;
pub use request::Received;
pub use server::FakeOtlp;
