//! The parts of the benchmark: their cases, measurements and tables.

pub mod backdoor;
pub mod export;
pub mod growth;
pub mod grpc;
pub mod http;
mod queue;
pub mod server;
pub mod sql;
pub mod tracing;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use crate::data::{Data, Figures};

/// A part, which can be run alone.
pub struct Part {
    pub name: &'static str,
    /// The measured cases and modes.
    pub runs: fn() -> Vec<Run>,
    /// Measures one case in one mode in this process.
    pub one: fn(case: &str, mode: &str, calls: u64) -> Result<Figures, String>,
    pub calls: u64,
    /// The number of processes per run.
    pub rounds: usize,
    pub counts_instructions: fn(mode: &str) -> bool,
    pub instruction_calls: u64,
    /// Makes calls and exports their spans, for a count of the instructions of all threads. `None` counts those of the calling
    /// thread.
    pub all_threads: Option<fn(case: &str, mode: &str, calls: u64) -> Result<(), String>>,
    pub tables: fn(&Data) -> String,
}

/// A case in a mode.
#[derive(Debug, Clone)]
pub struct Run {
    pub case: &'static str,
    pub mode: String,
}

pub const ALL: [Part; 8] = [
    http::PART,
    grpc::PART,
    sql::PART,
    export::PART,
    server::PART,
    growth::PART,
    tracing::PART,
    backdoor::PART,
];

pub fn named(name: &str) -> Result<&'static Part, String> {
    let names: Vec<&str> = ALL.iter().map(|part| part.name).collect();
    ALL.iter().find(|part| part.name == name).ok_or_else(|| format!("no part {name}: {}", names.join(", ")))
}

/// Returns every case in every mode.
fn every(cases: &[&'static str], modes: &[&str]) -> Vec<Run> {
    let of_case = |case| modes.iter().map(move |mode| Run { case, mode: (*mode).to_owned() });
    cases.iter().copied().flat_map(of_case).collect()
}

/// The span of a caller in another process.
pub fn remote(sampled: bool) -> SpanContext {
    let flags = TraceFlags::default().with_sampled(sampled);
    SpanContext::new(TraceId::from(7_u128), SpanId::from(7_u64), flags, true, TraceState::NONE)
}
