//! `cargo xtask fuzz`: runs the fuzz targets, each for a bounded time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::workspace::{has_subcommand, root};

const USAGE: &str = "usage: cargo xtask fuzz [SECONDS] [--only TEXT] [--jobs NUMBER]";
/// How long each target runs unless the command line says otherwise, in seconds.
const SECONDS: u64 = 60;
/// The most memory that a target may use, in MiB.
const MEMORY: u32 = 2048;

/// The options on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u64,
    /// Only targets whose name contains this.
    only: String,
    /// How many targets run at the same time.
    jobs: usize,
}

/// A fuzz target.
#[derive(Debug, Clone)]
struct Target {
    /// The package of fuzz targets that it belongs to.
    folder: PathBuf,
    name: String,
}

/// A target and how it ended.
struct Run {
    target: String,
    executions: Option<u64>,
    passed: bool,
}

/// Builds and runs every target, and prints a table. Returns whether all of them have found nothing.
pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    let options = Options::parse(arguments).ok_or_else(|| io::Error::other(USAGE))?;
    if !has_subcommand("fuzz") {
        return Err(io::Error::other(
            "cargo-fuzz is not installed; install it with `cargo install cargo-fuzz`",
        ));
    }
    let mut targets = Vec::new();
    for folder in folders()? {
        let in_folder = self::targets(&folder)?;
        let chosen: Vec<_> =
            in_folder.into_iter().filter(|target| target.label().contains(&options.only)).collect();
        if !chosen.is_empty() && !cargo_fuzz(&folder, "build", &[]).status()?.success() {
            return Ok(false);
        }
        targets.extend(chosen);
    }
    if targets.is_empty() {
        return Err(io::Error::other(format!("no target's name contains {:?}", options.only)));
    }
    let mut runs = Vec::new();
    for some in targets.chunks(options.jobs) {
        let run = |target: &Target| {
            let (target, seconds) = (target.clone(), options.seconds);
            std::thread::spawn(move || fuzz(&target, seconds))
        };
        let running: Vec<_> = some.iter().map(run).collect();
        for thread in running {
            let run = thread.join().map_err(|_| io::Error::other("a thread panicked"))??;
            println!("{}", run.line());
            runs.push(run);
        }
    }
    let failed = runs.iter().filter(|run| !run.passed).count();
    println!("{} of {} targets found something", failed, runs.len());
    Ok(failed == 0)
}

impl Options {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self { seconds: SECONDS, only: String::new(), jobs: 1 };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => options.only = arguments.next()?.clone(),
                "--jobs" => options.jobs = arguments.next()?.parse().ok().filter(|jobs| *jobs > 0)?,
                seconds => options.seconds = seconds.parse().ok().filter(|seconds| *seconds > 0)?,
            }
        }
        Some(options)
    }
}

impl Target {
    /// Returns the name, after that of the crate if the targets belong to one.
    fn label(&self) -> String {
        let krate = self.folder.parent().filter(|krate| *krate != root()).and_then(Path::file_name);
        match krate {
            Some(krate) => format!("{}/{}", krate.to_string_lossy(), self.name),
            None => self.name.clone(),
        }
    }
}

impl Run {
    fn line(&self) -> String {
        let executions = self.executions.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let outcome =
            if self.passed { "nothing found" } else { "FOUND SOMETHING, see artifacts in its fuzz folder" };
        format!("{:<26} {executions:>12} executions  {outcome}", self.target)
    }
}

/// Returns a command of cargo-fuzz. The code under test has no unsafe code besides that of `tracing-kafka`, so no sanitizer is
/// used, which doubles the number of executions. Without one, the flags that remain are stable except for one that older
/// versions pass.
fn cargo_fuzz(folder: &Path, command: &str, rest: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.args(["fuzz", command, "--fuzz-dir"]).arg(folder).args(["--sanitizer", "none"]).args(rest);
    cargo.current_dir(root()).env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
    cargo
}

/// Returns the packages of fuzz targets: the one of the workspace, and those of single crates.
fn folders() -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![root().join("fuzz")];
    for entry in fs::read_dir(root())? {
        folders.push(entry?.path().join("fuzz"));
    }
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.sort();
    Ok(folders)
}

/// Returns the targets of a package.
fn targets(folder: &Path) -> io::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets"))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        targets.extend(name.map(|name| Target { folder: folder.to_owned(), name }));
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

/// Runs a target. New inputs are kept in a folder that is not committed, so that the next run continues from them.
fn fuzz(target: &Target, seconds: u64) -> io::Result<Run> {
    let Target { folder, name } = target;
    let kept = folder.join("target/corpus").join(name);
    fs::create_dir_all(&kept)?;
    let committed = folder.join("corpus").join(name);
    let (time, memory) = (format!("-max_total_time={seconds}"), format!("-rss_limit_mb={MEMORY}"));
    let mut command = cargo_fuzz(folder, "run", &[name.as_str()]);
    command.arg(&kept);
    if committed.is_dir() {
        command.arg(&committed);
    }
    command.args(["--", &time, &memory, "-timeout=20", "-print_final_stats=1", "-close_fd_mask=1"]);
    let began = Instant::now();
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success();
    if !passed {
        let last: Vec<_> = text.lines().rev().take(60).collect();
        eprintln!("{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
        eprintln!("{} ended after {} s", target.label(), began.elapsed().as_secs());
    }
    Ok(Run { executions: executions(&text), target: target.label(), passed })
}

/// Returns the number of executions that libFuzzer prints at the end.
fn executions(output: &str) -> Option<u64> {
    let line = output.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<Options> {
        Options::parse(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options() {
        let options = |seconds, only: &str, jobs| Some(Options { seconds, only: only.to_owned(), jobs });
        assert_eq!(parse(&[]), options(SECONDS, "", 1));
        assert_eq!(parse(&["600", "--jobs", "2"]), options(600, "", 2));
        assert_eq!(parse(&["--only", "sql"]), options(SECONDS, "sql", 1));
        for wrong in [&["0"][..], &["--only"], &["--jobs", "0"], &["long"]] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_number_of_executions() {
        let output = "Done\nstat::number_of_executed_units: 4711\nstat::average_exec_per_sec: 1\n";
        assert_eq!(executions(output), Some(4711));
        assert_eq!(executions("panicked"), None);
    }

    /// cargo-fuzz runs what the manifest lists, so a target without an entry would never run.
    #[test]
    fn the_manifest_lists_every_target() {
        let mut count = 0;
        for folder in folders().expect("the packages can be listed") {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest can be read");
            for target in targets(&folder).expect("the targets can be listed") {
                let path = format!("path = \"fuzz_targets/{}.rs\"", target.name);
                assert!(manifest.contains(&path), "{}", target.label());
                count += 1;
            }
        }
        assert!(count >= 20, "{count}");
    }
}
