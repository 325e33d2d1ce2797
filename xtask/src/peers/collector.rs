//! The OpenTelemetry Collector, assembled by its own builder from the Go module proxy.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::go::{build, empty_module, go};
use crate::services::{cache_folder, cached, run_command};

pub(super) const TITLE: &str = "OpenTelemetry Collector 0.161.0";
pub(super) const VERSION: &str = "0.161.0";
/// The directory in the cache. The number at the end is increased when the list of components changes.
pub(super) const FOLDER: &str = "otelcol-0.161.0-1";
const BUILDER: &str = "go.opentelemetry.io/collector/cmd/builder@v0.161.0";
/// The components, with their versions.
const COMPONENTS: &str = include_str!("collector.yaml");

/// The Collector's own module, which the generated sources use in addition to the components.
const FRAMEWORK: &str = "\
    go.opentelemetry.io/collector/component v1.67.0
    go.opentelemetry.io/collector/confmap v1.67.0
    go.opentelemetry.io/collector/connector v0.161.0
    go.opentelemetry.io/collector/exporter v1.67.0
    go.opentelemetry.io/collector/extension v1.67.0
    go.opentelemetry.io/collector/otelcol v0.161.0
    go.opentelemetry.io/collector/processor v1.67.0
    go.opentelemetry.io/collector/receiver v1.67.0
    go.opentelemetry.io/collector/service v0.161.0";

/// Returns the path of the program, which is built once.
pub(super) fn program() -> io::Result<PathBuf> {
    let folder = cached(&cache_folder()?.join(FOLDER), |folder| {
        println!("building the {TITLE}, once: some minutes of processor time ...");
        let module = folder.join("module");
        empty_module(&module)?;
        run_command(&mut go(&module, &["get", "-tool", BUILDER])?)?;
        let builder = module.join("builder");
        build(&module, BUILDER.split('@').next().unwrap_or(BUILDER), &builder)?;
        fs::write(module.join("collector.yaml"), COMPONENTS)?;
        // The builder only generates the sources. Its own download of modules also needs the dependencies of their tests.
        let generate = ["--config", "collector.yaml", "--skip-get-modules", "--skip-compilation"];
        run_command(Command::new(builder).args(generate).current_dir(&module))?;
        fs::write(module.join("built/go.mod"), go_mod())?;
        build(&module.join("built"), ".", &folder.join("otelcol"))?;
        fs::remove_dir_all(module)
    })?;
    Ok(folder.join("otelcol"))
}

/// The module of the sources that the builder writes.
fn go_mod() -> String {
    let components = COMPONENTS.lines().filter_map(|line| line.trim().strip_prefix("- gomod: "));
    let components: Vec<&str> = components.collect();
    format!("module otelcol\n\nrequire (\n{FRAMEWORK}\n{}\n)\n", components.join("\n"))
}
