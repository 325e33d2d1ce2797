//! A running OpenTelemetry Collector, which writes its spans to a file of OTLP JSON lines.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tracing_core_lite::exporters::otlp::Protocol;
use tracing_core_lite::exporters::otlp_json::read;
use tracing_core_lite::span::data::ResourceSpans;

use crate::program::{Program, free_port, path_from};

/// The spans that a Collector has written, by request.
pub type Received = Vec<ResourceSpans>;

/// A Collector, which can be stopped and started again on the same ports.
#[derive(Debug)]
pub struct Collector {
    program: Option<Program>,
    http: u16,
    grpc: u16,
    folder: TempDir,
}

impl Collector {
    /// Starts the program that `TEST_COLLECTOR` names with `configuration`, in which `{http}`, `{grpc}` and `{file}` stand for the
    /// ports of the receiver and for the file that [`received`](Self::received) reads.
    #[must_use]
    pub fn start(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be created");
        let [http, grpc] = [(); 2].map(|()| free_port());
        let mut collector = Self { program: None, http, grpc, folder };
        collector.configure(configuration);
        collector.start_again();
        collector
    }

    /// Replaces the configuration, which is read at the next start.
    pub fn configure(&self, configuration: &str) {
        let file = self.folder.path().join("spans.jsonl");
        let text = configuration
            .replace("{http}", &self.http.to_string())
            .replace("{grpc}", &self.grpc.to_string())
            .replace("{file}", &file.display().to_string());
        std::fs::write(self.folder.path().join("config.yaml"), text).expect("the folder is writable");
    }

    /// Starts the program again after [`stop`](Self::stop).
    pub fn start_again(&mut self) {
        let mut command = Command::new(path_from("TEST_COLLECTOR"));
        command.arg("--config").arg(self.folder.path().join("config.yaml"));
        let ports = [self.http, self.grpc];
        self.program = Some(Program::start(command, &self.folder.path().join("log"), &ports));
    }

    /// Stops the program, which first finishes the accepted requests.
    pub fn stop(&mut self) {
        if let Some(program) = self.program.take() {
            program.stop();
        }
    }

    /// Checks a configuration file with the Collector's own `validate`.
    #[must_use]
    pub fn validate(file: &Path) -> Output {
        let mut command = Command::new(path_from("TEST_COLLECTOR"));
        command.arg("validate").arg("--config").arg(file).output().expect("the Collector can be run")
    }

    /// Returns the base URL of its receiver for `protocol`.
    #[must_use]
    pub fn endpoint(&self, protocol: Protocol) -> String {
        let port = if protocol == Protocol::Grpc { self.grpc } else { self.http };
        format!("http://127.0.0.1:{port}")
    }

    /// Returns what the file exporter has written so far.
    #[must_use]
    pub fn received(&self) -> Received {
        let file: PathBuf = self.folder.path().join("spans.jsonl");
        // The last line may be incomplete.
        read(file).map_or_else(|_| Vec::new(), |lines| lines.map_while(Result::ok).flatten().collect())
    }

    /// Returns the output of the program so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.as_ref().map_or_else(String::new, Program::log)
    }
}
