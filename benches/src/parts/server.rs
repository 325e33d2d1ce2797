//! Server: an axum service in a process of its own on CPU 0, under load from CPU 1, exporting by OTLP/HTTP.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Part;
use crate::cases::Case;
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::load::Load;
use crate::markdown::{Table, number, ratio};
use crate::measure::{MISSING, median};
use crate::process;
use crate::sink::Sink;

pub const PART: Part = Part {
    name: "server",
    runs: || super::every(&CASES, &["sampled", "unsampled"]),
    one,
    calls: 200_000,
    rounds: 5,
    counts_instructions: |_| false,
    instruction_calls: 0,
    all_threads: None,
    tables,
};

pub const OURS: &str = "tracing-http";
pub const CASES: [&str; 6] = [
    "bare",
    OURS,
    "fastrace-axum",
    "opentelemetry-instrumentation-tower",
    "tower-http TraceLayer + tracing-opentelemetry",
    "axum-tracing-opentelemetry",
];
/// Requests a second while latency is measured. Every case can serve more.
const RATE: u64 = 20_000;

/// The default of this engine. That of opentelemetry_sdk, 2,048, would lose spans.
const QUEUE: usize = 65_536;

/// The service's process. Dropping this ends it.
struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(case: &str, sink: &Sink) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(["serve", case, &sink.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdin = child.stdin.take().ok_or("no way to tell the server")?;
        let stdout = BufReader::new(child.stdout.take().ok_or("no way to hear the server")?);
        let mut server = Self { child, stdin, stdout, port: 0 };
        let line = server.hear()?;
        server.port = line.parse().map_err(|_| format!("the server said {line:?}"))?;
        Ok(server)
    }

    fn hear(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }

    /// Returns when the server has exported its spans.
    fn flush(&mut self) -> Result<(), String> {
        self.stdin.write_all(b"flush\n").map_err(|error| error.to_string())?;
        match self.hear()?.as_str() {
            "flushed" => Ok(()),
            other => Err(format!("the server said {other:?}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `peers serve CASE URL`: prints its port, and flushes on request.
pub fn serve(case: &str, url: &str) -> Result<(), String> {
    process::pin(0);
    let service = Case::named(case)?.service(&Out::http(url.to_owned()).with_queue(QUEUE));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        println!("{}", listener.local_addr().map_err(|error| error.to_string())?.port());
        let (told, mut orders) = tokio::sync::mpsc::channel::<()>(1);
        std::thread::spawn(move || {
            for _ in std::io::stdin().lines() {
                let _ = told.blocking_send(());
            }
        });
        let router = service.router;
        tokio::spawn(async move { axum::serve(listener, router).await });
        while orders.recv().await.is_some() {
            (service.flush)();
            println!("flushed");
        }
        Ok(())
    })
}

fn one(case: &str, mode: &str, calls: u64) -> Result<Figures, String> {
    process::pin(1);
    let sampled = mode == "sampled";
    let sink = Sink::start()?;
    // Both run on the same CPU, one at a time.
    let mut bare = Subject::start("bare", &sink, sampled)?;
    let mut subject = Subject::start(case, &sink, sampled)?;
    for server in [&mut bare, &mut subject] {
        server.slice(calls / SLICES, None)?;
    }
    let full = slices(&mut bare, &mut subject, calls, None)?;
    let steady = slices(&mut bare, &mut subject, calls / 2, Some(RATE))?;
    let memory = |server: &Subject| process::memory_of(server.server.child.id()).1 as f64;

    let expected = if sampled && case != "bare" { subject.sent } else { 0 };
    if sink.count() != expected {
        return Err(format!("{MISSING}: {} came out, not {expected}", sink.count()));
    }
    let median_of = |slices: &[Slice], value: fn(&Slice) -> f64| {
        median(&mut slices.iter().map(value).collect::<Vec<_>>())
    };
    let kept = |value: fn(&Slice) -> f64| {
        median(&mut full.iter().map(|(bare, subject)| value(subject) / value(bare)).collect::<Vec<_>>())
    };
    let (full_bare, full): (Vec<Slice>, Vec<Slice>) = full.iter().copied().unzip();
    let (steady_bare, steady): (Vec<Slice>, Vec<Slice>) = steady.iter().copied().unzip();
    Ok(vec![
        ("requests per second", median_of(&full, |slice| slice.rate)),
        ("kept", kept(|slice| slice.rate)),
        ("cpu", median_of(&full, |slice| slice.cpu)),
        ("bare cpu", median_of(&full_bare, |slice| slice.cpu)),
        ("cpu to bare", kept(|slice| slice.cpu)),
        ("busy", median_of(&full, |slice| slice.cpu * slice.rate / 1e9)),
        ("full p50", median_of(&full, |slice| slice.p50)),
        ("full p99", median_of(&full, |slice| slice.p99)),
        ("p50", median_of(&steady, |slice| slice.p50)),
        ("p99", median_of(&steady, |slice| slice.p99)),
        ("p99 to bare", median_of(&steady, |slice| slice.p99) / median_of(&steady_bare, |slice| slice.p99)),
        ("memory", memory(&subject)),
        ("memory added", memory(&subject) - memory(&bare)),
    ])
}

/// The slices of each of two servers. They alternate several times a second, because other work on the host changes their speed
/// within seconds.
const SLICES: u64 = 30;

/// A server and its load.
struct Subject {
    server: Server,
    load: Load,
    sent: u64,
}

/// The figures of some requests.
#[derive(Debug, Clone, Copy)]
struct Slice {
    rate: f64,
    /// The server's CPU time per request in ns, until its spans are exported.
    cpu: f64,
    /// Microseconds.
    p50: f64,
    p99: f64,
}

impl Subject {
    fn start(case: &str, sink: &Sink, sampled: bool) -> Result<Self, String> {
        let server = Server::start(case, sink)?;
        let load = Load::connect(server.port, sampled).map_err(|error| error.to_string())?;
        let sent = load.opening();
        Ok(Self { server, load, sent })
    }

    fn slice(&mut self, requests: u64, rate: Option<u64>) -> Result<Slice, String> {
        let cpu = process::cpu_of(self.server.child.id());
        let answers = self.load.send(requests, rate).map_err(|error| error.to_string())?;
        self.server.flush()?;
        self.sent += requests;
        let cpu = process::cpu_of(self.server.child.id()) - cpu;
        Ok(Slice {
            rate: requests as f64 / answers.elapsed.as_secs_f64(),
            cpu: cpu.as_nanos() as f64 / requests as f64,
            p50: answers.quantile(0.5),
            p99: answers.quantile(0.99),
        })
    }
}

/// Alternates between the two, with `requests` of each in total.
fn slices(
    bare: &mut Subject,
    subject: &mut Subject,
    requests: u64,
    rate: Option<u64>,
) -> Result<Vec<(Slice, Slice)>, String> {
    (0..SLICES)
        .map(|turn| {
            let requests = requests / SLICES;
            // The two alternate in being first.
            if turn % 2 == 0 {
                let bare = bare.slice(requests, rate)?;
                Ok((bare, subject.slice(requests, rate)?))
            } else {
                let subject = subject.slice(requests, rate)?;
                Ok((bare.slice(requests, rate)?, subject))
            }
        })
        .collect()
}

fn tables(data: &Data) -> String {
    let mut text = String::new();
    for mode in ["sampled", "unsampled"] {
        let mut table = Table::new(&[
            &format!("server, {mode}"),
            "requests per second",
            "kept",
            "CPU per request, ns",
            "added",
            "kept by that",
            "p50 at full load, µs",
            "p99",
            "p50 at 20,000/s, µs",
            "p99",
            "to bare",
            "memory, MB",
            "added",
        ]);
        for name in CASES {
            let get = |figure| data.get(name, mode, figure);
            let cpu = get("cpu to bare") * data.get("bare", mode, "cpu");
            table.row(&[
                name.to_owned(),
                number(get("requests per second")),
                ratio(get("kept")),
                number(cpu),
                number(cpu - data.get("bare", mode, "cpu")),
                ratio(1.0 / get("cpu to bare")),
                number(get("full p50")),
                number(get("full p99")),
                number(get("p50")),
                number(get("p99")),
                ratio(get("p99 to bare")),
                format!("{:.1}", get("memory") / 1e6),
                format!("{:.1}", get("memory added") / 1e6),
            ]);
        }
        text += &format!("{}\n", table.finish(OURS));
    }
    let busy = CASES.map(|name| data.get(name, "sampled", "busy")).into_iter().fold(f64::INFINITY, f64::min);
    text + &format!(
        "The server's CPU was busy for at least {:.0} % of the time at full load.\n",
        busy * 100.0
    )
}
