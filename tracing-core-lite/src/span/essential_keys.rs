//! The attributes that a span keeps when attributes are reduced.

use std::sync::atomic::{AtomicU64, Ordering};

use super::key_filter::{KeyFilter, KeyPlace};

/// Attributes that say what a span is, how it ended, and how it was sampled. Names are made from them.
const ALWAYS: [&str; 36] = [
    "db.collection.name",
    "db.namespace",
    "db.operation.name",
    "db.query.summary",
    "db.response.status_code",
    "db.system",
    "db.system.name",
    "error",
    "error.message",
    "error.type",
    "error_handled",
    "exception.type",
    "http.method",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "http.status_code",
    "messaging.destination.name",
    "messaging.destination.template",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "otel.status_code",
    "otel.status_description",
    "rpc.grpc.status_code",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.service",
    "rpc.system",
    "rpc.system.name",
    "sampling.priority",
    "server.address",
    "tracing_suite.name.original",
    "tracing_suite.overhead.base_threshold",
    "tracing_suite.sampling.policy",
    "url.template",
];

/// A set of keys, which may contain a few others too.
#[derive(Debug)]
pub(crate) struct EssentialKeys([AtomicU64; KeyPlace::COUNT / 64]);

impl Default for EssentialKeys {
    fn default() -> Self {
        let keys = Self(std::array::from_fn(|_| AtomicU64::new(0)));
        ALWAYS.iter().for_each(|key| keys.insert(key));
        keys
    }
}

impl EssentialKeys {
    pub(crate) fn insert(&self, key: &str) {
        let number = KeyFilter::place_of(key).number();
        self.0[number / 64].fetch_or(1 << (number % 64), Ordering::Relaxed);
    }

    /// Returns whether the key with this place is kept.
    #[inline]
    pub(super) fn contains(&self, place: KeyPlace) -> bool {
        let number = place.number();
        self.0[number / 64].load(Ordering::Relaxed) >> (number % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_other_keys_are_in_the_set() {
        let keys = EssentialKeys::default();
        assert!(ALWAYS.iter().all(|key| keys.contains(KeyFilter::place_of(key))));
        let others = (0..1000).filter(|number| {
            keys.contains(KeyFilter::place_of(&format!("shop.attribute.{number}.of.an.order")))
        });
        let others = others.count();
        assert!(others < 100, "{others}");
        let own = "shop.customer.tier";
        let place = KeyFilter::place_of(own);
        let was_in = keys.contains(place);
        keys.insert(own);
        assert!(!was_in && keys.contains(place));
    }
}
