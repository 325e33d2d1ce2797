//! The shop with other databases, another cache and real brokers: the same orders, with spans of other groups.
//!
//! `cargo xtask test` sets the URLs of the servers: `TEST_POSTGRES_URL`, `TEST_MYSQL_URL`, `TEST_REDIS_URL`, `KAFKA_BROKERS` and
//! `AMQP_URL`. A test without its server fails.

use examples::demo::{OrderKind, Ports, RunningShop, is_complete, problems};
use examples::shop::Settings;
use redis::AsyncCommands;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::span::data::FinishedSpan;

use crate::assert_good;

fn from_env(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: this test needs a server (`cargo xtask test` starts one)")
    })
}

/// Places one order of each kind. They must end as they do in the demo.
async fn one_of_each(settings: Settings) -> Vec<FinishedSpan> {
    let memory = MemoryExporter::new();
    let exporter = || -> Box<dyn tracing_core_lite::pipeline::Exporter> { Box::new(memory.clone()) };
    let shop = RunningShop::start_with(Ports::Automatic, &settings, exporter).await.unwrap();
    let mut placed = Vec::new();
    for kind in OrderKind::STORY {
        placed.push(shop.customer().clone().place(kind).await);
    }
    shop.settle(|| is_complete(&placed, &memory.finished())).await;
    shop.stop().await.unwrap();
    let spans = memory.take();
    assert_eq!(problems(&placed, &spans), Vec::<String>::new());
    spans
}

/// Orders and inventory share the database, because their tables have different names.
async fn on_database(variable: &str, group: &str) {
    let settings = Settings::default().with("DATABASE_URL", from_env(variable));
    assert_good(&one_of_each(settings).await, &[group]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_runs_on_postgresql() {
    on_database("TEST_POSTGRES_URL", "db.postgresql.client").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_runs_on_mysql() {
    on_database("TEST_MYSQL_URL", "db.mysql.client").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_keeps_prices_in_redis() {
    let url = from_env("TEST_REDIS_URL");
    // The first order must miss the cache, even on a server that was used before.
    let mut redis =
        redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let prices: Vec<String> = redis.keys("price:*").await.unwrap();
    for key in prices {
        let _: () = redis.del(key).await.unwrap();
    }
    assert_good(&one_of_each(Settings::default().with("REDIS_URL", url)).await, &["db.redis.client"]);
}

/// Workers instead of tasks: the trace of the order includes their work, down to the dead letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_uses_kafka_and_rabbitmq() {
    let settings = Settings::default()
        .with("KAFKA_BROKERS", from_env("KAFKA_BROKERS"))
        .with("AMQP_URL", from_env("AMQP_URL"));
    let spans = one_of_each(settings).await;
    let groups = [
        "messaging.kafka.send.producer",
        "messaging.kafka.process.consumer",
        "messaging.rabbitmq.send.producer",
        "messaging.rabbitmq.process.consumer",
    ];
    assert_good(&spans, &groups);
    let outcome =
        |it: &&FinishedSpan| it.span.text("tracing_suite.rabbitmq.message.outcome") == Some("reject");
    assert_eq!(spans.iter().filter(outcome).count(), 1, "one job becomes a dead letter");
}
