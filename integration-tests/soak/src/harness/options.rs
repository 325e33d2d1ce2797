//! The options of `soak run`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The options of a run.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) collector: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) time: Duration,
    /// The duration of the run that records nothing.
    pub(super) control: Duration,
    pub(super) seed: u64,
    pub(super) orders: f64,
    pub(super) spans: u64,
    pub(super) servers: Vec<Server>,
}

/// A database or broker that something else keeps running.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: String,
    /// Contains the id of its process group.
    pub(super) group_file: PathBuf,
}

impl Options {
    pub(super) fn parse(arguments: &[String]) -> io::Result<Self> {
        let (mut collector, mut folder) = (None, None);
        let mut options = Self {
            collector: PathBuf::new(),
            folder: PathBuf::new(),
            time: Duration::from_secs(600),
            control: Duration::ZERO,
            seed: fastrand::u64(..1 << 32),
            orders: 4.0,
            spans: 400,
            servers: Vec::new(),
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(invalid(&pair[0], "needs a value")) };
            match name.as_str() {
                "--collector" => collector = Some(PathBuf::from(value)),
                "--folder" => folder = Some(PathBuf::from(value)),
                "--seconds" => options.time = Duration::from_secs(number(name, value)?),
                "--control" => options.control = Duration::from_secs(number(name, value)?),
                "--seed" => options.seed = number(name, value)?,
                "--orders" => options.orders = number(name, value)?,
                "--spans" => options.spans = number(name, value)?,
                "--server" => options.servers.push(server(value)?),
                _ => return Err(invalid(name, "there is no such option")),
            }
        }
        options.collector = collector.ok_or_else(|| invalid("--collector", "is missing"))?;
        options.folder = folder.ok_or_else(|| invalid("--folder", "is missing"))?;
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> io::Result<T> {
    value.parse().map_err(|_| invalid(name, "needs a number"))
}

fn server(value: &str) -> io::Result<Server> {
    let (name, file) = value.split_once('=').ok_or_else(|| invalid("--server", "needs NAME=FILE"))?;
    Ok(Server { name: name.to_owned(), group_file: file.into() })
}

fn invalid(option: &str, reason: &str) -> io::Error {
    io::Error::other(format!("{option}: {reason}"))
}
