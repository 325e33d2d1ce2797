//! More spans than memory holds: the program reads them from a pipe, under a limit on its address space.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use trace_lens::analysis::Summary;

use super::generate::{Ledger, generate};
use super::verdict;

/// The limit on the address space of the program in bytes, which the system enforces.
const ADDRESS_SPACE: u64 = 2_000_000_000;
/// What the program is told to use.
const MEMORY: &str = "1GB";

/// Compares the answers about `spans` generated spans with the ledger of the generator.
pub(crate) fn run(spans: u64) -> bool {
    let folder = std::env::var_os("TRACE_LENS_SPILL").map_or_else(std::env::temp_dir, Into::into);
    let out = tempfile::tempdir().unwrap();
    let partial = out.path().join("partial.json");
    let start = Instant::now();
    let mut child = start_program(&folder, &partial);
    let mut stdin = child.stdin.take().unwrap();
    let peak = watch(child.id());
    let mut bytes = Counted { out: &mut stdin, bytes: 0 };
    let ledger = generate(spans, &mut bytes);
    let size = bytes.bytes;
    drop(stdin);
    println!(
        "{spans} spans, {} traces, {:.0} bytes a span: generated and read in {:.0} s",
        ledger.traces,
        size as f64 / spans as f64,
        start.elapsed().as_secs_f64(),
    );
    let status = child.wait().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let (resident, space) = peak.join().unwrap();
    println!("the program ended with {status} after {seconds:.0} s, under a limit of {ADDRESS_SPACE} bytes");
    println!("its peak: {:.0} MB resident, {:.0} MB of address space", resident / 1e6, space / 1e6);
    if !status.success() {
        return false;
    }
    let found = answers(&partial);
    println!("answers equal the ledger: {} ({found:?})", verdict(found == ledger));
    found == ledger
}

fn start_program(folder: &Path, partial: &Path) -> Child {
    Command::new("prlimit")
        .arg(format!("--as={ADDRESS_SPACE}"))
        .args([env!("CARGO_BIN_EXE_trace-lens"), "partial", "-", "--memory", MEMORY, "--spill-folder"])
        .arg(folder)
        .arg("--output")
        .arg(partial)
        .stdin(Stdio::piped())
        .spawn()
        .expect("prlimit of util-linux is needed to limit the memory")
}

/// Follows the peak of resident memory and of address space until the process ends.
fn watch(process: u32) -> thread::JoinHandle<(f64, f64)> {
    thread::spawn(move || {
        let (mut resident, mut space) = (0.0, 0.0);
        loop {
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let field = |name: &str| {
                let line = status.lines().find_map(|it| it.strip_prefix(name))?;
                line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|it| it * 1024.0)
            };
            let Some(peak) = field("VmHWM:") else { return (resident, space) };
            resident = f64::max(resident, peak);
            space = f64::max(space, field("VmPeak:").unwrap_or(0.0));
            thread::sleep(Duration::from_millis(200));
        }
    })
}

fn answers(partial: &Path) -> Ledger {
    let text = fs::read(partial).unwrap();
    let mut partial: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let summary: Summary = serde_json::from_value(partial["summary"].take()).unwrap();
    Ledger {
        spans: summary.quality.spans,
        traces: summary.path.traces,
        failed: summary.errors.failed,
        path: summary.path.total,
        calls: super::calls(&summary.map.with_messages()),
        slow: super::slow(&summary.latency),
    }
}

/// Counts what is written.
struct Counted<'w, W> {
    out: &'w mut W,
    bytes: u64,
}

impl<W: std::io::Write> std::io::Write for Counted<'_, W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
