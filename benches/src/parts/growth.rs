//! Growth: the cost of a span with more attributes, open requests, threads and queued spans, and the memory without a receiver.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Barrier;
use std::task::{Context, Waker};
use std::time::Duration;

use http_body_util::BodyExt;
use tower::Service as _;

use super::http::request;
use super::queue;
use super::{Part, Run};
use crate::cases::{Case, spans};
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::markdown::{Table, number, ratio};
use crate::measure::{Beside, Exit, MISSING, Pace, Plan, Subject, drive, measure, median};
use crate::process;

pub const PART: Part = Part {
    name: "growth",
    runs,
    one,
    calls: 60_000,
    rounds: 3,
    counts_instructions: |_| false,
    instruction_calls: 0,
    all_threads: None,
    tables,
};

pub const ATTRIBUTES: [usize; 4] = [0, 8, 32, 128];
pub const OPEN: [usize; 5] = [1, 10, 100, 1_000, 10_000];
pub const THREADS: [usize; 2] = [1, 2];
/// The requests of a thread between two pauses.
const ROUND: u64 = 1_000;
pub const LAYERS: [&str; 4] =
    ["bare", "tracing-http", "fastrace-axum", "opentelemetry-instrumentation-tower"];

fn runs() -> Vec<Run> {
    let modes = |word: &str, counts: &[usize]| {
        counts.iter().map(|count| format!("{word} {count}")).collect::<Vec<_>>()
    };
    let every = |cases: &[&'static str], modes: Vec<String>| {
        let modes: Vec<&str> = modes.iter().map(String::as_str).collect();
        super::every(cases, &modes)
    };
    [
        every(&spans::ALL, modes("attributes", &ATTRIBUTES)),
        every(&LAYERS, modes("open", &OPEN)),
        every(&LAYERS, modes("threads", &THREADS)),
        every(&[spans::OURS, spans::SDK], vec!["queue".into()]),
        every(&[spans::OURS, spans::SDK], vec!["no receiver".into()]),
    ]
    .concat()
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    let (word, count) = mode.rsplit_once(' ').unwrap_or((mode, ""));
    let count = count.parse::<usize>();
    match (word, count) {
        ("attributes", Ok(count)) => {
            process::pin(1);
            let subject = spans::subject(case, &Out::counted(), count)?;
            measure(
                subject,
                &Exit::Counter,
                &Plan { calls: calls / 3, round: 500, pace: Pace::Every(Duration::from_micros(40)) },
            )
        }
        ("open", Ok(count)) => open(case, count, calls),
        ("threads", Ok(count)) => threads(case, count, calls),
        _ if mode == "queue" => queue::filling(case),
        // Ten minutes of 10,000 spans a second.
        _ if mode == "no receiver" => queue::without_receiver(case, calls * 100),
        _ => Err(format!("no mode {mode}")),
    }
}

/// Each call starts a request and ends the oldest open one.
fn open(case: &str, count: usize, calls: u64) -> Result<Figures, String> {
    process::pin(1);
    let case = Case::named(case)?;
    let service = case.service(&Out::counted());
    let mut router = service.router.with_state(()).into_service();
    let mut start = move || {
        let response = router.call(request("/slow/7", true));
        let mut open: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async {
            let Ok(response) = response.await;
            response.into_body().collect().await.expect("a body that cannot fail");
        });
        let polled = open.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the handler waits once");
        open
    };
    let mut all: VecDeque<_> = (0..count).map(|_| start()).collect();
    let call = move || {
        if let Some(oldest) = all.pop_front() {
            drive(oldest);
        }
        all.push_back(start());
    };
    let spans_per_call = u64::from(case != Case::Bare);
    let subject =
        Subject { call: Box::new(call), flush: service.flush, spans_per_call, beside: Beside::Yardstick };
    measure(subject, &Exit::Counter, &Plan { calls, round: 1_000, pace: Pace::Pauses })
}

/// Measures the CPU time of the request threads: on two CPUs, two threads leave none for the exporter.
fn threads(case: &str, count: usize, calls: u64) -> Result<Figures, String> {
    let case = Case::named(case)?;
    let service = case.service(&Out::counted());
    let barrier = Barrier::new(count);
    let work = |cpu: usize| {
        process::pin(cpu);
        let mut router = service.router.clone().with_state(()).into_service();
        let mut serve = |count: u64| {
            for _ in 0..count {
                drive(async {
                    let Ok(response) = router.call(request("/orders/7", true)).await;
                    response.into_body().collect().await.expect("a body that cannot fail")
                });
            }
        };
        serve(ROUND);
        let mut rounds = Vec::new();
        for _ in 0..calls / ROUND {
            // Run at the same time, so that they contend if they can.
            barrier.wait();
            let before = process::cpu_of_this_thread();
            serve(ROUND);
            rounds.push((process::cpu_of_this_thread() - before).as_nanos() as f64 / ROUND as f64);
            std::thread::sleep(Duration::from_millis(5) * count as u32);
        }
        median(&mut rounds)
    };
    let measured: Vec<f64> = std::thread::scope(|scope| {
        let work = &work;
        // Starts all before it waits for the first.
        let started: Vec<_> = (0..count).map(|cpu| scope.spawn(move || work(cpu))).collect();
        started.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    (service.flush)();
    let expected = if case == Case::Bare { 0 } else { (ROUND + calls / ROUND * ROUND) * count as u64 };
    let exported = Exit::Counter.count();
    if exported != expected {
        return Err(format!("{MISSING}: {exported} came out, not {expected}"));
    }
    Ok(vec![("ns", measured.iter().sum::<f64>() / count as f64)])
}

fn tables(data: &Data) -> String {
    let mut text = String::new();
    let heads = |first: &str, counts: &[usize], word: &str| -> Vec<String> {
        let counts = counts.iter().map(|count| format!("{} {word}", number(*count as f64)));
        std::iter::once(first.to_owned()).chain(counts).collect()
    };
    let table = |heads: &[String]| Table::new(&heads.iter().map(String::as_str).collect::<Vec<_>>());

    let mut attributes = table(&heads("ns a span, made by hand", &ATTRIBUTES, "attributes"));
    for name in spans::ALL {
        let cells = ATTRIBUTES.map(|count| number(data.get(name, &format!("attributes {count}"), "ns")));
        attributes.row(&[vec![name.to_owned()], cells.to_vec()].concat());
    }
    text += &format!("{}\n", attributes.finish(spans::OURS));

    let mut open = table(&heads("ns added to a request", &OPEN, "open"));
    for name in &LAYERS[1..] {
        let cells = OPEN.map(|count| number(data.added(name, &format!("open {count}"), "ns")));
        open.row(&[vec![(*name).to_owned()], cells.to_vec()].concat());
    }
    text += &format!("{}\n", open.finish(LAYERS[1]));

    let mut threads = Table::new(&["CPU of a request's thread, ns added", "1 thread", "2 threads", "ratio"]);
    for name in &LAYERS[1..] {
        let [one, two] = THREADS.map(|count| data.added(name, &format!("threads {count}"), "ns"));
        threads.row(&[(*name).to_owned(), number(one), number(two), ratio(two / one)]);
    }
    text += &format!("{}\n", threads.finish(LAYERS[1]));
    text + &queue::tables(data)
}
