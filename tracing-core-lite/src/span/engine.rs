//! The span engine: what all spans of one provider share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::InstrumentationScope;

use super::limits::SpanLimits;
use super::scopes::Scopes;
use crate::buffer::Buffer;
use crate::pipeline::queue::Queue;
use crate::sampling::Sampler;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
pub(crate) struct Engine {
    /// Never the same for two engines of a process.
    id: u64,
    sampler: Arc<dyn Sampler>,
    limits: SpanLimits,
    disabled: bool,
    scopes: Arc<Scopes>,
    buffer: Buffer,
}

impl Engine {
    pub(crate) fn new(
        sampler: Arc<dyn Sampler>,
        limits: SpanLimits,
        disabled: bool,
        queue: Arc<Queue>,
        scopes: Arc<Scopes>,
    ) -> Arc<Self> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, sampler, limits, disabled, scopes, buffer: Buffer::new(id, queue) })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    #[inline]
    pub(crate) fn sampler(&self) -> &dyn Sampler {
        &*self.sampler
    }

    #[inline]
    pub(crate) fn limits(&self) -> &SpanLimits {
        &self.limits
    }

    /// Told to do nothing (`OTEL_SDK_DISABLED`), or shut down.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        self.disabled || self.buffer.queue().is_closed()
    }

    #[inline]
    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The number of `scope` in this engine, for ever the same.
    pub(crate) fn scope_number(&self, scope: &InstrumentationScope) -> u32 {
        self.scopes.number(scope)
    }
}
