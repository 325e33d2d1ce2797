//! The span of a publish ends when the broker answers, no matter when the answer is read.
#![allow(clippy::unwrap_used)]

mod support;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Confirmation};
use support::{DEADLINE, Rabbit, unique, within};
use tracing_amqp::TracedConfirm;
use tracing_amqp::attribute::CONFIRM;
use tracing_core_lite::messaging::attribute::ERROR_TYPE;
use tracing_core_lite::span::data::SpanData;

const MANDATORY: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };
const OPTIONAL: BasicPublishOptions = BasicPublishOptions { mandatory: false, immediate: false };

async fn publish(rabbit: &Rabbit, exchange: &str, key: &str, options: BasicPublishOptions) -> TracedConfirm {
    let properties = BasicProperties::default();
    let published = rabbit.channel.basic_publish(exchange.into(), key.into(), options, b"body", properties);
    within(published).await.unwrap()
}

/// The span of the only publish, once it has ended.
async fn ended(rabbit: &Rabbit) -> SpanData {
    let waiting = async {
        while rabbit.spans.finished().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within(waiting).await;
    assert_eq!(rabbit.spans.finished().len(), 1);
    rabbit.spans.finished().remove(0).span
}

#[tokio::test]
async fn a_confirm_that_is_kept_unread() {
    for (exchange, options, answer, error) in [
        ("", OPTIONAL, Some("ack"), None),
        ("", MANDATORY, Some("returned"), Some("NO_ROUTE")),
        ("no-such-exchange", OPTIONAL, None, Some("NOT_FOUND")),
    ] {
        let rabbit = Rabbit::connect().await;
        let confirm = publish(&rabbit, exchange, &unique("nowhere"), options).await;
        let span = ended(&rabbit).await;
        assert_eq!((span.text(CONFIRM), span.text(ERROR_TYPE)), (answer, error), "{exchange}");
        match within(confirm).await {
            Ok(Confirmation::Ack(returned)) => {
                assert_eq!(returned.is_some(), options.mandatory, "the answer is still there");
            }
            other => assert_eq!(other.is_err(), error == Some("NOT_FOUND"), "{other:?}"),
        }
        assert_eq!(rabbit.spans.finished().len(), 1);
    }
}

#[tokio::test]
async fn a_confirm_that_is_dropped() {
    for (exchange, answer, error) in [("", Some("ack"), None), ("no-such-exchange", None, Some("NOT_FOUND"))]
    {
        let rabbit = Rabbit::connect().await;
        drop(publish(&rabbit, exchange, &unique("nowhere"), OPTIONAL).await);
        let span = ended(&rabbit).await;
        assert_eq!((span.text(CONFIRM), span.text(ERROR_TYPE)), (answer, error), "{exchange}");
    }
}

#[tokio::test]
async fn a_message_that_came_back_is_not_lost_with_its_confirm() {
    let rabbit = Rabbit::connect().await;
    let confirm = publish(&rabbit, "", &unique("nowhere"), MANDATORY).await;
    assert_eq!(ended(&rabbit).await.text(CONFIRM), Some("returned"));
    drop(confirm);
    let returned = within(rabbit.channel.wait_for_confirms()).await.unwrap();
    assert_eq!(returned.len(), 1);
    assert!(within(rabbit.channel.wait_for_confirms()).await.unwrap().is_empty(), "only once");
}

/// Without a runtime: on a separate thread, while lapin runs on the test's runtime.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_runtime_the_span_has_the_time_of_the_confirm() {
    for is_polled in [true, false] {
        let rabbit = Arc::new(Rabbit::connect().await);
        let queue = rabbit.queue("runtime").await;
        let in_thread = Arc::clone(&rabbit);
        let published = thread::spawn(move || {
            let confirm = block_on(publish_plainly(&in_thread, &queue));
            let delivered = unix_nanos();
            thread::sleep(Duration::from_millis(300));
            if is_polled {
                assert_eq!(block_on(confirm).unwrap(), Confirmation::Ack(None));
            } else {
                drop(confirm);
            }
            delivered
        });
        let delivered = published.join().unwrap();
        let span = ended(&rabbit).await;
        assert_eq!(span.text(CONFIRM), Some("ack"));
        let late = span.end_time_unix_nano.saturating_sub(delivered);
        assert!(late < 200_000_000, "polled {is_polled}: it ended {late} ns after the publish");
    }
}

async fn publish_plainly(rabbit: &Rabbit, queue: &str) -> TracedConfirm {
    let (queue, properties) = (queue.into(), BasicProperties::default());
    rabbit.channel.basic_publish("".into(), queue, OPTIONAL, b"body", properties).await.unwrap()
}

fn unix_nanos() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let (mut future, start) = (pin!(future), Instant::now());
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(start.elapsed() < DEADLINE, "it takes too long");
        thread::park_timeout(Duration::from_secs(1));
    }
}
