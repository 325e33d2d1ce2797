//! Messages of this crate about itself.
//!
//! They go to `tracing`, or without a subscriber to a logger of the `log` crate. If there is neither, one line for each [`Topic`]
//! goes to standard error, so that a failed export does not go unnoticed.

use std::sync::atomic::{AtomicBool, Ordering};

/// The subject of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Environment variables.
    Configuration,
    /// Spans that are not exported.
    Export,
    /// What tracing costs.
    Overhead,
    /// Names and values of spans beyond their bounds.
    Cardinality,
    /// Names and attributes of spans that the lint has found.
    Lint,
}

impl Topic {
    /// Whether standard error has had its line.
    fn was_printed(self) -> &'static AtomicBool {
        static CONFIGURATION: AtomicBool = AtomicBool::new(false);
        static EXPORT: AtomicBool = AtomicBool::new(false);
        static OVERHEAD: AtomicBool = AtomicBool::new(false);
        static CARDINALITY: AtomicBool = AtomicBool::new(false);
        static LINT: AtomicBool = AtomicBool::new(false);
        match self {
            Self::Configuration => &CONFIGURATION,
            Self::Export => &EXPORT,
            Self::Overhead => &OVERHEAD,
            Self::Cardinality => &CARDINALITY,
            Self::Lint => &LINT,
        }
    }
}

/// Returns whether messages of this thread reach a subscriber or a logger.
pub(crate) fn has_listener() -> bool {
    has_subscriber() || has_logger()
}

fn has_subscriber() -> bool {
    tracing::dispatcher::get_default(|dispatch| !dispatch.is::<tracing::subscriber::NoSubscriber>())
}

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
fn has_logger() -> bool {
    ::log::max_level() >= ::log::LevelFilter::Warn
}

#[cfg(not(any(feature = "otlp-http", feature = "otlp-grpc")))]
fn has_logger() -> bool {
    false
}

/// Logs a warning.
pub(crate) fn warn(topic: Topic, message: &str) {
    if has_subscriber() {
        tracing::warn!("{message}");
    } else {
        log_or_print(topic, message);
    }
}

/// Logs an error.
pub(crate) fn error(topic: Topic, message: &str) {
    if has_subscriber() {
        tracing::error!("{message}");
    } else {
        log_or_print(topic, message);
    }
}

fn log_or_print(topic: Topic, message: &str) {
    if has_logger() {
        #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
        ::log::warn!("{message}");
    } else if !topic.was_printed().swap(true, Ordering::Relaxed) {
        print(message);
    }
}

#[allow(clippy::print_stderr, reason = "there is no subscriber and no logger")]
fn print(message: &str) {
    // `eprintln!` panics if standard error is closed.
    use std::io::Write;
    let line: String = message.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let _ = writeln!(std::io::stderr(), "tracing-core-lite: {line}");
}
