//! Commands and pipelines of redis: their spans are bounded, and show no argument but keys.

#![no_main]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fuzz::{Input, recorded};
use libfuzzer_sys::fuzz_target;
use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, Value};
use tracing_redis::{CommandText, TracedRedis};

const SECRET: &str = "q7Zk0secretW3x";

/// A connection that answers at once.
struct Echo(Option<RedisError>);

impl Echo {
    fn answer<T: Send + 'static>(&self, value: T) -> RedisFuture<'_, T> {
        let answer = self.0.clone().map_or(Ok(value), Err);
        Box::pin(async move { answer })
    }
}

impl ConnectionLike for Echo {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        self.answer(Value::Nil)
    }

    fn req_packed_commands<'a>(&'a mut self, _: &'a Pipeline, _: usize, _: usize) -> RedisFuture<'a, Vec<Value>> {
        self.answer(Vec::new())
    }

    fn get_db(&self) -> i64 {
        -7
    }
}

fn command(input: &mut Input<'_>) -> Cmd {
    const NAMES: [&str; 8] = ["GET", "SET", "AUTH", "EVAL", "HSET", "config", "MGET", "HELLO"];
    let mut command = Cmd::new();
    match NAMES.get(usize::from(input.byte())) {
        Some(name) => command.arg(*name),
        None => command.arg(input.bytes()),
    };
    let key = String::from_utf8_lossy(input.bytes()).replace(SECRET, "");
    command.arg(key);
    for _ in 0..input.below(24) {
        let argument = [input.bytes(), SECRET.as_bytes()].concat();
        command.arg(argument);
    }
    command
}

fn poll<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it answers at once"),
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let policies = [CommandText::Hidden, CommandText::Redacted, CommandText::Keys];
    let policy = policies[input.below(3)];
    let error = (input.byte() % 4 == 0).then(|| {
        RedisError::from((ErrorKind::Io, "an error", format!("{} {SECRET}", input.text())))
    });
    let is_pipeline = input.byte() % 2 == 0;
    let spans = recorded(|provider| {
        let mut redis = TracedRedis::new(Echo(error)).with_provider(provider).with_command_text(policy);
        if is_pipeline {
            let mut pipeline = Pipeline::new();
            for _ in 0..input.below(40) {
                pipeline.add_command(command(&mut input));
            }
            let _answer = poll(redis.req_packed_commands(&pipeline, 0, 1));
        } else {
            let command = command(&mut input);
            let _answer = poll(redis.req_packed_command(&command));
        }
    });
    assert_eq!(spans.len(), 1);
    let text = format!("{:?}", spans[0]);
    assert!(!text.contains(SECRET), "{text}");
});
