//! The limits of the spans of one engine, which a budget can lower.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::essential_keys::EssentialKeys;
use super::key_filter::KeyPlace;
use super::limits::SpanLimits;

/// The limits of the spans of one engine. While attributes are reduced, spans keep only some of them.
///
/// Spans read them through one reference that never changes, so that a budget costs nothing while nothing is reduced.
#[derive(Debug)]
pub(crate) struct EngineLimits {
    limits: SpanLimits,
    /// The maximum number of attributes that take the short path: none while attributes are reduced.
    short_attributes: AtomicU32,
    is_reduced: AtomicBool,
    /// The attributes that are kept while attributes are reduced.
    essential: EssentialKeys,
}

impl EngineLimits {
    pub(crate) fn new(limits: SpanLimits) -> Self {
        Self {
            short_attributes: AtomicU32::new(limits.attributes),
            limits,
            is_reduced: AtomicBool::new(false),
            essential: EssentialKeys::default(),
        }
    }

    /// Returns the maximum number of attributes of a span for which [`keeps`](EngineLimits::keeps) need not be asked.
    #[inline]
    pub(super) fn short_attributes(&self) -> u32 {
        self.short_attributes.load(Ordering::Relaxed)
    }

    /// Returns whether an attribute with this key is kept.
    #[inline]
    pub(super) fn keeps(&self, place: KeyPlace) -> bool {
        !self.is_reduced.load(Ordering::Relaxed) || self.essential.contains(place)
    }

    /// Keeps an attribute while attributes are reduced.
    pub(crate) fn keep(&self, key: &str) {
        self.essential.insert(key);
    }

    /// Reduces attributes, or ends that.
    pub(crate) fn set_reduced(&self, is_reduced: bool) {
        self.is_reduced.store(is_reduced, Ordering::Relaxed);
        let short_attributes = if is_reduced { 0 } else { self.limits.attributes };
        self.short_attributes.store(short_attributes, Ordering::Relaxed);
    }
}

impl Deref for EngineLimits {
    type Target = SpanLimits;

    #[inline]
    fn deref(&self) -> &SpanLimits {
        &self.limits
    }
}
