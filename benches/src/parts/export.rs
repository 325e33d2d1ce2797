//! Export: the total CPU time of a span, from its start to the socket, by OTLP over HTTP and gRPC.

use std::time::Duration;

use super::Part;
use crate::cases::spans;
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::markdown::{Table, number, ratio};
use crate::measure::{Exit, Pace, Plan, measure};
use crate::process;
use crate::sink::Sink;

pub const PART: Part = Part {
    name: "export",
    runs: || super::every(&spans::ALL, &MODES),
    one,
    calls: 50_000,
    rounds: 7,
    counts_instructions: |_| false,
    instruction_calls: 0,
    all_threads: None,
    tables,
};

pub const MODES: [&str; 3] = ["discarded", "OTLP/HTTP", "OTLP/gRPC"];
/// A rate at which no exporter loses spans. Only CPU time is measured.
const PACE: Pace = Pace::Every(Duration::from_micros(20));
/// As many as a server span of our layer has.
const ATTRIBUTES: usize = 9;

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    process::pin(1);
    let exit = if mode == "discarded" { Exit::Counter } else { Exit::Sink(Sink::start()?) };
    let out = match (&exit, mode) {
        (Exit::Sink(sink), "OTLP/HTTP") => Out::http(sink.url()),
        (Exit::Sink(sink), "OTLP/gRPC") => Out::grpc(sink.url()),
        (Exit::Sink(_), _) => return Err(format!("no mode {mode}: {MODES:?}")),
        (Exit::Counter, _) => Out::counted(),
    };
    measure(spans::subject(case, &out, ATTRIBUTES)?, &exit, &Plan { calls, round: 1_000, pace: PACE })
}

fn tables(data: &Data) -> String {
    let mut table = Table::new(&[
        "CPU of a span with 9 attributes, all threads, ns",
        "made and discarded",
        "exported by OTLP/HTTP",
        "× ours",
        "export alone",
        "× ours",
        "exported by OTLP/gRPC",
        "× ours",
        "export alone",
        "× ours",
    ]);
    let cpu = |case, mode| data.get(case, mode, "process cpu");
    let export = |case, mode| cpu(case, mode) - cpu(case, "discarded");
    for name in spans::ALL {
        let mut cells = vec![name.to_owned(), number(cpu(name, "discarded"))];
        for mode in &MODES[1..] {
            cells.extend([number(cpu(name, mode)), ratio(cpu(name, mode) / cpu(spans::OURS, mode))]);
            cells.extend([number(export(name, mode)), ratio(export(name, mode) / export(spans::OURS, mode))]);
        }
        table.row(&cells);
    }
    table.finish(spans::OURS)
}
