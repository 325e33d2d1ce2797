//! What an enforced budget has changed, as the engine reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sampling::consistent::Threshold;
use crate::span::engine_limits::EngineLimits;

/// Every scope is switched off.
const ALL_SCOPES: u64 = u64::MAX;

/// The steps that are in force.
#[derive(Debug)]
pub(crate) struct Controls {
    /// The share of traces that are sampled, as the bits of an `f64`.
    sampling: AtomicU64,
    /// The numbers of the scopes that are switched off, as bits.
    off: AtomicU64,
    /// The limits that are lowered while attributes are reduced.
    limits: Arc<EngineLimits>,
}

impl Controls {
    pub(crate) fn new(kept_attributes: &[String], limits: Arc<EngineLimits>) -> Self {
        let controls = Self { sampling: AtomicU64::new(1_f64.to_bits()), off: AtomicU64::new(0), limits };
        controls.keep_attributes(kept_attributes);
        controls
    }

    /// Returns the share of traces that are sampled.
    #[inline]
    pub(crate) fn sampling(&self) -> f64 {
        f64::from_bits(self.sampling.load(Ordering::Relaxed))
    }

    /// Returns whether all traces are sampled.
    #[inline]
    pub(crate) fn samples_all(&self) -> bool {
        self.sampling.load(Ordering::Relaxed) == 1_f64.to_bits()
    }

    /// Returns whether the internal spans of this scope are switched off.
    #[inline]
    pub(crate) fn is_off(&self, scope: u32) -> bool {
        let off = self.off.load(Ordering::Relaxed);
        off != 0 && (off == ALL_SCOPES || (scope < 63 && off >> scope & 1 == 1))
    }

    pub(super) fn set_reduces_attributes(&self, reduces: bool) {
        self.limits.set_reduced(reduces);
    }

    /// Adds attributes that are kept.
    pub(super) fn keep_attributes(&self, keys: &[String]) {
        keys.iter().for_each(|key| self.limits.keep(key));
    }

    pub(super) fn set_sampling(&self, share: f64) {
        self.sampling.store(share.to_bits(), Ordering::Relaxed);
    }

    /// Switches off the scopes of which `is_expendable` returns true, and all others on.
    pub(super) fn switch_off(&self, scopes: &[String], is_expendable: impl Fn(&str) -> bool) {
        let bits = scopes.iter().take(63).enumerate().filter(|(_, scope)| is_expendable(scope));
        self.off.store(bits.fold(0, |off, (number, _)| off | 1 << number), Ordering::Relaxed);
    }

    pub(super) fn switch_all_off(&self) {
        self.off.store(ALL_SCOPES, Ordering::Relaxed);
    }

    pub(super) fn switch_on(&self) {
        self.off.store(0, Ordering::Relaxed);
    }

    /// Returns the threshold that samples this controller's share of the traces that pass `base`.
    pub(super) fn threshold_within(&self, base: Threshold) -> Threshold {
        let passing = Threshold::NEVER.get() - base.get();
        let kept = (passing as f64 * self.sampling()).round() as u64;
        Threshold::from_bits(Threshold::NEVER.get() - kept.clamp(1, passing.max(1)))
    }
}
