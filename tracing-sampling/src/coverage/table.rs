//! The tables in which the counts are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thread_local::ThreadLocal;

use super::agreement::Agreement;
use super::counts::{Counts, OTHERS, PolicyCounts};

/// The maximum number of operations that a thread counts separately.
const MAX_OPERATIONS: usize = 1000;

/// Counts seen, kept and dropped traces. Clones share the counts. See the [module](super).
///
/// It counts at most 1,000 operations and 100 policies of each separately, and the rest together. To find disagreements, it
/// remembers the latest 10,000 traces.
#[derive(Debug, Clone, Default)]
pub struct Coverage(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Each thread locks its own table, so that only a report contends for it.
    tables: ThreadLocal<Mutex<Table>>,
    agreement: Mutex<Agreement>,
}

/// Counts by service and operation.
#[derive(Debug, Default)]
pub(super) struct Table {
    services: BTreeMap<Box<str>, BTreeMap<Box<str>, Counts>>,
    operations: usize,
}

impl Table {
    pub(super) fn policy(&mut self, service: &str, operation: &str, policy: &str) -> &mut PolicyCounts {
        self.operation(service, operation).policy(policy)
    }

    fn operation(&mut self, service: &str, operation: &str) -> &mut Counts {
        let is_known = self.services.get(service).is_some_and(|known| known.contains_key(operation));
        let (service, operation) = match is_known || self.operations < MAX_OPERATIONS {
            true => (service, operation),
            false => (OTHERS, OTHERS),
        };
        self.operations += usize::from(!is_known && service != OTHERS);
        self.services.entry(service.into()).or_default().entry(operation.into()).or_default()
    }

    fn merge(&mut self, other: &Self) {
        for (service, operations) in &other.services {
            for (operation, counts) in operations {
                self.operation(service, operation).merge(counts);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Counts)> {
        self.services.iter().flat_map(|(service, operations)| {
            operations.iter().map(move |(operation, counts)| (&**service, &**operation, counts))
        })
    }
}

impl Coverage {
    /// Creates an empty coverage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the sum of the tables of all threads.
    pub(super) fn sum(&self) -> Table {
        let mut all = Table::default();
        for table in &self.0.tables {
            all.merge(&lock(table));
        }
        all
    }

    /// Returns the table of this thread.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        lock(self.0.tables.get_or_default())
    }

    pub(super) fn agreement(&self) -> MutexGuard<'_, Agreement> {
        lock(&self.0.agreement)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
