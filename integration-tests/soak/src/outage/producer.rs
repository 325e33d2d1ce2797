//! Spans at a constant rate.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::{Context, TracerProvider};

const TICK: Duration = Duration::from_millis(10);
const MOST: Duration = Duration::from_millis(200);

/// Ends `rate` spans per second until `stop` is set. Counts them in `ended`.
pub(super) fn produce(provider: &TracerProvider, rate: u64, stop: &AtomicBool, ended: &AtomicU64) {
    let tracer = provider.tracer("outage");
    let parent = Context::new();
    let mut last = Instant::now();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        // A thread that the machine has held back does not make up for it at once, or the burst would fill the queue.
        let elapsed = last.elapsed().min(MOST);
        last = Instant::now();
        for _ in 0..elapsed.as_micros() as u64 * rate / 1_000_000 {
            tracer.span("GET /orders/{id}").with_parent(&parent).start().end_with(|span| {
                span.set("http.request.method", "GET")
                    .set("http.route", "/orders/{id}")
                    .set("url.path", "/orders/12345")
                    .set("url.scheme", "https")
                    .set("server.address", "shop.example")
                    .set("server.port", 443)
                    .set("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
                    .set("http.response.status_code", 200);
            });
            number += 1;
        }
        ended.store(number, Ordering::Relaxed);
        thread::sleep(TICK);
    }
}
