//! Go, which builds Jaeger, the Collector and the peers in Go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::services::{Program, run_command};

/// Debian's own Go is too old, so it is not installed.
const GO: Program = Program { names: &["go"], package: "golang-go" };
/// The oldest Go that builds all of them, as major and minor version. From 1.21 on, Go fetches a newer one of itself by default.
const NEEDED: (u32, u32) = (1, 26);

/// Returns why Go cannot be used here, or `None` if it can.
pub(super) fn unavailable() -> Option<String> {
    let Some(go) = find() else {
        return Some(format!("Go {}.{} or newer is missing; see https://go.dev/dl", NEEDED.0, NEEDED.1));
    };
    let output = Command::new(go).arg("version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match version(&said) {
        Some(found) if found >= NEEDED => None,
        _ => Some(format!(
            "Go {}.{} or newer is needed, and this is {}; see https://go.dev/dl",
            NEEDED.0,
            NEEDED.1,
            said.trim_end()
        )),
    }
}

/// Go's own installer puts it into a folder that may not be in the path.
fn find() -> Option<PathBuf> {
    let usual = Path::new("/usr/local/go/bin/go");
    GO.find().or_else(|| usual.is_file().then(|| usual.to_owned()))
}

/// Reads the output of `go version`: `go version go1.26.8 linux/amd64`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split(' ').nth(2)?.strip_prefix("go")?.split('.');
    let minor = |text: &str| text.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok();
    Some((numbers.next()?.parse().ok()?, minor(numbers.next()?)?))
}

/// Returns a command of Go in `folder`. It adds to `go.mod` what the build needs.
pub(super) fn go(folder: &Path, arguments: &[&str]) -> io::Result<Command> {
    if let Some(reason) = unavailable() {
        return Err(io::Error::other(reason));
    }
    let mut command = Command::new(find().unwrap_or_else(|| "go".into()));
    command.args(arguments).current_dir(folder);
    command.env("GOFLAGS", "-mod=mod -buildvcs=false").env("GOWORK", "off").env("CGO_ENABLED", "0");
    Ok(command)
}

/// Builds `package` of the module in `folder` as `program`.
pub(super) fn build(folder: &Path, package: &str, program: &Path) -> io::Result<()> {
    // Two at a time: each compiler needs up to a gigabyte.
    let options = ["build", "-p", "2", "-trimpath", "-ldflags=-s -w", "-o"];
    run_command(go(folder, &options)?.arg(program).arg(package))
}

/// Creates the folder of a module that only fetches programs.
pub(super) fn empty_module(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    run_command(&mut go(folder, &["mod", "init", "tracing-suite/peers"])?)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read() {
        for (said, expected) in [
            ("go version go1.26.8 linux/amd64\n", Some((1, 26))),
            ("go version go1.27rc1 linux/arm64", Some((1, 27))),
            ("go version devel", None),
            ("", None),
        ] {
            assert_eq!(version(said), expected, "{said}");
        }
    }
}
