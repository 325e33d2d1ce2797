//! Starts tracing, with defaults from the environment.

use std::time::Duration;

use opentelemetry::Value;

use super::kept_warnings::KeptWarnings;
use super::resource::{Resource, ResourceBuilder};
use super::tracer_provider::{BuildError, TracerProvider, TracerProviderBuilder};
use crate::buffer::FlushError;
use crate::cardinality::{NameLimits, ValueLimits};
use crate::diagnostics::{self, Topic};
use crate::env::{EnvError, Lookup, Process, Variables};
use crate::exporters::Discard;
use crate::lint::Lint;
use crate::overhead::OverheadBudget;
use crate::pipeline::{BatchLimits, Exporter, Fanout};
use crate::propagation::Propagator;
use crate::quality::LiveQuality;
use crate::redaction::Redaction;
use crate::sampling::{self, Sampler};
use crate::span::{DurableSpans, SpanLimits};

/// The time that dropping a [`Guard`] waits for the last export by default.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a builder that starts tracing for this process: `init().start()?`.
///
/// Settings that are not made in code come from the environment: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
/// `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_EXPORTER` (`otlp` by default; `console`, `none`, or a list), `OTEL_EXPORTER_OTLP_*`,
/// `OTEL_PROPAGATORS`, `OTEL_BSP_*`, the limits of spans, and `OTEL_SDK_DISABLED`.
///
/// ```
/// # fn main() -> Result<(), tracing_core_lite::InitError> {
/// let _guard = tracing_core_lite::init().with_service_name("orders").start()?;
/// // Serve until the program ends. The drop of the guard exports the last spans.
/// # Ok(())
/// # }
/// ```
#[must_use = "tracing starts with `start`"]
pub fn init() -> Init {
    Init::default()
}

/// A builder that starts tracing; see [`init`].
#[derive(Debug, Default)]
#[must_use = "tracing starts with `start`"]
pub struct Init {
    service_name: Option<String>,
    attributes: Vec<opentelemetry::KeyValue>,
    exporters: Vec<ExporterBox>,
    also_exporters: Vec<ExporterBox>,
    propagator: Option<Propagator>,
    span_limits: Option<SpanLimits>,
    batch_limits: Option<BatchLimits>,
    sampler: Option<std::sync::Arc<dyn Sampler>>,
    drop_timeout: Option<Duration>,
    random_flag: bool,
    durable_spans: Option<DurableSpans>,
    redaction: Redaction,
    name_limits: NameLimits,
    quality: Option<LiveQuality>,
    overhead_budget: OverheadBudget,
    #[cfg(feature = "self-metrics")]
    meter: Option<opentelemetry::metrics::Meter>,
    value_limits: ValueLimits,
    lint: Lint,
}

/// An exporter. Exporters need not implement `Debug`.
struct ExporterBox(Box<dyn Exporter>);

impl std::fmt::Debug for ExporterBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporter")
    }
}

/// An error in starting tracing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The provider could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Init {
    /// Sets `service.name`. It overrides the environment.
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Adds an attribute of the resource. It overrides the environment.
    pub fn with_resource_attribute(
        mut self,
        key: impl Into<opentelemetry::Key>,
        value: impl Into<Value>,
    ) -> Self {
        self.attributes.push(opentelemetry::KeyValue::new(key, value));
        self
    }

    /// Adds an exporter. `OTEL_TRACES_EXPORTER` is then ignored.
    pub fn with_exporter(mut self, exporter: impl Exporter) -> Self {
        self.exporters.push(ExporterBox(Box::new(exporter)));
        self
    }

    /// Adds an exporter to those that `OTEL_TRACES_EXPORTER` names.
    pub fn with_additional_exporter(mut self, exporter: impl Exporter) -> Self {
        self.also_exporters.push(ExporterBox(Box::new(exporter)));
        self
    }

    /// Sets the sampler.
    pub fn with_sampler(mut self, sampler: impl Sampler) -> Self {
        self.sampler = Some(std::sync::Arc::new(sampler));
        self
    }

    /// Sets the propagator.
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Sets the limits of spans.
    pub fn with_span_limits(mut self, limits: SpanLimits) -> Self {
        self.span_limits = Some(limits);
        self
    }

    /// Sets the limits of batches and of the queue.
    pub fn with_batch_limits(mut self, limits: BatchLimits) -> Self {
        self.batch_limits = Some(limits);
        self
    }

    /// Sets the rules by which secrets are removed before spans are exported. See
    /// [`TracerProviderBuilder::with_redaction`].
    pub fn with_redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Sets whether names and attributes of spans are checked. See [`TracerProviderBuilder::with_lint`].
    pub fn with_lint(mut self, lint: Lint) -> Self {
        self.lint = lint;
        self
    }

    /// Sets the bounds of distinct attribute values. See [`TracerProviderBuilder::with_value_limits`].
    pub fn with_value_limits(mut self, limits: ValueLimits) -> Self {
        self.value_limits = limits;
        self
    }

    /// Sets the bounds of distinct span names. See [`TracerProviderBuilder::with_name_limits`].
    pub fn with_name_limits(mut self, limits: NameLimits) -> Self {
        self.name_limits = limits;
        self
    }

    /// Looks for broken context in the spans of this process. See [`TracerProviderBuilder::with_live_quality`].
    pub fn with_live_quality(mut self, quality: LiveQuality) -> Self {
        self.quality = Some(quality);
        self
    }

    /// Sets what tracing may cost. See [`TracerProviderBuilder::with_overhead_budget`].
    pub fn with_overhead_budget(mut self, budget: OverheadBudget) -> Self {
        self.overhead_budget = budget;
        self
    }

    /// Sets the meter of the metrics of the pipeline and of the overhead of tracing. See
    /// [`TracerProviderBuilder::with_self_metrics`].
    #[cfg(feature = "self-metrics")]
    pub fn with_self_metrics(mut self, meter: opentelemetry::metrics::Meter) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Sets whether roots carry the random flag of W3C Trace Context Level 2; false by default. See
    /// [`TracerProviderBuilder::with_random_flag`].
    pub fn with_random_flag(mut self, random_flag: bool) -> Self {
        self.random_flag = random_flag;
        self
    }

    /// Sets which spans are exported and flushed as soon as they end. See
    /// [`TracerProviderBuilder::with_durable_spans`].
    pub fn with_durable_spans(mut self, durable_spans: DurableSpans) -> Self {
        self.durable_spans = Some(durable_spans);
        self
    }

    /// Sets the time that dropping the guard waits for the last export. The default is 5 s.
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.drop_timeout = Some(timeout);
        self
    }

    /// Starts tracing. [Installs](TracerProvider::install) the provider, and sets it as the global tracer provider of the
    /// OpenTelemetry API, with its propagator as the global text map propagator.
    ///
    /// Invalid environment variables never make this fail. They are ignored with a warning, as the specification requires, and
    /// an exporter of the environment that cannot be built is left out. Warnings are logged and are in [`Guard::warnings`].
    /// If there is no subscriber yet, they are logged again when the first batch is exported. In a program with neither a
    /// subscriber nor a logger, they are one line on standard error.
    ///
    /// # Errors
    /// Returns an error if the export thread cannot be started.
    pub fn start(self) -> Result<Guard, InitError> {
        let drop_timeout = self.drop_timeout.unwrap_or(DROP_TIMEOUT);
        let (builder, mut exporter, warnings) = self.assemble(&Process);
        if diagnostics::has_listener() {
            warnings.iter().for_each(|warning| diagnostics::warn(Topic::Configuration, warning));
        } else if !warnings.is_empty() {
            let inner = exporter.unwrap_or_else(|| Box::new(Discard));
            exporter = Some(Box::new(KeptWarnings::new(inner, warnings.clone())));
        }
        let provider = build(builder, exporter)?;
        provider.install();
        opentelemetry::global::set_tracer_provider(provider.clone());
        opentelemetry::global::set_text_map_propagator(provider.propagator().clone().into_text_map());
        Ok(Guard { provider, warnings, drop_timeout })
    }

    /// Builds the provider that [`start`](Init::start) would install, for tests and for processes with several providers.
    /// Returns it with the warnings about `variables`.
    ///
    /// # Errors
    /// Returns an error if the export thread cannot be started.
    pub fn build(self, variables: &impl Variables) -> Result<(TracerProvider, Vec<String>), InitError> {
        let (builder, exporter, warnings) = self.assemble(variables);
        Ok((build(builder, exporter)?, warnings))
    }

    /// Returns the builder, its exporter, and warnings about the environment.
    fn assemble(
        self,
        variables: &impl Variables,
    ) -> (TracerProviderBuilder, Option<Box<dyn Exporter>>, Vec<String>) {
        let mut warnings = Vec::new();
        let (mut builder, errors) = TracerProvider::builder().with_limits_from_env(variables);
        warnings.extend(errors.iter().map(ToString::to_string));
        builder = builder.with_random_flag(self.random_flag).with_redaction(self.redaction.clone());
        builder =
            builder.with_name_limits(self.name_limits.clone()).with_value_limits(self.value_limits.clone());
        builder = builder.with_lint(self.lint.clone());
        if let Some(quality) = &self.quality {
            builder = builder.with_live_quality(quality.clone());
        }
        builder = builder.with_overhead_budget(self.overhead_budget.clone());
        #[cfg(feature = "self-metrics")]
        if let Some(meter) = &self.meter {
            builder = builder.with_self_metrics(meter.clone());
        }
        let resource = self.resource(variables, &mut warnings);
        builder = builder.with_shared_sampler(match self.sampler {
            Some(sampler) => sampler,
            None => {
                let service_name = resource.get("service.name").map(Value::as_str).unwrap_or_default();
                collect(sampling::from_env_for(&service_name, variables), &mut warnings)
            }
        });
        builder = builder.with_resource(resource);
        builder = builder.with_propagator(match self.propagator {
            Some(propagator) => propagator,
            None => collect(Propagator::from_env(variables), &mut warnings),
        });
        if let Some(limits) = self.span_limits {
            builder = builder.with_span_limits(limits);
        }
        if let Some(durable_spans) = self.durable_spans {
            builder = builder.with_durable_spans(durable_spans);
        }
        if let Some(limits) = self.batch_limits {
            builder = builder.with_batch_limits(limits);
        }
        let mut exporters: Vec<Box<dyn Exporter>> =
            self.exporters.into_iter().map(|exporter| exporter.0).collect();
        if exporters.is_empty() && !builder.is_disabled() {
            exporters = exporters_from(variables, &mut warnings);
        }
        exporters.extend(self.also_exporters.into_iter().map(|exporter| exporter.0));
        let exporter = match exporters.len() {
            0 | 1 => exporters.pop(),
            _ => Some(Box::new(Fanout::with_limits(exporters, builder.batch_limits())) as Box<dyn Exporter>),
        };
        (builder, exporter, warnings)
    }

    fn resource(&self, variables: &impl Variables, warnings: &mut Vec<String>) -> Resource {
        let (mut builder, error) = ResourceBuilder::empty().with_detected().with_environment(variables);
        warnings.extend(error.map(|error| error.to_string()));
        for attribute in &self.attributes {
            builder = builder.with_attribute(attribute.key.clone(), attribute.value.clone());
        }
        if let Some(name) = &self.service_name {
            builder = builder.with_service_name(name.clone());
        }
        builder.build()
    }
}

/// Adds the warnings to `all`.
fn collect<T>((value, warnings): (T, Vec<EnvError>), all: &mut Vec<String>) -> T {
    all.extend(warnings.iter().map(ToString::to_string));
    value
}

fn build(
    builder: TracerProviderBuilder,
    exporter: Option<Box<dyn Exporter>>,
) -> Result<TracerProvider, InitError> {
    let builder = match exporter {
        Some(exporter) => builder.with_exporter(exporter),
        None => builder,
    };
    Ok(builder.build()?)
}

fn text(variables: &impl Variables, name: &str) -> Option<String> {
    Lookup(variables).text(name)
}

/// Returns the exporters that `OTEL_TRACES_EXPORTER` names. Unknown names are ignored with a warning, and if none is
/// left, the default is used (OpenTelemetry specification, "Environment Variable Specification", section "Enum").
fn exporters_from(variables: &impl Variables, warnings: &mut Vec<String>) -> Vec<Box<dyn Exporter>> {
    let names = text(variables, "OTEL_TRACES_EXPORTER").unwrap_or_default();
    let mut exporters: Vec<Box<dyn Exporter>> = Vec::new();
    let mut any_known = false;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        any_known |= add_exporter(name, variables, warnings, &mut exporters);
    }
    if !any_known {
        add_exporter("otlp", variables, warnings, &mut exporters);
    }
    exporters
}

/// Adds the exporter with this name. Returns false if there is none.
#[allow(unused_variables, clippy::ptr_arg, reason = "a build may have no exporters")]
fn add_exporter(
    name: &str,
    variables: &impl Variables,
    warnings: &mut Vec<String>,
    exporters: &mut Vec<Box<dyn Exporter>>,
) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "none" => {}
        #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
        "otlp" => exporters.extend(otlp(variables, warnings)),
        #[cfg(feature = "console")]
        "console" => exporters.push(Box::new(crate::exporters::console::ConsoleExporter::stdout())),
        _ => {
            let name: String = name.chars().take(40).collect();
            warnings.push(format!(
                "environment variable OTEL_TRACES_EXPORTER: this build has no exporter {name:?}; it has {}",
                known_exporters()
            ));
            return false;
        }
    }
    true
}

fn known_exporters() -> String {
    let mut known = vec!["none"];
    if cfg!(any(feature = "otlp-http", feature = "otlp-grpc")) {
        known.push("otlp");
    }
    if cfg!(feature = "console") {
        known.push("console");
    }
    known.join(", ")
}

/// Returns the exporter of `OTEL_EXPORTER_OTLP_*`, or `None` if it cannot be built. There is no fallback, because it
/// would send spans to another place or without the requested protection.
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
fn otlp(variables: &impl Variables, warnings: &mut Vec<String>) -> Option<Box<dyn Exporter>> {
    let config = collect(crate::exporters::otlp::OtlpConfig::from_env(variables), warnings);
    match config.build() {
        Ok(exporter) => Some(exporter),
        Err(error) => {
            warnings.push(format!("the OTLP exporter of the environment is off: {error}"));
            None
        }
    }
}

/// Keeps tracing running. Its drop exports the last spans, and waits for that up to the shutdown timeout.
#[derive(Debug)]
#[must_use = "tracing ends when the guard is dropped: keep it in `main`"]
pub struct Guard {
    provider: TracerProvider,
    warnings: Vec<String>,
    drop_timeout: Duration,
}

impl Guard {
    /// Returns the provider, for tracers, flushes and [statistics](TracerProvider::stats).
    #[must_use]
    pub fn provider(&self) -> &TracerProvider {
        &self.provider
    }

    /// Returns the warnings about environment variables.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Exports the last spans, and stops recording.
    ///
    /// # Errors
    /// Returns the errors of [`TracerProvider::shutdown`].
    pub fn shutdown(self, timeout: Duration) -> Result<(), FlushError> {
        self.provider.shutdown(timeout)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.provider.is_shut_down() {
            return;
        }
        if let Err(error) = self.provider.shutdown(self.drop_timeout) {
            tracing::warn!(%error, "not all of the last spans were exported");
        }
    }
}
