//! The program `tail-sampler`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tail_sampler::{Config, explain, start};

const USAGE: &str = "\
usage: tail-sampler [FILE]               runs with the configuration in FILE, or in the file that TAIL_SAMPLER_CONFIG names
       tail-sampler validate FILE        checks a configuration
       tail-sampler explain FILE SPANS   shows which policy would keep each trace in the file SPANS: OTLP as JSON, one request
                                         per line, or protobuf
";

/// The time to export the last spans at shutdown.
const SHUTDOWN: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        ["validate", file] => validate(Path::new(file)),
        ["explain", file, spans] => show(Path::new(file), Path::new(spans)),
        [] => match std::env::var_os("TAIL_SAMPLER_CONFIG") {
            Some(file) => run(PathBuf::from(file)),
            None => Err(format!("there is no configuration\n\n{USAGE}")),
        },
        [file] if !file.starts_with('-') && !matches!(file, "validate" | "explain") => {
            run(PathBuf::from(file))
        }
        _ => Err(format!("unknown arguments\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("tail-sampler: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &Path) -> Result<Config, String> {
    let config = Config::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    for warning in &config.warnings {
        eprintln!("tail-sampler: warning: {warning}");
    }
    Ok(config)
}

fn validate(file: &Path) -> Result<(), String> {
    let config = read(file)?;
    tracing_sampling::tail::TailBuffer::new(config.tail.clone()).map_err(|error| error.to_string())?;
    println!("{}: valid, {} policies", file.display(), config.tail.policies.len());
    Ok(())
}

fn show(file: &Path, spans: &Path) -> Result<(), String> {
    let config = read(file)?;
    let spans = std::fs::read(spans).map_err(|error| format!("{}: {error}", spans.display()))?;
    for line in explain(&config.tail, &spans).map_err(|error| error.to_string())? {
        println!("{line}");
    }
    Ok(())
}

fn run(file: PathBuf) -> Result<(), String> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let config = read(&file)?;
    let (_, warnings) = config.exporter.otlp();
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let exporter = config.exporter.build().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let running = start(&config, exporter, Some(file)).await.map_err(|error| error.to_string())?;
        tracing::info!(addresses = ?running.addresses(), "tail-sampler receives spans");
        tokio::select! {
            () = stop_signal() => {}
            reason = running.failed() => {
                let _ = running.shutdown(SHUTDOWN).await;
                return Err(reason);
            }
        }
        tracing::info!(
            "tail-sampler stops: what is pending is decided and sent, or left to the consumer group"
        );
        running.shutdown(SHUTDOWN).await.map_err(|error| error.to_string())
    })
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
