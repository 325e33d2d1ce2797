//! redis: commands on a connection that answers at once, and a look into a cache in memory.

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};
use tracing_core_lite::cache::{CacheOperation, TracedCache};
use tracing_redis::TracedRedis;

use crate::case::{Case, Parent, Provider, ROOT, SAMPLED_OR_NOT, Work, drive, never_sampling, provided};

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "redis, GET", parents: SAMPLED_OR_NOT, make: get },
        Case { name: "redis, GET, sampler off", parents: ROOT, make: get_unsampled },
        Case { name: "redis, pipeline of 3", parents: SAMPLED_OR_NOT, make: pipeline },
        Case { name: "cache, hit", parents: SAMPLED_OR_NOT, make: hit },
    ]
}

/// A connection that answers at once, in a box as the real ones do.
#[derive(Clone)]
struct Answer;

impl ConnectionLike for Answer {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(std::future::ready(Ok(Value::Nil)))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(std::future::ready(Ok(vec![Value::Nil, Value::Nil, Value::Nil])))
    }

    fn get_db(&self) -> i64 {
        0
    }
}

fn traced(provider: &Provider) -> TracedRedis<Answer> {
    provided!(TracedRedis::new(Answer), provider).with_server("cache", 6379)
}

fn get(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    match provider {
        None => send_command(Answer),
        Some(provider) => send_command(traced(provider)),
    }
}

fn get_unsampled(_: Parent, provider: Option<&Provider>) -> Work {
    if provider.is_none() {
        return send_command(Answer);
    }
    let provider = Provider::Suite(never_sampling());
    let work = send_command(traced(&provider));
    // It must not shut down before the process ends.
    std::mem::forget(provider);
    work
}

fn send_command(mut connection: impl ConnectionLike + 'static) -> Work {
    let command = redis::cmd("GET").arg("price:4711").to_owned();
    Work::new(move || {
        drive(connection.req_packed_command(&command)).expect("an answer");
    })
}

fn pipeline(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    match provider {
        None => send_pipeline(Answer),
        Some(provider) => send_pipeline(traced(provider)),
    }
}

fn send_pipeline(mut connection: impl ConnectionLike + 'static) -> Work {
    let mut pipeline = redis::pipe();
    pipeline.get("price:4711").get("price:4712").get("price:4713");
    Work::new(move || {
        drive(connection.req_packed_commands(&pipeline, 0, 3)).expect("answers");
    })
}

fn hit(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let Some(provider) = provider else { return Work::new(|| {}) };
    let cache = provided!(TracedCache::new("prices"), provider);
    Work::new(move || {
        cache.start(CacheOperation::Get, "price:4711").set_hit(true);
    })
}
