//! The engine and the propagator that are installed in this process.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::engine::Engine;
use crate::propagation::{self, Propagator};

/// The parts of the installed provider that spans and propagation need.
///
/// This is not the provider itself, because a thread would keep that alive until it next starts a span, and would then
/// wait for its shutdown.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub(crate) engine: Arc<Engine>,
    pub(crate) propagator: Propagator,
}

static INSTALLED: RwLock<Option<Installed>> = RwLock::new(None);
/// Counts installations, so that a thread can see without a lock that its copy is stale.
static EPOCH: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static KNOWN: RefCell<(u64, Option<Installed>)> = const { RefCell::new((0, None)) };
}

/// Installs an engine and a propagator, replacing the previous ones.
pub(crate) fn install(installed: Installed) {
    let before = INSTALLED.write().unwrap_or_else(PoisonError::into_inner).replace(installed);
    propagation::installed::register(|visit| {
        with_installed(|installed| visit(installed.map(|installed| &installed.propagator as _)));
    });
    EPOCH.fetch_add(1, Ordering::Release);
    drop(before);
}

fn now() -> Option<Installed> {
    INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Calls `visit` with the installed engine and propagator. Each thread keeps its own copy, because otherwise all
/// threads would write to one reference count for every span.
#[inline]
pub(crate) fn with_installed<R>(visit: impl FnOnce(Option<&Installed>) -> R) -> R {
    let epoch = EPOCH.load(Ordering::Acquire);
    if epoch == 0 {
        return visit(None);
    }
    let mut visit = Some(visit);
    let visited = KNOWN.try_with(|known| {
        if known.try_borrow().ok()?.0 != epoch {
            let stale = std::mem::replace(&mut *known.try_borrow_mut().ok()?, (epoch, now()));
            drop(stale);
        }
        let known = known.try_borrow().ok()?;
        visit.take().map(|visit| visit(known.1.as_ref()))
    });
    match (visited, visit) {
        (Ok(Some(visited)), _) => visited,
        // The thread's storage is destroyed, or an outer call on this thread is updating it.
        (_, Some(visit)) => visit(now().as_ref()),
        // `visit` is taken only by the call above, which sets the result.
        (_, None) => unreachable!("the visitor was called and its result lost"),
    }
}
