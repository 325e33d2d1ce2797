//! The memory of a batch does not grow with its items beyond the links.
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code)] // A global allocator needs unsafe code.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rdkafka::ClientConfig;
use rdkafka::Timestamp;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_kafka::{Settings, TracedBaseConsumer};

struct Counting;

thread_local! {
    /// Bytes that this thread has allocated.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _going_away = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call goes to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as for `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as for `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FIRST: usize = 1_000;
const ALL: usize = 100_000;

#[test]
fn a_hundred_thousand_items() {
    let provider = TracerProvider::builder().with_exporter(Discard).build().unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1").set("group.id", "memory");
    let settings = Settings::new().with_provider(&provider);
    let consumer: TracedBaseConsumer =
        TracedBaseConsumer::with_config(config.create().unwrap(), &config, settings);
    // Items without spans: spans go to the exporter as they end.
    let mut batch = consumer.start_batch("reconciliation").with_item_ratio(0.0).with_small_batch(0);
    let mut after_first = None;
    for number in 0..ALL {
        if number == FIRST {
            after_first = Some(HELD.get());
        }
        let traceparent = format!("00-{:032x}-{:016x}-01", number + 1, number + 1);
        let headers = OwnedHeaders::new().insert(Header { key: "traceparent", value: Some(&traceparent) });
        let topic = "reconciliation".to_owned();
        let message =
            OwnedMessage::new(Some(vec![0; 100]), None, topic, Timestamp::NotAvailable, 0, 0, Some(headers));
        let message = consumer.received(message);
        message.add_to(&mut batch);
        message.item(&batch).processed();
    }
    assert_eq!(HELD.get(), after_first.unwrap());
    batch.end();
}
