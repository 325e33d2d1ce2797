//! `cargo xtask soak`: the shop under load and random faults.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers;
use crate::services::Services;
use crate::step::report_not_run;
use crate::undo::{Undo, undo_on_signals};
use crate::workspace::{cargo, root};

const USAGE: &str =
    "usage: cargo xtask soak [MINUTES] [--seed N] [--control MINUTES] [--servers] [--only-built] [--keep]
       cargo xtask soak outage [SECONDS]";
/// The servers of the shop, the variable in which tests find each, and the one that the shop reads.
const SERVERS: [(&str, &str, &str); 4] = [
    ("postgres", "TEST_POSTGRES_URL", "DATABASE_URL"),
    ("redis", "TEST_REDIS_URL", "REDIS_URL"),
    ("rabbitmq", "AMQP_URL", "AMQP_URL"),
    ("kafka", "KAFKA_BROKERS", "KAFKA_BROKERS"),
];

const PROGRAMS: [&str; 2] = ["soak", "soak-ledger"];

#[derive(Debug, Clone, PartialEq)]
struct Options {
    minutes: f64,
    control: Option<f64>,
    seed: Option<u64>,
    servers: bool,
    only_built: bool,
    keep: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options =
            Self { minutes: 10.0, control: None, seed: None, servers: false, only_built: false, keep: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--seed" => options.seed = Some(arguments.next()?.parse().ok()?),
                "--control" => options.control = Some(minutes(arguments.next()?)?),
                "--servers" => options.servers = true,
                "--only-built" => options.only_built = true,
                "--keep" => options.keep = true,
                number => options.minutes = minutes(number)?,
            }
        }
        Some(options)
    }

    fn control(&self) -> f64 {
        self.control.unwrap_or(self.minutes / 4.0)
    }
}

fn minutes(text: &str) -> Option<f64> {
    text.parse().ok().filter(|minutes| (0.0..=100_000.0).contains(minutes))
}

pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    if let Some((first, rest)) = arguments.split_first()
        && first == "outage"
    {
        return outage(rest);
    }
    let options = Options::parse(arguments).ok_or_else(|| io::Error::other(USAGE))?;
    let collector = match peers::collector(options.only_built)? {
        Ok(collector) => collector,
        Err(reason) => {
            println!("soak: NOT RUN: {reason}");
            report_not_run("soak", &reason);
            return Ok(true);
        }
    };
    undo_on_signals()?;
    if !cargo(&["build", "--package", "soak"]).status()?.success() {
        return Ok(false);
    }
    let folder = run_folder()?;
    let mut command = Command::new(copied(&folder)?);
    command.arg("run").arg("--collector").arg(collector).arg("--folder").arg(&folder);
    command.args(["--seconds", &seconds(options.minutes), "--control", &seconds(options.control())]);
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    let servers = match options.servers {
        true => Some(Services::start(&SERVERS.map(|(name, ..)| name.to_owned()))?),
        false => None,
    };
    if let Some(servers) = &servers {
        tell(servers, &mut command)?;
    }
    let passed = run_to_end(command)?;
    if passed && !options.keep {
        fs::remove_dir_all(folder)?;
    }
    Ok(passed)
}

/// `cargo xtask soak outage [SECONDS]`: the receiver is down while 10,000 spans per second come.
fn outage(arguments: &[String]) -> io::Result<bool> {
    let seconds = match arguments {
        [] => 600,
        [seconds] => seconds.parse::<u32>().map_err(|_| io::Error::other(USAGE))?,
        _ => return Err(io::Error::other(USAGE)),
    };
    undo_on_signals()?;
    if !cargo(&["build", "--package", "soak"]).status()?.success() {
        return Ok(false);
    }
    let folder = run_folder()?;
    let mut command = Command::new(copied(&folder)?);
    command.args(["outage", &seconds.to_string(), "10000"]).arg(folder.join("data"));
    let passed = run_to_end(command)?;
    fs::remove_dir_all(folder)?;
    Ok(passed)
}

/// Creates a folder for one run.
fn run_folder() -> io::Result<PathBuf> {
    let folder = root().join(format!("target/soak/{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Passes on where the servers are, and how faults can reach them.
fn tell(servers: &Services, command: &mut Command) -> io::Result<()> {
    for (_, variable, of_shop) in SERVERS {
        command.envs(servers.url(variable).map(|url| (of_shop, url)));
    }
    for (name, group_file) in servers.keep_running()? {
        command.arg("--server").arg(format!("{name}={}", group_file.display()));
    }
    Ok(())
}

/// Runs `command`. It and the processes that it has started end with this program.
fn run_to_end(mut command: Command) -> io::Result<bool> {
    let mut child = command.process_group(0).spawn()?;
    let group = format!("-{}", child.id());
    let end = Undo::new(move || {
        // There is no such group if all of them have ended.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).output();
    });
    let status = child.wait();
    drop(end);
    Ok(status?.success())
}

/// Copies the programs that cargo has built, because a run starts them again and again, and must not meet those of a later build.
/// Returns the path of the first.
fn copied(folder: &Path) -> io::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    for program in PROGRAMS {
        fs::copy(target.join("debug").join(program), folder.join(program))?;
    }
    Ok(folder.join(PROGRAMS[0]))
}

fn seconds(minutes: f64) -> String {
    format!("{:.0}", minutes * 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_run_takes_ten_minutes_by_default_and_its_control_a_quarter() {
        let options = parse("").unwrap();
        assert_eq!((options.minutes, options.control()), (10.0, 2.5));
        let options = parse("60 --seed 7 --control 5 --servers").unwrap();
        assert_eq!((options.minutes, options.control(), options.seed), (60.0, 5.0, Some(7)));
        assert!(options.servers && !options.only_built);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--sed 7", "--seed", "--seed x", "ten", "-1", "--control"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
