//! The provider that is installed in this process.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::tracer_provider::TracerProvider;
use crate::propagation::Propagator;
use crate::span::engine::Engine;

static INSTALLED: RwLock<Option<TracerProvider>> = RwLock::new(None);
/// Counts installations, so that a thread knows when its copy is stale without touching the lock.
static EPOCH: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static KNOWN: RefCell<(u64, Option<Installed>)> = const { RefCell::new((0, None)) };
}

/// What spans and propagation need of the installed provider. Not the provider itself: the last thread to hear of another
/// one would have to wait for its shutdown.
pub(crate) struct Installed {
    pub(super) engine: Arc<Engine>,
    pub(crate) propagator: Propagator,
}

impl Installed {
    fn now() -> Option<Self> {
        let provider = installed()?;
        Some(Self { engine: Arc::clone(provider.engine()), propagator: provider.propagator().clone() })
    }
}

pub(crate) fn install(provider: TracerProvider) {
    let before = INSTALLED.write().unwrap_or_else(PoisonError::into_inner).replace(provider);
    EPOCH.fetch_add(1, Ordering::Release);
    // Dropped here, outside the lock: it may be the last, and then it flushes.
    drop(before);
}

pub(crate) fn installed() -> Option<TracerProvider> {
    INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Hands `visit` the installed provider. A thread keeps a copy of its own, as a shared reference count would be written
/// by all threads with every span.
#[inline]
pub(crate) fn with_installed<R>(visit: impl FnOnce(Option<&Installed>) -> R) -> R {
    let epoch = EPOCH.load(Ordering::Acquire);
    if epoch == 0 {
        return visit(None);
    }
    let mut visit = Some(visit);
    let visited = KNOWN.try_with(|known| {
        if known.try_borrow().ok()?.0 != epoch {
            let stale = std::mem::replace(&mut *known.try_borrow_mut().ok()?, (epoch, Installed::now()));
            drop(stale);
        }
        let known = known.try_borrow().ok()?;
        visit.take().map(|visit| visit(known.1.as_ref()))
    });
    match (visited, visit) {
        (Ok(Some(visited)), _) => visited,
        // The thread's storage is gone, or about to be renewed further up in this very call.
        (_, Some(visit)) => visit(Installed::now().as_ref()),
        // `visit` is gone only when it has been called, and then there is what it returned.
        (_, None) => unreachable!("the visitor was called and its result lost"),
    }
}
