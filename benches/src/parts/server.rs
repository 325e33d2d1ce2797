//! Server: an axum service in a process of its own on CPU 0, under load from CPU 1, exporting by OTLP/HTTP.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Part;
use crate::cases::Case;
use crate::data::{Data, Figures};
use crate::exporters::Out;
use crate::load::Load;
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
    let cpu_before = process::cpu_of(server.child.id());
    let full = load.send(calls, None).map_err(told)?;
    let cpu = process::cpu_of(server.child.id()) - cpu_before;
    let steady = load.send(calls / 3, Some(RATE)).map_err(told)?;
    let (_, memory) = process::memory_of(server.child.id());

    server.flush()?;
    let sent = load.opening() + warming + calls + calls / 3;
    let expected = if sampled && case != "bare" { sent } else { 0 };
    if sink.count() != expected {
        return Err(format!("{MISSING}: {} came out, not {expected}", sink.count()));
    }
    Ok(vec![
        ("requests per second", calls as f64 / full.elapsed.as_secs_f64()),
        ("cpu", cpu.as_nanos() as f64 / calls as f64),
        ("busy", cpu.as_secs_f64() / full.elapsed.as_secs_f64()),
        ("full p50", full.quantile(0.5)),
        ("full p99", full.quantile(0.99)),
        ("p50", steady.quantile(0.5)),
        ("p99", steady.quantile(0.99)),
        ("memory", memory as f64),
    ])
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
    text + &format!(
        "The server's CPU was busy for at least {:.0} % of the time at full load.\n",
        busy * 100.0
    )
}
