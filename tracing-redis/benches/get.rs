//! The cost that the wrapper adds to a GET: alone, and against the server of `TEST_REDIS_URL`.

use criterion::{Criterion, criterion_group, criterion_main};
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::sampling::AlwaysOff;
use tracing_redis::TracedRedis;

/// Answers at once, as a connection does: in a box.
#[derive(Clone)]
struct Answer;

impl ConnectionLike for Answer {
    fn req_packed_command<'a>(&'a mut self, _cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(std::future::ready(Ok(Value::Nil)))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn get_db(&self) -> i64 {
        0
    }
}

fn get(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let recording = TracerProvider::builder().with_exporter(Discard).build().expect("a thread");
    let unsampled =
        TracerProvider::builder().with_sampler(AlwaysOff).with_exporter(Discard).build().expect("a thread");
    let command = redis::cmd("GET").arg("price:4711").to_owned();

    let mut group = criterion.benchmark_group("wrapper");
    group.bench_function("bare", |bencher| {
        let mut connection = Answer;
        bencher.iter(|| runtime.block_on(connection.req_packed_command(&command)));
    });
    for (name, provider) in [("sampled", &recording), ("unsampled", &unsampled)] {
        let mut connection = TracedRedis::new(Answer).with_provider(provider).with_server("cache", 6379);
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(connection.req_packed_command(&command)));
        });
    }
    drop(group);

    let Ok(url) = std::env::var("TEST_REDIS_URL") else { return };
    let client = redis::Client::open(url).expect("a URL");
    let mut bare = runtime.block_on(client.get_multiplexed_async_connection()).expect("a connection");
    let mut group = criterion.benchmark_group("server");
    group.bench_function("bare", |bencher| {
        bencher.iter(|| runtime.block_on(bare.req_packed_command(&command)));
    });
    for (name, provider) in [("sampled", &recording), ("unsampled", &unsampled)] {
        let mut connection = TracedRedis::new(bare.clone()).with_provider(provider).with_server_of(&client);
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(connection.req_packed_command(&command)));
        });
    }
}

criterion_group!(benches, get);
criterion_main!(benches);
