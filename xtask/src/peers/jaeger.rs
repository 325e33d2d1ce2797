//! Jaeger, built from the Go module proxy, where version 2.13.0 is called 1.76.0. With a configuration file its program is an OpenTelemetry Collector, too.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::go::{self, build, empty_module, go};
use crate::services::{cache_folder, cached, run_command};

pub(super) const TITLE: &str = "Jaeger 2.13.0";
pub(super) const FOLDER: &str = "jaeger-1.76.0";
/// The program with its version, from which follow the versions of everything it is built from.
pub(crate) const MODULE: &str = "github.com/jaegertracing/jaeger/cmd/jaeger@v1.76.0";

/// Returns why the program can neither be found in the cache nor be built here.
pub(crate) fn unavailable() -> Option<String> {
    let is_built = cache_folder().is_ok_and(|cache| cache.join(FOLDER).is_dir());
    if is_built { None } else { go::unavailable() }
}

/// Returns the path of the program, which is built once.
pub(crate) fn program() -> io::Result<PathBuf> {
    let folder = cached(&cache_folder()?.join(FOLDER), |folder| {
        println!("building {TITLE}, once: about ten minutes of processor time ...");
        let module = folder.join("module");
        empty_module(&module)?;
        run_command(&mut go(&module, &["get", "-tool", MODULE])?)?;
        build(&module, MODULE.split('@').next().unwrap_or(MODULE), &folder.join("jaeger"))?;
        fs::remove_dir_all(module)
    })?;
    Ok(folder.join("jaeger"))
}
