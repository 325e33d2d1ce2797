//! The thread that syncs what was written.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::shared::Shared;

/// Syncs until the queue ends. A sync begins after three quarters of `interval`, so that it has ended after all of it.
pub(super) fn run(shared: &Shared, interval: Duration) {
    let wait = interval * 3 / 4;
    let mut state = shared.lock();
    loop {
        if state.is_finished {
            return;
        }
        let Some(since) = state.unsynced_since else {
            state = shared.sync_work.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let left = (since + wait).saturating_duration_since(Instant::now());
        if left.is_zero() {
            drop(state);
            shared.sync();
            state = shared.lock();
        } else {
            state = shared.sync_work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
