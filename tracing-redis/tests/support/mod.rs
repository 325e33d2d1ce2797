//! The redis server of the tests.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)] // Each test uses its part.

use redis::aio::MultiplexedConnection;
use tracing_core_lite::testing::TestSpans;
use tracing_redis::TracedRedis;

pub(crate) fn client() -> redis::Client {
    let Ok(url) = std::env::var("TEST_REDIS_URL") else {
        panic!(
            "TEST_REDIS_URL is not set. `cargo xtask test` starts a server and sets it; by hand: \
             redis-server --port 6399 --bind 127.0.0.1 --save '' & TEST_REDIS_URL=redis://127.0.0.1:6399/"
        );
    };
    redis::Client::open(url).unwrap()
}

pub(crate) type Connection = TracedRedis<MultiplexedConnection>;

pub(crate) async fn connect() -> (TestSpans, Connection) {
    let spans = TestSpans::new();
    let client = client();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let connection = TracedRedis::new(connection).with_provider(spans.provider()).with_server_of(&client);
    (spans, connection)
}

/// `host:port`, as it is in the names of spans.
pub(crate) fn target() -> String {
    client().get_connection_info().addr().to_string()
}

/// A key of this test run alone.
pub(crate) fn key(name: &str) -> String {
    format!("tracing-redis:{}:{name}", std::process::id())
}
