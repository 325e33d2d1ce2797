//! Builds replacements for images that cannot be pulled, under the same names.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::docker::{bounded, docker, output};
use super::names::{BASE, LABEL};
use crate::peers::jaeger;
use crate::services::{kafka, program, run_command};
use crate::workspace::root;

/// The time limit for building one image. Copying Rust takes longest.
const BUILD_TIMEOUT: Duration = Duration::from_secs(900);
/// The tool that builds `debian:bookworm-slim`.
const DEBIAN: &str = "debootstrap-minbase";
/// The images that Jaeger's program is put into.
const JAEGER: &str = "jaeger";
const COLLECTOR: &str = "opentelemetry-collector-contrib";
/// The certificate authorities that this machine trusts. Builds in containers need them to reach registries through its proxy.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Returns a hash of the sources of the stand-in for `image`. If its label has another value, the stand-in is outdated.
pub(crate) fn made_from(image: &str) -> io::Result<String> {
    if image == BASE {
        return Ok(DEBIAN.to_owned());
    }
    let mut hasher = DefaultHasher::new();
    for file in sources(image)? {
        (file.file_name(), fs::read(&file)?).hash(&mut hasher);
    }
    match name_of(image) {
        "kafka" => kafka::POM.hash(&mut hasher),
        JAEGER | COLLECTOR => jaeger::MODULE.hash(&mut hasher),
        _ => {}
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Builds the stand-in for `image`.
pub(crate) fn make(image: &str) -> io::Result<()> {
    if image == BASE {
        return make_base();
    }
    let context = root().join("target/compose/stand-in");
    let _ = fs::remove_dir_all(&context);
    fs::create_dir_all(&context)?;
    for file in sources(image)? {
        copy(&[&file], &context)?;
    }
    add_programs(name_of(image), &context)?;
    let label = format!("{LABEL}={}", made_from(image)?);
    let mut build = docker(&["build", "--force-rm", "--tag", image, "--label", &label]);
    bounded(build.arg(&context), BUILD_TIMEOUT)?;
    fs::remove_dir_all(&context)
}

/// Returns the last part of an image's name, without its tag.
fn name_of(image: &str) -> &str {
    let path = image.split(':').next().unwrap_or(image);
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the files of a stand-in, sorted.
fn sources(image: &str) -> io::Result<Vec<PathBuf>> {
    let all = root().join("xtask/stand-ins");
    let name = name_of(image);
    let entries = fs::read_dir(all.join(name))
        .map_err(|error| io::Error::new(error.kind(), format!("there is no stand-in {name}: {error}")))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Copies programs from this machine into the build's folder.
fn add_programs(name: &str, context: &Path) -> io::Result<()> {
    match name {
        "kafka" => copy(&[&kafka::jars()?], &context.join("libs")),
        JAEGER | COLLECTOR => copy(&[&jaeger::program()?], context),
        "rust" => {
            let rust = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()))?;
            let [rust, sysroot] = [PathBuf::from(rust.trim()), context.join("sysroot")];
            fs::create_dir(&sysroot)?;
            copy(&[&rust.join("bin"), &rust.join("lib")], &sysroot)?;
            copy(&[Path::new(AUTHORITIES)], context)
        }
        _ => Ok(()),
    }
}

fn copy(from: &[&Path], to: &Path) -> io::Result<()> {
    run_command(Command::new("cp").arg("--recursive").args(from).arg(to))
}

/// Builds a minimal Debian with debootstrap.
fn make_base() -> io::Result<()> {
    let debootstrap = program(&["debootstrap"], "debootstrap")?;
    let folder = root().join("target/compose/debian");
    let _ = fs::remove_dir_all(&folder);
    let mut command = Command::new(debootstrap);
    bounded(command.args(["--variant=minbase", "bookworm"]).arg(&folder), BUILD_TIMEOUT)?;
    // Package lists and archives take most of the space, and the first `apt-get update` replaces them.
    for cache in ["var/lib/apt/lists", "var/cache/apt/archives"] {
        fs::remove_dir_all(folder.join(cache))?;
        fs::create_dir_all(folder.join(cache).join("partial"))?;
    }
    let mut archive =
        Command::new("tar").arg("-C").arg(&folder).args(["-c", "."]).stdout(Stdio::piped()).spawn()?;
    let label = format!("LABEL {LABEL}={DEBIAN}");
    let mut import = docker(&["import", "--change", &label, "--change", "CMD [\"bash\"]", "-", BASE]);
    if let Some(files) = archive.stdout.take() {
        import.stdin(files);
    }
    let imported = output(&mut import);
    let archived = archive.wait()?;
    imported?;
    if !archived.success() {
        return Err(io::Error::other(format!("tar ended with {archived}")));
    }
    fs::remove_dir_all(&folder)
}
