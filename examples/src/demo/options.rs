//! The demo's command line.

use std::path::PathBuf;

use super::Ports;

/// The usage, printed for `--help` and after an invalid command line.
pub const USAGE: &str = "\
usage: cargo xtask demo [OPTIONS]

  --orders N           places N orders (default 9): one of each kind, then ordinary ones
  --sampled            places 1,000 quick orders (or N), keeps 1 % of their traces and every declined order, and shows what
                       was kept, and the true rates estimated from it
  --otlp-file FILE     also appends every span to FILE, as lines of OTLP JSON
  --otlp-endpoint URL  also sends every span to URL by OTLP/HTTP, such as http://localhost:4318
  --svg FILE           draws the trace of the declined order in FILE
  --ports BASE         listens on the ports from BASE on (default: free ports)
  --no-color           prints no colors, as with NO_COLOR set or without a terminal

KAFKA_BROKERS and AMQP_URL name brokers to use. Without them the demo uses librdkafka's mock cluster and tasks.
";

/// The number of orders that are sampled.
const SAMPLED_ORDERS: usize = 1_000;

/// The options of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many orders to place.
    pub orders: usize,
    /// Whether to sample the traces of many orders, instead of showing those of a few.
    pub sampled: bool,
    /// A file for OTLP JSON lines.
    pub otlp_file: Option<PathBuf>,
    /// The base URL of an OTLP receiver.
    pub otlp_endpoint: Option<String>,
    /// A file for a picture of a trace.
    pub svg: Option<PathBuf>,
    /// Where the services listen.
    pub ports: Ports,
    /// Whether colors are allowed.
    pub color: bool,
    /// Whether to print the usage and do nothing else.
    pub help: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            orders: 9,
            sampled: false,
            otlp_file: None,
            otlp_endpoint: None,
            svg: None,
            ports: Ports::Automatic,
            color: true,
            help: false,
        }
    }
}

/// The command line is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// The option does not exist.
    #[error("there is no option {0:?}")]
    Unknown(String),
    /// The value of the option is missing.
    #[error("{0} needs a value")]
    Missing(String),
    /// The value of the option is invalid.
    #[error("{option} cannot be {value:?}: {reason}")]
    Invalid {
        /// The option.
        option: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Options {
    /// Parses the `arguments` after `demo`. A value follows its option as the next argument or after an equals sign.
    ///
    /// # Errors
    /// Returns an error that names the invalid option.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut options = Self::default();
        let mut count = None;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (option, inline) = match argument.split_once('=') {
                Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| arguments.next());
                value.ok_or_else(|| UsageError::Missing(option.clone()))
            };
            match option.as_str() {
                "--orders" => count = Some(orders(&option, value()?)?),
                "--sampled" => options.sampled = true,
                "--otlp-file" => options.otlp_file = Some(value()?.into()),
                "--otlp-endpoint" => options.otlp_endpoint = Some(value()?),
                "--svg" => options.svg = Some(value()?.into()),
                "--ports" => options.ports = ports(&option, value()?)?,
                "--no-color" | "--no-colour" => options.color = false,
                "--help" | "-h" => options.help = true,
                _ => return Err(UsageError::Unknown(option)),
            }
        }
        let usual = if options.sampled { SAMPLED_ORDERS } else { options.orders };
        options.orders = count.unwrap_or(usual);
        Ok(options)
    }
}

fn orders(option: &str, value: String) -> Result<usize, UsageError> {
    match value.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err(invalid(option, value, "a number from 1 to 10000 is needed")),
    }
}

fn ports(option: &str, value: String) -> Result<Ports, UsageError> {
    match value.parse() {
        Ok(base) if (1..=u16::MAX - Ports::NEEDED).contains(&base) => Ok(Ports::From(base)),
        _ => Err(invalid(option, value, "a port number with five more above it is needed")),
    }
}

fn invalid(option: &str, value: String, reason: &'static str) -> UsageError {
    UsageError::Invalid { option: option.to_owned(), value, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, UsageError> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn no_arguments_mean_the_defaults() {
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn values_follow_as_arguments_or_after_an_equals_sign() {
        let options = parse("--orders 9 --otlp-file=spans.jsonl --ports 4100 --no-color").unwrap();
        assert_eq!(options.orders, 9);
        assert_eq!(options.otlp_file, Some("spans.jsonl".into()));
        assert_eq!(options.ports, Ports::From(4100));
        assert!(!options.color && !options.sampled);
        assert_eq!(parse("--sampled").unwrap().orders, 1_000);
        assert_eq!(parse("--orders 200 --sampled").unwrap().orders, 200);
    }

    #[test]
    fn an_error_names_the_invalid_option() {
        let cases = [
            ("--order 3", "--order"),
            ("--orders", "--orders needs a value"),
            ("--orders none", "\"none\""),
            ("--orders 0", "from 1"),
            ("--ports 65535", "above it"),
            ("--ports 70000", "--ports"),
        ];
        for (line, expected) in cases {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
