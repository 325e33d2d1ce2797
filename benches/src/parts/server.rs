//! Server: an axum service in a process of its own on CPU 0, under load from CPU 1, exporting by OTLP/HTTP.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Part;
use crate::cases::Case;
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::load::{Answers, Load};
use crate::markdown::{Table, number, ratio};
use crate::measure::MISSING;
use crate::process;
use crate::sink::Sink;

pub const PART: Part = Part {
    name: "server",
    runs: || super::every(&CASES, &["sampled", "unsampled"]),
    one,
    calls: 150_000,
    rounds: 5,
    counts_instructions: |_| false,
    instruction_calls: 0,
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
/// Requests a second where latency is measured: below what any case can serve.
const RATE: u64 = 20_000;

/// The default of the engine here; opentelemetry_sdk's, 2,048, would lose spans.
const QUEUE: usize = 65_536;

/// The service's process; it ends with this.
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

    /// Returns when the server's spans have left.
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

/// `peers serve CASE URL`: prints its port, and flushes when it is told to.
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
    let mut server = Server::start(case, &sink)?;
    let told = |error: std::io::Error| error.to_string();
    let mut load = Load::connect(server.port, sampled).map_err(told)?;

    let warming = calls / 10;
    load.send(warming, None).map_err(told)?;
    let full = quietest(&mut load, &server, &sink, calls, None).map_err(told)?;
    let steady = quietest(&mut load, &server, &sink, calls / 3, Some(RATE)).map_err(told)?;
    let (_, memory) = process::memory_of(server.child.id());

    server.flush()?;
    let sent = load.opening() + warming + full.sent + steady.sent;
    let expected = if sampled && case != "bare" { sent } else { 0 };
    if sink.count() != expected {
        return Err(format!("{MISSING}: {} came out, not {expected}", sink.count()));
    }
    Ok(vec![
        ("requests per second", calls as f64 / full.answers.elapsed.as_secs_f64()),
        ("cpu", full.cpu.as_nanos() as f64 / calls as f64),
        ("busy", full.cpu.as_secs_f64() / full.answers.elapsed.as_secs_f64()),
        ("full p50", full.answers.quantile(0.5)),
        ("full p99", full.answers.quantile(0.99)),
        ("p50", steady.answers.quantile(0.5)),
        ("p99", steady.answers.quantile(0.99)),
        ("disturbed", full.disturbed.max(steady.disturbed)),
        ("memory", memory as f64),
    ])
}

/// Some requests, and what went on meanwhile.
struct Phase {
    answers: Answers,
    /// Of the server.
    cpu: Duration,
    /// The part of a CPU's time that went to other programs than these, on the CPU where it was more.
    disturbed: f64,
    /// Requests of all attempts.
    sent: u64,
}

/// The attempt in which other programs were least in the way: the first that had less than 3 % of a CPU, of at most six.
fn quietest(
    load: &mut Load,
    server: &Server,
    sink: &Sink,
    requests: u64,
    rate: Option<u64>,
) -> std::io::Result<Phase> {
    let server_cpu = || process::cpu_of(server.child.id());
    let load_cpu = || process::cpu_of_this_process() + process::cpu_of(sink.process());
    let mut quietest: Option<Phase> = None;
    let mut sent = 0;
    for _ in 0..6 {
        let before = (server_cpu(), load_cpu(), process::busy(0), process::busy(1));
        let answers = load.send(requests, rate)?;
        let cpu = server_cpu() - before.0;
        let others = [
            (process::busy(0) - before.2).saturating_sub(cpu),
            (process::busy(1) - before.3).saturating_sub(load_cpu() - before.1),
        ];
        let disturbed = others.map(|others| others.as_secs_f64() / answers.elapsed.as_secs_f64());
        let disturbed = disturbed[0].max(disturbed[1]);
        sent += requests;
        if quietest.as_ref().is_none_or(|phase| disturbed < phase.disturbed) {
            quietest = Some(Phase { answers, cpu, disturbed, sent: 0 });
        }
        if disturbed < 0.03 {
            break;
        }
    }
    quietest.map(|phase| Phase { sent, ..phase }).ok_or_else(|| std::io::Error::other("no attempt"))
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
            "memory, MB",
            "added",
        ]);
        let bare = |figure| data.get("bare", mode, figure);
        for name in CASES {
            let get = |figure| data.get(name, mode, figure);
            table.row(&[
                name.to_owned(),
                number(get("requests per second")),
                ratio(get("requests per second") / bare("requests per second")),
                number(get("cpu")),
                number(get("cpu") - bare("cpu")),
                ratio(bare("cpu") / get("cpu")),
                number(get("full p50")),
                number(get("full p99")),
                number(get("p50")),
                number(get("p99")),
                format!("{:.1}", get("memory") / 1e6),
                format!("{:.1}", (get("memory") - bare("memory")) / 1e6),
            ]);
        }
        text += &format!("{}\n", table.finish(OURS));
    }
    let busy = CASES.map(|name| data.get(name, "sampled", "busy")).into_iter().fold(f64::INFINITY, f64::min);
    let every =
        ["sampled", "unsampled"].iter().flat_map(|mode| CASES.map(|name| data.get(name, mode, "disturbed")));
    let disturbed = every.fold(0.0, f64::max);
    text + &format!(
        "The server's CPU was busy for at least {:.0} % of the time at full load. Other programs had at most {:.0} % of a CPU (medians).\n",
        busy * 100.0,
        disturbed * 100.0,
    )
}
