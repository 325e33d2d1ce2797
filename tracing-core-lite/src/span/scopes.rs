//! The instrumentation scopes that an engine has seen, by number.

use std::sync::{PoisonError, RwLock};

use opentelemetry::InstrumentationScope;

/// Above this many scopes, a new one is recorded under the last: scopes are libraries, not data.
const SCOPE_LIMIT: usize = 1024;

/// The instrumentation scopes that an engine has seen, by number.
#[derive(Debug, Default)]
pub(crate) struct Scopes(RwLock<Vec<InstrumentationScope>>);

impl Scopes {
    pub(super) fn number(&self, scope: &InstrumentationScope) -> u32 {
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

    /// Returns the names of all scopes, in the order of their numbers.
    pub(crate) fn names(&self) -> Vec<String> {
        let scopes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        scopes.iter().map(|scope| scope.name().to_owned()).collect()
    }

    pub(crate) fn get(&self, number: u32) -> Option<InstrumentationScope> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(number as usize).cloned()
    }
}
