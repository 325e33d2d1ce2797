//! A redis connection whose commands are spans, at `TEST_REDIS_URL`, such as `redis://127.0.0.1/`.
//! `cargo run -p examples --example redis`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use redis::AsyncCommands;
use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_redis::TracedRedis;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracing = tracing_core_lite::init()
        .with_service_name("redis-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    let client = redis::Client::open(std::env::var("TEST_REDIS_URL")?)?;
    let connection = client.get_multiplexed_async_connection().await?;
    let mut connection = TracedRedis::new(connection).with_server_of(&client);

    let span = tracing.provider().tracer("shop").span("look up prices").start();
    let context = span.in_context(&Context::new());
    let work = async {
        // Keys and values are hidden: the span shows `SET ? ? EX ?`.
        let () = connection.set_ex("example:price:4711", 299, 10).await?;
        let hit: Option<u32> = connection.get("example:price:4711").await?;
        // Nil is a miss, not an error.
        let miss: Option<u32> = connection.get("example:price:0").await?;
        println!("{hit:?}, {miss:?}");
        span.end();
        Ok(())
    };
    examples::until_stopped(work.in_context(context)).await
}
