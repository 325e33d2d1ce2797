//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Analyzes traces: where the time goes, what broke and why, which services depend on each other, and what is wrong with the
/// instrumentation.
///
/// Reads the files of OpenTelemetry exporters, the Collector, Jaeger, Tempo and Zipkin, plain or in gzip or zstd. Without a
/// command, it prints a summary.
#[derive(Debug, Parser)]
#[command(
    name = "trace-lens",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
#[command(
    after_help = "Exit codes: 0 clean, 1 a finding (`check`, or any command with --exit-code), 2 unusable input, 3 too little data."
)]
pub(crate) struct Program {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// The arguments of all commands that read traces.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shared {
    /// Files or folders to read; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// The selection of traces, and the output format.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Select traces with a span of this service.
    #[arg(long, value_name = "NAME", help_heading = "Which traces")]
    pub(crate) service: Option<String>,
    /// Select traces whose root has this name or service.
    #[arg(long, value_name = "NAME", help_heading = "Which traces")]
    pub(crate) root: Option<String>,
    /// Select traces that start at or after this time: RFC 3339, seconds since 1970, or `15m` for 15 minutes ago.
    #[arg(long, value_name = "TIME", help_heading = "Which traces")]
    pub(crate) since: Option<String>,
    /// Select traces that start before this time.
    #[arg(long, value_name = "TIME", help_heading = "Which traces")]
    pub(crate) until: Option<String>,
    /// Select traces that match this query, for example `{ .http.route = "/checkout" && status = error }`.
    #[arg(long = "where", value_name = "TRACEQL", help_heading = "Which traces")]
    pub(crate) query: Option<String>,
    /// Use the recorded times, without correcting clock skew.
    #[arg(long, help_heading = "Which traces")]
    pub(crate) raw_times: bool,
    /// About how much memory spans may take. Spans that take more than half of it are kept on disk.
    #[arg(long, value_name = "SIZE", default_value = "2GB", help_heading = "Large inputs")]
    pub(crate) memory: String,
    /// The folder for spans that do not fit in memory; by default that for temporary files.
    #[arg(long, value_name = "FOLDER", help_heading = "Large inputs")]
    pub(crate) spill_folder: Option<std::path::PathBuf>,
    /// Print at most this many rows of each table.
    #[arg(long, value_name = "NUMBER", default_value_t = 10, help_heading = "Output")]
    pub(crate) limit: usize,
    /// Print the answer in this format.
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(crate) format: Format,
    /// Exit with code 1 if there is a finding.
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_code: bool,
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal.
    Text,
    /// JSON; `trace-lens schema` prints its schema.
    Json,
    /// Markdown.
    Md,
    /// An SVG picture (`show`).
    Svg,
    /// A self-contained HTML page.
    Html,
    /// Graphviz (`map`).
    Dot,
    /// Mermaid (`map`).
    Mermaid,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Draw one trace.
    Show(OneTrace),
    /// Show where the time goes: the critical path of one trace, or of all traces.
    Path(PathArgs),
    /// Show which service calls which.
    Map(Shared),
    /// Show errors, their causes, and the services that were not called because of them.
    Errors(Shared),
    /// Show the latency of requests.
    Latency(LatencyArgs),
    /// Show what slow or failed traces have in common.
    Why(WhyArgs),
    /// Show problems of the instrumentation.
    Quality(Shared),
    /// Show which hosts have different clocks.
    Skew(Shared),
    /// Show patterns that cost time: repeated queries, retries, sequential calls.
    Patterns(Shared),
    /// Compare two traces, or two files of traces.
    Diff(DiffArgs),
    /// Check traces against limits and a baseline, for CI.
    Check(CheckArgs),
    /// Compute volume, storage and bandwidth of tracing.
    Plan(PlanArgs),
    /// Write the tracing documentation of a system as Markdown.
    Document(DocumentArgs),
    /// List traces.
    Search(Shared),
    /// Write traces in another format.
    Convert(ConvertArgs),
    /// Write results that can be merged later.
    Partial(PartialArgs),
    /// Merge results of `partial`, and print the summary of all.
    Merge(Shared),
    /// Print the JSON schema of `--format json`.
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder.
    Man {
        /// The folder.
        folder: std::path::PathBuf,
    },
}

/// One trace.
#[derive(Debug, Clone, Args)]
pub(crate) struct OneTrace {
    /// The id of the trace, or its first digits; `slowest` and `failed` pick one.
    #[arg(value_name = "ID")]
    pub(crate) trace: String,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PathArgs {
    /// Show one trace: its id, or `slowest`.
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
    /// Show the effect of a faster service or operation: `payment=50ms`, `payment/charge=50ms`.
    #[arg(long, value_name = "SERVICE[/NAME]=DURATION")]
    pub(crate) what_if: Option<String>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LatencyArgs {
    /// The bounds of the buckets.
    #[arg(long, value_name = "DURATION", value_delimiter = ',', default_value = "100ms,500ms,1s")]
    pub(crate) buckets: Vec<String>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
#[group(id = "selection", required = true, multiple = false, args = ["slow", "failed", "select"])]
pub(crate) struct WhyArgs {
    /// Compare traces slower than a duration (`>1s`) or a percentile (`>p99`) with the others.
    #[arg(long, value_name = "LIMIT")]
    pub(crate) slow: Option<String>,
    /// Compare traces whose root failed with the others.
    #[arg(long)]
    pub(crate) failed: bool,
    /// Compare traces that this query selects with the others.
    #[arg(long, value_name = "TRACEQL")]
    pub(crate) select: Option<String>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArgs {
    /// A file, or the id of a trace with --in.
    pub(crate) left: String,
    /// A file, or the id of a trace with --in.
    pub(crate) right: String,
    /// Compare two traces of these files.
    #[arg(long = "in", value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// Traces, or a partial, to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<String>,
    /// A limit on a figure: `path.p95=500ms`, `errors.rate=1%`, `quality.orphan=0`, or a growth over the baseline:
    /// `path.p95=+10%`.
    #[arg(long = "max", value_name = "FIGURE=LIMIT")]
    pub(crate) limits: Vec<String>,
    /// The minimum number of traces; fewer are too little data.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) min_traces: u64,
    /// Write the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<std::path::PathBuf>,
    /// Print annotations for GitHub Actions.
    #[arg(long)]
    pub(crate) github: bool,
    /// Print the figures that can be limited.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArgs {
    /// Requests per second.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rate: f64,
    /// The share of requests that is traced: `1%` or `0.01`.
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    pub(crate) sampling: String,
    /// Bytes per trace, such as `10KB`. Measured if files are given.
    #[arg(long, value_name = "SIZE")]
    pub(crate) trace_bytes: Option<String>,
    /// Spans per trace. Measured if files are given.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) spans: Option<f64>,
    /// How many days traces are kept.
    #[arg(long, value_name = "DAYS", default_value_t = 30.0)]
    pub(crate) retention: f64,
    /// Copies of each trace.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub(crate) replicas: f64,
    /// The compression factor in storage: 4 for a quarter of the size.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) compression: f64,
    /// Keep only a share of traces after some days: `7:10%`.
    #[arg(long, value_name = "DAYS:SHARE")]
    pub(crate) downsample: Vec<String>,
    /// The price of a gigabyte for a month.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) price: Option<f64>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DocumentArgs {
    /// The sampler's configuration: the Collector's YAML with `tail_sampling` or `probabilistic_sampler`, or Jaeger's
    /// strategies in JSON. Any other text is printed line by line.
    #[arg(long, value_name = "FILE")]
    pub(crate) sampling: Option<std::path::PathBuf>,
    /// Exit with 1 if this file differs from the documentation of the traces.
    #[arg(long, value_name = "FILE")]
    pub(crate) check: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ConvertArgs {
    /// The format to write.
    #[arg(long, value_enum)]
    pub(crate) to: Target,
    /// The file to write, standard output by default; for Parquet, a new folder.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// OTLP, one JSON document a line.
    OtlpJson,
    /// OTLP protobuf.
    OtlpProto,
    /// Jaeger's JSON.
    Jaeger,
    /// Zipkin v2 JSON.
    Zipkin,
    /// Folded stacks, for flame graphs.
    Folded,
    /// Chrome's trace events, for Perfetto.
    Chrome,
    /// Parquet files in the folder that --output names, with the columns of the Collector's ClickHouse exporter.
    #[cfg(feature = "parquet")]
    Parquet,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PartialArgs {
    /// The file to write; standard output by default.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}
