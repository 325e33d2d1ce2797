//! Measures calls in this process: time, CPU and allocations. Checks that each call exports its span.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::beside::Bare;
use crate::data::Figures;
use crate::exporters::{ATTRIBUTES, Out, SPANS};
use crate::sink::Sink;
use crate::{allocations, process};

/// The start of the error for a number of spans that differs from the number of calls.
pub const MISSING: &str = "spans are missing";

/// A repeatable call, and a function that flushes its last spans.
pub type CallAndFlush = (Box<dyn FnMut()>, Box<dyn Fn()>);

/// The call that is measured.
pub struct Subject {
    pub call: Box<dyn FnMut()>,
    pub flush: Box<dyn Fn()>,
    pub spans_per_call: u64,
    pub beside: Beside,
}

/// The call that alternates with the subject.
pub enum Beside {
    /// The [yardstick].
    Yardstick,
    /// The call without a layer, in a separate process, and the yardstick after each round.
    Bare(Bare),
    /// The call without a layer in place of the yardstick.
    BareAsYardstick(Box<dyn FnMut()>),
}

/// The way it is measured.
pub struct Plan {
    pub calls: u64,
    /// Calls between two readings of the clock.
    pub round: u64,
    pub pace: Pace,
}

/// The work between rounds.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Nothing.
    None,
    /// A pause in which exporters catch up.
    Pauses,
    /// A steady rate: this time per call.
    Every(Duration),
}

impl Pace {
    const PAUSE: Duration = Duration::from_millis(5);

    /// Waits after a round of this number of calls.
    fn wait(self, round_started: Instant, calls: u64) {
        match self {
            Self::None => {}
            Self::Pauses => std::thread::sleep(Self::PAUSE),
            Self::Every(time) => {
                std::thread::sleep((time * calls as u32).saturating_sub(round_started.elapsed()))
            }
        }
    }
}

/// The destination of a run's spans, and their count.
pub enum Exit {
    Counter,
    Sink(Sink),
}

impl Exit {
    /// A sink for the modes that send spans.
    pub fn of(mode: &str) -> Result<Self, String> {
        if mode.contains("exporting") { Ok(Self::Sink(Sink::start()?)) } else { Ok(Self::Counter) }
    }

    pub fn out(&self) -> Out {
        match self {
            Self::Counter => Out::counted(),
            Self::Sink(sink) => Out::http(sink.url()),
        }
    }

    pub fn count(&self) -> u64 {
        match self {
            Self::Counter => SPANS.load(Ordering::Relaxed),
            Self::Sink(sink) => sink.count(),
        }
    }
}

/// Returns the figures of one call. Fails when the number of exported spans differs from the number of calls.
///
/// Pins the calling thread to CPU 0. Threads that the subject has started stay on their CPU.
pub fn measure(subject: Subject, exit: &Exit, plan: &Plan) -> Result<Figures, String> {
    process::pin(0);
    let Subject { mut call, flush, spans_per_call, beside } = subject;
    let (mut bare, mut yardstick): (_, Box<dyn FnMut()>) = match beside {
        Beside::Yardstick => (None, Box::new(yardstick())),
        Beside::Bare(bare) => (Some(bare), Box::new(yardstick())),
        Beside::BareAsYardstick(bare) => (None, bare),
    };
    (0..plan.round).for_each(|_| call());
    (0..plan.round).for_each(|_| yardstick());
    if let Some(bare) = &mut bare {
        bare.turn(plan.round)?;
    }
    plan.pace.wait(Instant::now(), plan.round);
    let spans_before = flush_until(&*flush, exit, plan.round * spans_per_call);

    let (process_before, thread_before) = (process::cpu_of_this_process(), process::cpu_of_this_thread());
    let mut allocated = (0, 0);
    let (mut wall, mut cpu, mut yard) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    let mut to_bare = Vec::new();
    for round in 0..plan.calls / plan.round {
        let start = Instant::now();
        // The two alternate in being first: the first one after a pause is slower.
        let is_second = round % 2 == 0;
        let mut turn_of_bare =
            |is_its| bare.as_mut().filter(|_| is_its).map(|bare| bare.turn(plan.round)).transpose();
        let bare_before = turn_of_bare(is_second)?;
        let allocated_before = allocations::of_this_thread();
        let call = time(plan.round, |calls| repeat_measured(&mut *call, calls));
        let allocated_after = allocations::of_this_thread();
        let bare_after = turn_of_bare(!is_second)?;
        allocated.0 += allocated_after.0 - allocated_before.0;
        allocated.1 += allocated_after.1 - allocated_before.1;
        to_bare.extend(bare_before.or(bare_after).map(|of_bare| call.cpu / of_bare));
        let beside = time((plan.round / 4).max(100), |calls| (0..calls).for_each(|_| yardstick()));
        wall.push(call.wall / beside.wall);
        cpu.push(call.cpu / beside.cpu);
        yard.0.push(beside.wall);
        yard.1.push(beside.cpu);
        plan.pace.wait(start, plan.round);
    }
    let called = plan.calls / plan.round * plan.round;
    let expected = called * spans_per_call;
    let exported = flush_until(&*flush, exit, spans_before + expected) - spans_before;
    let all = process::cpu_of_this_process() - process_before;
    let others = all.saturating_sub(process::cpu_of_this_thread() - thread_before);
    if exported != expected {
        return Err(format!("{MISSING}: {exported} came out of {called} calls"));
    }
    let each = |total: u64| total as f64 / called as f64;
    let yardstick = median(&mut yard.0);
    // The thread waits only at locks, so on a quiet machine both times are equal.
    let (cpu, wall) = (median(&mut cpu) * median(&mut yard.1), median(&mut wall) * yardstick);
    let others = others.as_nanos() as f64 / called as f64;
    let mut figures = vec![
        ("ns", cpu),
        ("wall", wall),
        ("allocations", each(allocated.0)),
        ("bytes", each(allocated.1)),
        ("other threads", others),
        ("process cpu", cpu + others),
        ("attributes", ATTRIBUTES.load(Ordering::Relaxed) as f64),
        (YARDSTICK, yardstick),
    ];
    if bare.is_some() {
        figures.push((TO_BARE, median(&mut to_bare)));
    }
    Ok(figures)
}

/// The figure for the ratio of a call to the bare call that alternated with it.
pub const TO_BARE: &str = "to bare";

/// The figure that tells [`Data`](crate::data::Data) how fast the machine was during a process.
pub const YARDSTICK: &str = "yardstick";

/// Work of the same kind and duration as a request, between the measured calls: hashing, comparing, formatting, atomic
/// counting. Other work on the host slows everything down by up to a half for seconds, so times are compared with those of
/// the yardstick beside them. It allocates nothing, because layers leave the allocator in different states.
fn yardstick() -> impl FnMut() {
    let headers = &*HEADERS;
    move || {
        let mut text = [0; 64];
        for round in 0..5_u64 {
            for name in NAMES {
                headers[black_box(name)].fetch_add(round, Ordering::AcqRel);
            }
            let mut rest = &mut text[..];
            let written = write!(
                rest,
                "GET /orders/{} {:x}",
                black_box(round),
                headers["host"].load(Ordering::Relaxed)
            );
            written.expect("shorter than the buffer");
        }
        black_box(&text);
    }
}

const NAMES: [&str; 7] =
    ["host", "user-agent", "accept", "traceparent", "tracestate", "content-type", "content-length"];

static HEADERS: LazyLock<HashMap<&str, AtomicU64>> =
    LazyLock::new(|| NAMES.map(|name| (name, AtomicU64::new(0))).into());

/// Allocates the memory of the [yardstick] before anything else, so that it has the same address in all processes: its speed
/// depends on it.
pub fn place_yardstick() {
    LazyLock::force(&HEADERS);
}

/// Times of one call, in ns.
pub struct Time {
    pub wall: f64,
    pub cpu: f64,
}

pub fn time(calls: u64, mut repeat: impl FnMut(u64)) -> Time {
    let (start, cpu_start) = (Instant::now(), process::cpu_of_this_thread());
    repeat(calls);
    let of_each = |time: Duration| time.as_nanos() as f64 / calls as f64;
    let cpu = process::cpu_of_this_thread() - cpu_start;
    Time { wall: of_each(start.elapsed()), cpu: of_each(cpu) }
}

/// Flushes until all spans are exported, because some layers keep spans in their threads. Returns the number of exported spans.
fn flush_until(flush: &dyn Fn(), exit: &Exit, expected: u64) -> u64 {
    for _ in 0..50 {
        flush();
        if exit.count() >= expected {
            break;
        }
    }
    exit.count()
}

/// The function that callgrind collects.
#[inline(never)]
fn repeat_measured(call: &mut dyn FnMut(), times: u64) {
    (0..times).for_each(|_| call());
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs a future that never waits.
pub fn drive<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// The header that a traced caller sends.
pub fn traceparent(sampled: bool) -> &'static str {
    if sampled {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    } else {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    }
}
