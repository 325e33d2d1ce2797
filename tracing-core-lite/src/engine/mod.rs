//! The span engine: what all spans of one provider share.
//!
//! Ending a span appends its bytes to the thread's own [chunk](buffer); a thread of the engine's own
//! [collects, frames and exports](worker) the chunks.

pub(crate) mod buffer;
pub(crate) mod chunk;
pub(crate) mod courtesy;
pub(crate) mod frame;
pub(crate) mod ids;
pub(crate) mod queue;
pub(crate) mod report;
mod shared_chunk;
pub(crate) mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use opentelemetry::InstrumentationScope;

use crate::sampling::Sampler;
use crate::span::SpanLimits;
use buffer::Buffer;

/// The time `duration` from now; a far one when there is no such time.
pub(crate) fn after(duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + duration.min(FAR)
}

/// Above this many scopes a new one is recorded under the last: scopes are libraries, not data.
const SCOPE_LIMIT: usize = 1024;

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
        queue: Arc<queue::Queue>,
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

/// The instrumentation scopes that an engine has seen, by number.
#[derive(Debug, Default)]
pub(crate) struct Scopes(RwLock<Vec<InstrumentationScope>>);

impl Scopes {
    fn number(&self, scope: &InstrumentationScope) -> u32 {
        let known =
            self.0.read().unwrap_or_else(PoisonError::into_inner).iter().position(|known| known == scope);
        let index = known.unwrap_or_else(|| {
            let mut scopes = self.0.write().unwrap_or_else(PoisonError::into_inner);
            scopes.iter().position(|known| known == scope).unwrap_or_else(|| {
                if scopes.len() < SCOPE_LIMIT {
                    scopes.push(scope.clone());
                }
                scopes.len() - 1
            })
        });
        // SCOPE_LIMIT is far below u32::MAX.
        index as u32
    }

    fn get(&self, number: u32) -> Option<InstrumentationScope> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(number as usize).cloned()
    }
}
