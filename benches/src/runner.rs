//! Runs a part: one process per case and mode in random order, and callgrind where it is installed.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::data::Data;
use crate::measure::MISSING;
use crate::parts::{Part, Run};

/// A run takes a few seconds. One that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(120);

pub fn run(part: &Part, quick: bool) -> Result<Data, String> {
    let mut data = Data::default();
    data.circumstances.insert("measured".into(), date());
    data.circumstances.insert("load average at the start".into(), load());
    let (rounds, calls) = if quick { (1, part.calls / 10) } else { (part.rounds, part.calls) };
    let runs = (part.runs)();
    let mut repeated = 0;
    for round in 0..rounds {
        let mut order = runs.clone();
        shuffle(&mut order, round as u64);
        for (index, run) in order.iter().enumerate() {
            eprint!(
                "\r\x1b[K{}, round {} of {rounds}, {} of {}: {}, {}",
                part.name,
                round + 1,
                index + 1,
                order.len(),
                run.case,
                run.mode
            );
            let text = complete(part, run, calls, &mut repeated)?;
            for (figure, value) in text.lines().filter_map(|line| line.split_once('\t')) {
                let value = value.parse().map_err(|_| format!("{}: {value:?} is no figure", run.case))?;
                data.add(run.case, &run.mode, figure, value);
            }
        }
    }
    data.circumstances.insert("load average at the end".into(), load());
    data.circumstances.insert("runs repeated because spans were missing".into(), repeated.to_string());
    let counted: Vec<&Run> = runs.iter().filter(|run| (part.counts_instructions)(&run.mode)).collect();
    if counted.is_empty() || Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!();
        return Ok(data);
    }
    for run in counted {
        eprint!("\r\x1b[K{}, instructions: {}, {}", part.name, run.case, run.mode);
        let counted = match part.all_threads {
            Some(_) => of_all_threads(part, run)?,
            None => instructions(part, run)? as f64 / part.instruction_calls as f64,
        };
        data.add(run.case, &run.mode, "instructions", counted);
    }
    eprintln!();
    Ok(data)
}

/// Repeats a run with missing spans: some peers lose spans when their threads get no CPU time.
fn complete(part: &Part, run: &Run, calls: u64, repeated: &mut u32) -> Result<String, String> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match output(Command::new(program()?).args(arguments(part, run, calls))) {
            Ok(text) => return Ok(text),
            Err(error) if attempts < 5 && error.contains(MISSING) => *repeated += 1,
            Err(error) => return Err(format!("{} {:?} {:?}: {error}", part.name, run.case, run.mode)),
        }
    }
}

fn program() -> Result<std::path::PathBuf, String> {
    std::env::current_exe().map_err(|error| error.to_string())
}

fn arguments(part: &Part, run: &Run, calls: u64) -> [String; 5] {
    ["one".into(), part.name.into(), run.case.into(), run.mode.clone(), calls.to_string()]
}

/// Counts the instructions of the measured calls on their thread, without start-up and warm-up.
fn instructions(part: &Part, run: &Run) -> Result<u64, String> {
    let switches = ["--collect-atstart=no", "--toggle-collect=*repeat_measured*"];
    callgrind(run, &switches, &arguments(part, run, part.instruction_calls))
}

/// Counts the instructions of a call on all threads: what a process with more calls executes in addition.
fn of_all_threads(part: &Part, run: &Run) -> Result<f64, String> {
    let (few, many) = (part.instruction_calls / 4, part.instruction_calls);
    let count = |calls: u64| {
        let [_, part, case, mode, calls] = arguments(part, run, calls);
        callgrind(run, &["--zero-before=*repeat_counted*"], &["count".into(), part, case, mode, calls])
    };
    Ok((count(many)? as f64 - count(few)? as f64) / (many - few) as f64)
}

fn callgrind(run: &Run, switches: &[&str], arguments: &[String]) -> Result<u64, String> {
    let file = std::env::temp_dir().join(format!("peers-{}.callgrind", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .args(switches)
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program()?)
        .args(arguments);
    let outcome = output(&mut command).map_err(|error| format!("{:?} in valgrind: {error}", run.case));
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(&file);
    outcome?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|total| total.trim().parse().ok()).unwrap_or(0);
    if total == 0 { Err(format!("callgrind counted nothing for {:?}", run.case)) } else { Ok(total) }
}

/// Returns the output of the command, which must end within a deadline.
fn output(command: &mut Command) -> Result<String, String> {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if start.elapsed() > DEADLINE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("not done within {DEADLINE:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // The output fits into a pipe, so the process did not wait for a reader.
    let (mut text, mut errors) = (String::new(), String::new());
    child.stdout.take().map(|mut out| out.read_to_string(&mut text));
    child.stderr.take().map(|mut out| out.read_to_string(&mut errors));
    if status.success() { Ok(text) } else { Err(errors) }
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn date() -> String {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output();
    date.map_or_else(
        |_| "at an unknown time".into(),
        |date| String::from_utf8_lossy(&date.stdout).trim().to_owned(),
    )
}

/// Shuffles with a small generator: the order must differ, not be unpredictable.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for index in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(index, (state >> 33) as usize % (index + 1));
    }
}
