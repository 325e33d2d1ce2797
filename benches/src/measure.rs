//! Measures one case in this process.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use tower::Service as _;

use crate::allocations;
use crate::cases::Case;
use crate::exporters::{ATTRIBUTES, SPANS};

/// Requests in a row, between two looks at the clock.
const ROUND: u64 = 2_000;
/// A pause after a round, so that exporters keep up and are idle again: what they do is counted apart.
const PAUSE: Duration = Duration::from_millis(5);

/// Prints `nanoseconds allocations bytes other-threads-nanoseconds attributes`, each for one request.
pub fn print(case: Case, mode: &str, requests: u64) -> Result<(), String> {
    let sampled = match mode {
        "sampled" => true,
        "unsampled" => false,
        other => return Err(format!("sampled or unsampled, not {other}")),
    };
    let service = case.service();
    // Without `with_state`, axum would build the route anew for each request.
    let mut router = service.router.clone().with_state(()).into_service();
    let mut serve = |count: u64| {
        for _ in 0..count {
            let request = request(sampled);
            drive(async {
                let Ok(response) = router.call(request).await;
                response.into_body().collect().await.expect("a body that cannot fail")
            });
        }
    };

    serve(ROUND);
    (service.flush)();
    SPANS.store(0, Ordering::Relaxed);

    let cpu_before = other_threads_cpu();
    let allocated_before = allocations::of_this_thread();
    let mut rounds = Vec::new();
    for _ in 0..requests / ROUND {
        let start = Instant::now();
        serve(ROUND);
        rounds.push(start.elapsed().as_nanos() as f64 / ROUND as f64);
        std::thread::sleep(PAUSE);
    }
    let allocated = allocations::of_this_thread();
    (service.flush)();
    let cpu = other_threads_cpu() - cpu_before;

    let served = requests / ROUND * ROUND;
    let expected = if sampled && case != Case::Bare { served } else { 0 };
    let exported = SPANS.load(Ordering::Relaxed);
    if exported != expected {
        return Err(format!("{case:?} {mode}: {exported} spans came out, not {expected}"));
    }
    rounds.sort_by(f64::total_cmp);
    let each = |total: u64| total as f64 / served as f64;
    println!(
        "{} {} {} {} {}",
        rounds[rounds.len() / 2],
        each(allocated.0 - allocated_before.0),
        each(allocated.1 - allocated_before.1),
        cpu.as_nanos() as f64 / served as f64,
        ATTRIBUTES.load(Ordering::Relaxed),
    );
    Ok(())
}

/// As a client behind another traced service sends it.
fn request(sampled: bool) -> Request<Body> {
    let traceparent = if sampled {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    } else {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    };
    Request::get("/orders/7")
        .header("host", "shop.example:8080")
        .header("user-agent", "bench/1.0")
        .header("accept", "*/*")
        .header("traceparent", traceparent)
        .body(Body::empty())
        .expect("a valid request")
}

/// Runs a future that has nothing to wait for.
fn drive<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// CPU time of all threads but this one, from `/proc`.
fn other_threads_cpu() -> Duration {
    // Fields of /proc/.../schedstat: nanoseconds on a CPU, nanoseconds in the queue, slices.
    let on_cpu = |path: std::path::PathBuf| -> u64 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
    };
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let main = std::process::id().to_string();
    let nanos = tasks
        .flatten()
        .filter(|task| task.file_name().to_string_lossy() != main)
        .map(|task| on_cpu(task.path().join("schedstat")))
        .sum();
    Duration::from_nanos(nanos)
}
