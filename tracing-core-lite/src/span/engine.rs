//! The span engine: what all spans of one provider share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::SpanContext;

use super::durable_spans::DurableSpans;
use super::engine_limits::EngineLimits;
use super::record::SpanRecord;
use super::scopes::Scopes;
#[cfg(feature = "self-metrics")]
use super::tally::Tally;
use crate::buffer::{Buffer, Gate, Intake};
use crate::cost::Account;
use crate::overhead::Controls;
use crate::quality::live_quality::LiveQuality;
use crate::sampling::{Record, Sampler};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
pub(crate) struct Engine {
    /// Unique among the engines of a process.
    id: u64,
    settings: EngineSettings,
    scopes: Arc<Scopes>,
    buffer: Buffer,
    account: Arc<Account>,
    #[cfg(feature = "self-metrics")]
    tally: Option<Box<Tally>>,
}

/// How an engine records spans.
#[derive(Debug)]
pub(crate) struct EngineSettings {
    pub(crate) sampler: Arc<dyn Sampler>,
    /// `service.name`, for the sampler.
    pub(crate) service_name: String,
    pub(crate) limits: Arc<EngineLimits>,
    /// Record nothing (`OTEL_SDK_DISABLED`).
    pub(crate) disabled: bool,
    /// Set the random flag of W3C Trace Context Level 2 on roots.
    pub(crate) random_flag: bool,
    /// Hand over spans that are recorded but not sampled, because a stage decides about them.
    pub(crate) exports_unsampled: bool,
    /// The spans that are flushed as soon as they end.
    pub(crate) durable_spans: Option<DurableSpans>,
    /// Finds broken context.
    pub(crate) quality: Option<LiveQuality>,
    /// What an enforced budget changes.
    pub(crate) controls: Option<Arc<Controls>>,
}

/// Where the finished spans of an engine go.
#[derive(Debug)]
pub(crate) struct EngineOutput {
    pub(crate) gate: Arc<Gate>,
    pub(crate) queue: Arc<dyn Intake>,
    /// Spans in one batch, at most.
    pub(crate) batch_spans: usize,
    /// What the spans cost.
    pub(crate) account: Arc<Account>,
    /// Whether spans are counted.
    #[cfg(feature = "self-metrics")]
    pub(crate) counts_spans: bool,
}

impl Engine {
    pub(crate) fn new(settings: EngineSettings, scopes: Arc<Scopes>, output: EngineOutput) -> Arc<Self> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let buffer = Buffer::new(id, output.gate, output.queue, output.batch_spans);
        Arc::new(Self {
            id,
            settings,
            scopes,
            buffer,
            account: output.account,
            #[cfg(feature = "self-metrics")]
            tally: output.counts_spans.then(Box::default),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    #[inline]
    pub(crate) fn sampler(&self) -> &dyn Sampler {
        &*self.settings.sampler
    }

    pub(crate) fn service_name(&self) -> &str {
        &self.settings.service_name
    }

    #[inline]
    pub(crate) fn limits(&self) -> &EngineLimits {
        &self.settings.limits
    }

    /// Whether the internal spans of this scope are switched off.
    #[inline]
    pub(crate) fn is_switched_off(&self, scope: u32) -> bool {
        self.settings.controls.as_ref().is_some_and(|controls| controls.is_off(scope))
    }

    /// Whether a budget is enforced.
    #[inline]
    pub(crate) fn is_budgeted(&self) -> bool {
        self.settings.controls.is_some()
    }

    /// Whether new roots get the random flag.
    #[inline]
    pub(crate) fn sets_random_flag(&self) -> bool {
        self.settings.random_flag
    }

    /// Whether spans that are recorded but not sampled are handed over.
    #[inline]
    pub(crate) fn exports_unsampled(&self) -> bool {
        self.settings.exports_unsampled
    }

    /// Returns what finds broken context, if anything does.
    #[inline]
    pub(crate) fn quality(&self) -> Option<&LiveQuality> {
        self.settings.quality.as_ref()
    }

    /// Requests a flush if the span that `record` holds, which has just ended, is to be durable.
    #[inline]
    pub(crate) fn flush_if_durable(&self, record: &SpanRecord) {
        if let Some(durable) = &self.settings.durable_spans {
            self.flush_if_in(durable, record);
        }
    }

    #[cold]
    fn flush_if_in(&self, durable: &DurableSpans, record: &SpanRecord) {
        if durable.matches(record) && !self.buffer.is_forked() {
            self.buffer.queue().request_flush(None);
        }
    }

    /// Whether spans are not recorded: the engine is disabled or shut down.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        self.settings.disabled || self.buffer.is_closed()
    }

    /// The counts of spans, if they are counted.
    #[cfg(feature = "self-metrics")]
    pub(crate) fn tally(&self) -> Option<&Tally> {
        self.tally.as_deref()
    }

    /// Counts a span that starts.
    #[inline(always)]
    #[cfg_attr(not(feature = "self-metrics"), allow(unused_variables))]
    pub(crate) fn count_started(&self, record: Record, parent: Option<&SpanContext>) {
        #[cfg(feature = "self-metrics")]
        if let Some(tally) = &self.tally {
            tally.count_started(record, parent);
        }
    }

    /// Counts a recorded span that ends.
    #[inline(always)]
    #[cfg_attr(not(feature = "self-metrics"), allow(unused_variables))]
    pub(crate) fn count_ended(&self, is_sampled: bool, is_exported: bool) {
        #[cfg(feature = "self-metrics")]
        if let Some(tally) = &self.tally {
            let record = if is_sampled { Record::RecordAndSample } else { Record::RecordOnly };
            tally.count_ended(record, is_exported);
        }
    }

    /// What the spans cost.
    #[inline]
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    #[inline]
    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Returns the number of `scope` in this engine, which never changes.
    pub(crate) fn scope_number(&self, scope: &InstrumentationScope) -> u32 {
        self.scopes.number(scope)
    }
}
