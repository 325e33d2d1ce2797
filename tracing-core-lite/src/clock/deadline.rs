//! Moments in the future.

use std::time::{Duration, Instant};

/// Returns the time `duration` from now, or one far ahead when `duration` is too long for an [`Instant`].
pub(crate) fn after(duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + duration.min(FAR)
}
