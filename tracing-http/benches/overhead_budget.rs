//! A server whose handler creates a thousand spans for each request: what tracing costs from outside, what the provider says,
//! and how an enforced budget brings the cost below 5 % of the CPUs.
//!
//! `cargo xtask bench budget` runs it. The program starts itself as a server, sends requests at a fixed rate, and reads the CPU
//! time of the server from `/proc`. Without the argument `run` it does nothing.

#![allow(clippy::print_stdout)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::overhead::OverheadBudget;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::axum::ServerLayer;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Requests per second, over all connections.
const RATE: f64 = 600.0;
const CONNECTIONS: u32 = 4;
const SPANS: u32 = 1000;
const WINDOW: Duration = Duration::from_secs(5);
/// Rounds of a handler's own work: a few hundred microseconds of CPU time.
const WORK: u64 = 200_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", mode, receiver] => serve(mode, receiver),
        ["run", ..] => measure(),
        _ => {
            println!("`cargo xtask bench budget` measures the overhead budget");
            Ok(())
        }
    }
}

/// Serves until the standard input is closed. Prints the port.
fn serve(mode: &str, receiver: &str) -> Result<()> {
    let provider = match mode {
        "without" => None,
        _ => {
            let budget = OverheadBudget::default().with_latency(f64::INFINITY).enforce(mode == "enforced");
            let exporter = OtlpConfig::new().with_endpoint(receiver).build()?;
            let builder = TracerProvider::builder().with_overhead_budget(budget).with_exporter(exporter);
            Some(builder.build()?)
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let tracer = provider.as_ref().map(|provider| Arc::new(provider.tracer("shop")));
        let work = move |Path(spans): Path<u32>| {
            let tracer = tracer.clone();
            async move { handle(tracer.as_deref(), spans) }
        };
        let mut app = Router::new().route("/work/{spans}", get(work));
        if let Some(provider) = &provider {
            app = app.layer(ServerLayer::new().with_provider(provider));
            let provider = provider.clone();
            app = app.route("/overhead", get(move || async move { figures(&provider) }));
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let ended = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            served = axum::serve(listener, app) => served?,
            _ = ended => {}
        }
        Ok(())
    })
}

/// Returns the share of the CPUs, the window in seconds, and the report.
fn figures(provider: &TracerProvider) -> String {
    let overhead = provider.overhead();
    format!("{}\n{}\n{overhead}", overhead.cpu_share(), overhead.window.as_secs_f64())
}

/// The handler: the same work with and without spans.
fn handle(tracer: Option<&Tracer>, spans: u32) -> String {
    let mut sum: u64 = 0;
    if let Some(tracer) = tracer {
        for number in 0..spans {
            let span = tracer.span("reserve stock").start_with(|span| {
                span.set("shop.sku", "A-7")
                    .set("shop.quantity", i64::from(number))
                    .set("shop.store", "north");
            });
            sum = sum.wrapping_add(std::hint::black_box(u64::from(number)));
            span.end();
        }
    }
    for number in 0..WORK {
        sum = std::hint::black_box(sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7) ^ number);
    }
    format!("{sum}")
}

/// A running server.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(mode: &str, receiver: &str) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", mode, receiver])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { port: line.trim().parse()?, child })
    }

    /// Returns the CPU time in seconds, user and system.
    fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, after_name) = stat.rsplit_once(')').ok_or("not a stat file")?;
        let mut fields = after_name.split_ascii_whitespace().skip(11);
        let mut ticks = || -> Result<f64> { Ok(fields.next().ok_or("cut off")?.parse()?) };
        Ok((ticks()? + ticks()?) / 100.0)
    }

    /// Sends requests at the fixed rate for some time. Returns CPU seconds for each request, and requests.
    fn load(&self, spans: u32, time: Duration) -> Result<(f64, u32)> {
        let before = self.cpu()?;
        let port = self.port;
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|_| std::thread::spawn(move || send(port, spans, time).map_err(|error| error.to_string())))
            .collect();
        let mut sent = 0;
        for connection in connections {
            sent += connection.join().map_err(|_| "a connection panicked")??;
        }
        Ok(((self.cpu()? - before) / f64::from(sent), sent))
    }

    /// Returns the share of the CPUs that the provider reports, and its report.
    fn overhead(&self) -> Result<(f64, String)> {
        let text = Connection::open(self.port)?.get("/overhead")?;
        let mut lines = text.splitn(3, '\n');
        let share = lines.next().ok_or("no share")?.parse()?;
        Ok((share, lines.nth(1).unwrap_or_default().to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends requests on one connection. Returns their number.
fn send(port: u16, spans: u32, time: Duration) -> Result<u32> {
    let begun = Instant::now();
    let mut connection = Connection::open(port)?;
    let mut sent = 0;
    while begun.elapsed() < time {
        connection.get(&format!("/work/{spans}"))?;
        sent += 1;
        let due = begun + Duration::from_secs_f64(f64::from(sent * CONNECTIONS) / RATE);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(sent)
}

/// A connection for requests one after the other.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn get(&mut self, path: &str) -> Result<String> {
        self.0.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n").as_bytes())?;
        let length = read_head(&mut self.0)?.ok_or("the connection was closed")?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(String::from_utf8(body)?)
    }
}

/// Reads the head of a message, and returns the length of the body. `None` at the end of the connection.
fn read_head(stream: &mut impl BufRead) -> io::Result<Option<usize>> {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            return Ok(Some(length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
}

/// Accepts everything that is posted. Returns the URL.
fn receive() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    Ok(url)
}

fn answer(stream: TcpStream) -> io::Result<()> {
    static RECEIVED: AtomicU64 = AtomicU64::new(0);
    let mut stream = BufReader::new(stream);
    while let Some(length) = read_head(&mut stream)? {
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        RECEIVED.fetch_add(length as u64, Ordering::Relaxed);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(head.as_bytes())?;
    }
    Ok(())
}

fn measure() -> Result<()> {
    let cpus = std::thread::available_parallelism()?.get();
    let receiver = receive()?;
    println!("{RATE} requests per second with {SPANS} spans each, {cpus} CPUs; the budget is 5 % of them\n");
    println!(
        "| | CPU per request, ms | overhead from outside, % of the CPUs | `provider.overhead()`, % | steps |"
    );
    println!("|---|---|---|---|---|");
    let without = Server::start("without", &receiver)?;
    without.load(SPANS, WINDOW)?;
    let (bare, _) = without.load(SPANS, WINDOW * 3)?;
    drop(without);
    println!("| without tracing | {:.3} | | | |", bare * 1e3);

    let share = |cpu: f64, requests: u32, time: Duration| {
        (cpu - bare) * f64::from(requests) / time.as_secs_f64() / cpus as f64 * 100.0
    };
    let row = |name: &str, server: &Server, spans: u32, time: Duration| -> Result<()> {
        let begun = Instant::now();
        let (cpu, requests) = server.load(spans, time)?;
        let outside = share(cpu, requests, begun.elapsed());
        let (reported, report) = server.overhead()?;
        let steps = report.lines().find_map(|line| line.trim().strip_prefix("steps")).unwrap_or("").trim();
        println!("| {name} | {:.3} | {outside:.2} | {:.2} | {steps} |", cpu * 1e3, reported * 100.0);
        Ok(())
    };
    let reported = Server::start("reported", &receiver)?;
    reported.load(SPANS, WINDOW)?;
    row("with tracing, not enforced", &reported, SPANS, WINDOW * 2)?;
    println!("\n{}\n", reported.overhead()?.1);
    drop(reported);

    let enforced = Server::start("enforced", &receiver)?;
    for window in 1..=8 {
        row(&format!("enforced, up to {} s", window * 5), &enforced, SPANS, WINDOW)?;
    }
    row("enforced, held", &enforced, SPANS, WINDOW * 2)?;
    println!("\n{}\n", enforced.overhead()?.1);
    for window in 1..=14 {
        row(&format!("then one span per request, up to {} s", window * 10), &enforced, 1, WINDOW * 2)?;
    }
    Ok(())
}
