//! The tracer provider: an engine with its resource, sampler, propagator and exporter.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "self-metrics")]
use opentelemetry::metrics::Meter;

use super::resource::Resource;
use crate::buffer::FlushError;
use crate::cardinality::{NameLimits, ValueLimits};
use crate::clock::after;
use crate::cost::Account;
use crate::env::{EnvError, Lookup, Variables};
use crate::lint::Lint;
use crate::overhead::{BudgetSampler, Controls, Monitor, Overhead, OverheadBudget};
use crate::pipeline::frame::Framer;
use crate::pipeline::queue::Queue;
use crate::pipeline::{BatchLimits, ExportStats, Exporter, ExporterStats, worker};
use crate::propagation::Propagator;
use crate::quality::LiveQuality;
use crate::redaction::Redaction;
use crate::sampling::{AlwaysOn, ParentBased, Sampler};
#[cfg(feature = "self-metrics")]
use crate::self_metrics;
use crate::span::engine::{Engine, EngineOutput, EngineSettings};
use crate::span::engine_limits::EngineLimits;
use crate::span::scopes::Scopes;
use crate::span::{DurableSpans, SpanLimits};

/// The time that dropping the last handle of a provider waits for the export of its spans.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates tracers, and owns the export of their spans. Clones are cheap, and refer to the same provider.
///
/// It is also a `TracerProvider` of the OpenTelemetry API. When the last clone and the last of its tracers are
/// dropped without a [`shutdown`](TracerProvider::shutdown), the drop shuts the provider down with a timeout of
/// 5 seconds.
#[derive(Debug, Clone)]
pub struct TracerProvider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Arc<Engine>,
    queue: Arc<Queue>,
    resource: Resource,
    propagator: Propagator,
    monitor: Arc<Monitor>,
    /// What the instruments read. They do not keep it.
    #[cfg(feature = "self-metrics")]
    _metrics: Option<Arc<self_metrics::Source>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // After a shutdown there is nothing to wait for, even if it timed out.
        if !self.queue.is_closed() {
            let _ = self.queue.close(after(DROP_TIMEOUT));
        }
    }
}

/// The error when a provider cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The export thread could not be started.
    #[error("the export thread could not be started")]
    Thread(#[from] std::io::Error),
}

impl TracerProvider {
    /// Creates a builder with the defaults and no exporter. [`init`](crate::init()) reads the environment
    /// instead.
    #[must_use]
    pub fn builder() -> TracerProviderBuilder {
        TracerProviderBuilder::default()
    }

    /// Returns the resource of the spans.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.0.resource
    }

    /// Returns the propagator of contexts.
    #[must_use]
    pub fn propagator(&self) -> &Propagator {
        &self.0.propagator
    }

    /// Exports every span that has ended. Blocks the calling thread until that is done or `timeout` has passed.
    /// Export has a thread of its own, so this works inside any async runtime and outside.
    ///
    /// When it returns `Ok`, each span that ended before the call is in the backend, or on disk if the exporter is a file
    /// or a disk queue. Spans that wait for the decision of a tail sampler are the exception: a flush decides nothing
    /// early, and [`ExportStats::undecided`] says how many there are. A [`shutdown`](Self::shutdown) decides them.
    ///
    /// # Errors
    /// Returns [`FlushError::Timeout`] after `timeout`, [`FlushError::Lost`] if spans were lost during the call, and
    /// [`FlushError::NotDurable`] if the exporter failed to flush.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.checked(|queue| queue.flush(after(timeout)))
    }

    /// Exports every span that has ended, and stops recording. Blocks like [`flush`](TracerProvider::flush).
    /// Contexts are still propagated afterwards. A second call does nothing.
    ///
    /// # Errors
    /// Returns the errors of [`flush`](TracerProvider::flush).
    pub fn shutdown(&self, timeout: Duration) -> Result<(), FlushError> {
        self.checked(|queue| queue.close(after(timeout)))
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.0.queue.is_closed()
    }

    fn checked(&self, act: impl FnOnce(&Queue) -> Result<(), FlushError>) -> Result<(), FlushError> {
        if self.0.queue.gate().is_forked() {
            act(&self.0.queue)?;
            return match self.stats().dropped_after_fork {
                0 => Ok(()),
                lost => Err(FlushError::Lost(lost)),
            };
        }
        let before = self.stats().lost();
        let outcome = act(&self.0.queue);
        match self.stats().lost().saturating_sub(before) {
            lost if lost > 0 && outcome != Err(FlushError::Timeout) => Err(FlushError::Lost(lost)),
            _ => outcome,
        }
    }

    /// Returns the numbers of spans exported and dropped so far.
    #[must_use]
    pub fn stats(&self) -> ExportStats {
        self.0.queue.stats().snapshot(self.0.queue.queued_spans())
    }

    /// Returns the counts of each exporter. See [`Fanout`](crate::pipeline::Fanout).
    #[must_use]
    pub fn exporter_stats(&self) -> Vec<ExporterStats> {
        self.0.queue.stats().exporters(self.0.queue.queued_spans())
    }

    /// Returns what tracing costs: CPU, latency and memory, in the last one to two windows of the
    /// [budget](OverheadBudget). It is displayed as a text of several lines.
    ///
    /// Reads files in `/proc`, and locks the buffer of each thread shortly.
    #[must_use]
    pub fn overhead(&self) -> Overhead {
        self.0.monitor.report(self.0.queue.memory())
    }

    #[inline]
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }
}

/// Builds a [`TracerProvider`].
#[derive(Default)]
pub struct TracerProviderBuilder {
    resource: Option<Resource>,
    sampler: Option<Arc<dyn Sampler>>,
    limits: SpanLimits,
    batch: BatchLimits,
    exporter: Option<Box<dyn Exporter>>,
    disabled: bool,
    random_flag: bool,
    propagator: Propagator,
    durable_spans: Option<DurableSpans>,
    redaction: Redaction,
    name_limits: NameLimits,
    quality: Option<LiveQuality>,
    overhead_budget: OverheadBudget,
    #[cfg(feature = "self-metrics")]
    meter: Option<Meter>,
    value_limits: ValueLimits,
    lint: Lint,
}

impl std::fmt::Debug for TracerProviderBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracerProviderBuilder")
            .field("resource", &self.resource)
            .field("sampler", &self.sampler)
            .field("limits", &self.limits)
            .field("batch", &self.batch)
            .field("disabled", &self.disabled)
            .field("propagator", &self.propagator)
            .field("redaction", &self.redaction)
            .field("name_limits", &self.name_limits)
            .field("quality", &self.quality)
            .field("overhead_budget", &self.overhead_budget)
            .field("value_limits", &self.value_limits)
            .field("lint", &self.lint)
            .finish_non_exhaustive()
    }
}

impl TracerProviderBuilder {
    /// Sets the resource. The default is [detected](Resource::builder).
    #[must_use]
    pub fn with_resource(mut self, resource: Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Sets the sampler. The default is parent-based over always-on.
    #[must_use]
    pub fn with_sampler(self, sampler: impl Sampler) -> Self {
        self.with_shared_sampler(Arc::new(sampler))
    }

    /// Like [`with_sampler`](TracerProviderBuilder::with_sampler), for a shared sampler.
    #[must_use]
    pub fn with_shared_sampler(mut self, sampler: Arc<dyn Sampler>) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Sets the propagator. The default is W3C Trace Context and Baggage.
    #[must_use]
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = propagator;
        self
    }

    /// Sets the limits of a span.
    #[must_use]
    pub fn with_span_limits(mut self, limits: SpanLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the limits of batches and of the queue.
    #[must_use]
    pub fn with_batch_limits(mut self, limits: BatchLimits) -> Self {
        self.batch = limits;
        self
    }

    /// Sets the exporter. Without one, spans are dropped when they end. For several, see
    /// [`Fanout`](crate::pipeline::Fanout).
    #[must_use]
    pub fn with_exporter(mut self, exporter: impl Exporter) -> Self {
        self.exporter = Some(Box::new(exporter));
        self
    }

    /// Sets the rules by which secrets are removed before spans are exported. The default masks values of denied keys and
    /// secrets with a known prefix; see [`Redaction`].
    #[must_use]
    pub fn with_redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Sets the bounds of distinct span names. By default, 1,000 names and 5,000 more of spans that are named by a convention are
    /// exported as they are; see [`NameLimits`].
    #[must_use]
    pub fn with_name_limits(mut self, limits: NameLimits) -> Self {
        self.name_limits = limits;
        self
    }

    /// Looks for broken context in the spans of this provider. The findings are in the
    /// [report](LiveQuality::report). Not done by default.
    ///
    /// Internal roots then have `code.file.path` and `code.line.number`.
    #[must_use]
    pub fn with_live_quality(mut self, quality: LiveQuality) -> Self {
        self.quality = Some(quality);
        self
    }

    /// Sets what tracing may cost. By default, a warning is logged when it costs more than 5 % of the CPUs, 1 % of the
    /// duration of requests or 100 MB; see [`OverheadBudget`].
    #[must_use]
    pub fn with_overhead_budget(mut self, budget: OverheadBudget) -> Self {
        self.overhead_budget = budget;
        self
    }

    /// Sets the meter of the metrics of the pipeline and of the overhead of tracing. By default there are none; see
    /// [`self_metrics`].
    #[cfg(feature = "self-metrics")]
    #[must_use]
    pub fn with_self_metrics(mut self, meter: Meter) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Sets the bounds of distinct attribute values. By default, attributes with more than 1,000 distinct values per span name
    /// are reported once, and exported as they are; see [`ValueLimits`].
    #[must_use]
    pub fn with_value_limits(mut self, limits: ValueLimits) -> Self {
        self.value_limits = limits;
        self
    }

    /// Sets whether names and attributes of spans are checked; see [`Lint`]. In debug builds, findings are logged as warnings by
    /// default.
    #[must_use]
    pub fn with_lint(mut self, lint: Lint) -> Self {
        self.lint = lint;
        self
    }

    /// Sets whether roots carry the random flag of W3C Trace Context Level 2 (`traceparent` flags `02` and `03`); false by
    /// default.
    ///
    /// Some older peers start a new trace when they receive such flags: opentelemetry_sdk up to 0.31 and opentelemetry-go
    /// before its fix accept `00` and `01` only. The flag tells consistent samplers that the trace id is random. Nothing is
    /// lost without it, since the trace ids of this crate are always random and samplers use them either way. The flag of an
    /// incoming `traceparent` is always passed on.
    #[must_use]
    pub fn with_random_flag(mut self, random_flag: bool) -> Self {
        self.random_flag = random_flag;
        self
    }

    /// Sets which spans are exported and flushed as soon as they end. None by default.
    #[must_use]
    pub fn with_durable_spans(mut self, durable_spans: DurableSpans) -> Self {
        self.durable_spans = Some(durable_spans);
        self
    }

    /// Disables recording if `disabled` is true. Contexts are propagated unchanged.
    #[must_use]
    pub fn with_disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    pub(super) fn batch_limits(&self) -> &BatchLimits {
        &self.batch
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Reads `OTEL_SDK_DISABLED`, the limits of spans (`OTEL_SPAN_*`, `OTEL_EVENT_*`, `OTEL_LINK_*`,
    /// `OTEL_ATTRIBUTE_*`) and of batches (`OTEL_BSP_*`).
    ///
    /// Invalid variables are ignored, as the specification requires. Returns the builder and the warnings about them.
    #[must_use]
    pub fn with_limits_from_env(mut self, variables: &impl Variables) -> (Self, Vec<EnvError>) {
        let env = Lookup(variables);
        let mut errors = Vec::new();
        self.disabled = env.is_true("OTEL_SDK_DISABLED");

        let limits = &mut self.limits;
        let general_count = env.number(&mut errors, "OTEL_ATTRIBUTE_COUNT_LIMIT");
        let general_length = env.number(&mut errors, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT");
        let own_length = env.number(&mut errors, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT");
        limits.value_length = own_length.or(general_length).or(limits.value_length);
        for (limit, variable, general) in [
            (&mut limits.attributes, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", general_count),
            (&mut limits.events, "OTEL_SPAN_EVENT_COUNT_LIMIT", None),
            (&mut limits.links, "OTEL_SPAN_LINK_COUNT_LIMIT", None),
            (&mut limits.attributes_per_event, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", general_count),
            (&mut limits.attributes_per_link, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", general_count),
        ] {
            *limit = env.number(&mut errors, variable).or(general).unwrap_or(*limit);
        }

        let batch = &mut self.batch;
        for (time, variable) in [
            (&mut batch.schedule_delay, "OTEL_BSP_SCHEDULE_DELAY"),
            (&mut batch.export_timeout, "OTEL_BSP_EXPORT_TIMEOUT"),
        ] {
            *time = env.number(&mut errors, variable).map_or(*time, Duration::from_millis);
        }
        for (size, variable) in [
            (&mut batch.max_queue_size, "OTEL_BSP_MAX_QUEUE_SIZE"),
            (&mut batch.max_export_batch_size, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        ] {
            *size = env.number(&mut errors, variable).unwrap_or(*size);
        }
        (self, errors)
    }

    /// Takes the exporter, and puts the stages that check and change spans in front of it. `resource` is that of all spans, as an
    /// encoded field.
    fn behind_stages(&mut self, resource: &[u8]) -> Box<dyn Exporter> {
        let exporter: Box<dyn Exporter> = match (self.exporter.take(), &self.quality) {
            (None, None) => return Box::new(crate::exporters::Discard),
            (Some(exporter), None) => exporter,
            (exporter, Some(quality)) => {
                let exporter = exporter.unwrap_or_else(|| Box::new(crate::exporters::Discard));
                Box::new(quality.clone().wrap(exporter))
            }
        };
        let bounded = self.name_limits.clone().wrap(self.value_limits.clone().wrap(exporter));
        // Original names are kept in an attribute, and the lint logs names, so secrets are removed first.
        let linted = self.lint.clone().in_front_of(resource, Box::new(bounded));
        Box::new(self.redaction.clone().wrap(linted))
    }

    /// Builds the provider and starts its export thread.
    ///
    /// # Errors
    /// Returns an error if the operating system refuses the thread.
    pub fn build(mut self) -> Result<TracerProvider, BuildError> {
        let resource = self.resource.take().unwrap_or_else(|| Resource::builder().build());
        let framer = Framer::new(resource.iter(), resource.schema_url());
        let exporter = self.behind_stages(framer.resource());
        let sampler = self.sampler.unwrap_or_else(|| Arc::new(ParentBased::new(AlwaysOn)));
        let queue = Arc::new(Queue::new(self.batch.normalized()));
        let scopes = Arc::new(Scopes::default());
        let exports_unsampled = exporter.judges_unsampled();
        #[cfg(feature = "self-metrics")]
        let identity = self_metrics::ExporterIdentity {
            component_type: exporter.component_type(),
            destination: exporter.destination().map(str::to_owned),
        };
        let account = Arc::<Account>::default();
        let budget = self.overhead_budget;
        let limits = Arc::new(EngineLimits::new(self.limits));
        let controls =
            budget.enforces.then(|| Arc::new(Controls::new(&budget.kept_attributes, Arc::clone(&limits))));
        let sampler: Arc<dyn Sampler> = match &controls {
            Some(controls) => Arc::new(BudgetSampler::new(sampler, Arc::clone(controls))),
            None => sampler,
        };
        let monitor = Arc::new(Monitor::new(budget, Arc::clone(&account), controls.clone()));
        let link = worker::Link {
            queue: Arc::clone(&queue),
            scopes: Arc::clone(&scopes),
            monitor: Arc::clone(&monitor),
        };
        worker::spawn(link, framer, exporter)?;
        let settings = EngineSettings {
            sampler,
            service_name: resource
                .get("service.name")
                .map(|name| name.as_str().into_owned())
                .unwrap_or_default(),
            limits,
            disabled: self.disabled,
            random_flag: self.random_flag,
            exports_unsampled,
            durable_spans: self.durable_spans,
            quality: self.quality,
            controls,
        };
        let output = EngineOutput {
            gate: Arc::clone(queue.gate()),
            batch_spans: queue.limits().max_export_batch_size,
            account,
            #[cfg(feature = "self-metrics")]
            counts_spans: self.meter.is_some(),
            queue: Arc::clone(&queue) as _,
        };
        let engine = Engine::new(settings, scopes, output);
        let propagator = self.propagator;
        #[cfg(feature = "self-metrics")]
        let _metrics = self.meter.map(|meter| {
            let (engine, queue, monitor) = (Arc::clone(&engine), Arc::clone(&queue), Arc::clone(&monitor));
            let source = Arc::new(self_metrics::Source { engine, queue, monitor, exporter: identity });
            self_metrics::register(&meter, &source);
            source
        });
        Ok(TracerProvider(Arc::new(Inner {
            engine,
            queue,
            resource,
            propagator,
            monitor,
            #[cfg(feature = "self-metrics")]
            _metrics,
        })))
    }
}
