//! The pauses between attempts to export a batch.

use std::time::Duration;

/// Exponential backoff with jitter, as OTLP requires (OTLP 1.x, section "Failures", `Retryable` responses).
///
/// The pauses start at 1 s and grow by a factor of 1.5 up to 30 s. Each varies by ±20 %, so that the clients of a
/// receiver that comes back do not all connect at the same moment. If the receiver asks for a longer pause, the pause
/// is at least that long, up to five minutes.
///
/// This type only computes pauses. It does not sleep.
///
/// ```
/// use std::time::Duration;
/// use tracing_core_lite::pipeline::Backoff;
///
/// let mut backoff = Backoff::new();
/// let first = backoff.next(None);
/// assert!((0.8..=1.2).contains(&first.as_secs_f64()));
/// assert!(backoff.next(Some(Duration::from_secs(60))) >= Duration::from_secs(60));
/// backoff.reset();
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    pause: Duration,
    initial: Duration,
    max: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    const INITIAL: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(30);
    const MAX_ASKED: Duration = Duration::from_secs(300);
    /// Limits pauses that callers request, and prevents overflow in the arithmetic.
    const LONGEST: Duration = Duration::from_secs(3600);
    const MULTIPLIER: f64 = 1.5;
    const SPREAD: f64 = 0.2;

    /// Creates a backoff from 1 s to 30 s.
    #[must_use]
    pub fn new() -> Self {
        Self::between(Self::INITIAL, Self::MAX)
    }

    /// Creates a backoff from `initial` to `max`, or to `initial` if that is longer. Neither exceeds one hour.
    #[must_use]
    pub fn between(initial: Duration, max: Duration) -> Self {
        let initial = initial.min(Self::LONGEST);
        let max = max.clamp(initial, Self::LONGEST);
        Self { pause: initial, initial, max, random: fastrand::Rng::new() }
    }

    /// Returns the pause before the next attempt. `after` is the pause that the receiver asked for
    /// ([`ExportError::Retryable`](super::ExportError::Retryable)).
    pub fn next(&mut self, after: Option<Duration>) -> Duration {
        let spread = 1.0 + Self::SPREAD * (2.0 * self.random.f64() - 1.0);
        let own = self.pause.mul_f64(spread);
        self.pause = self.pause.mul_f64(Self::MULTIPLIER).min(self.max);
        match after {
            // Jitter only lengthens the requested pause, because an earlier attempt would be refused again.
            Some(asked) => {
                own.max(asked.min(Self::MAX_ASKED).mul_f64(1.0 + Self::SPREAD / 2.0 * self.random.f64()))
            }
            None => own,
        }
    }

    /// Restarts at the initial pause. Call it after a success.
    pub fn reset(&mut self) {
        self.pause = self.initial;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_by_half_up_to_the_maximum_with_a_fifth_of_spread() {
        let mut backoff = Backoff::new();
        let mut expected = 1.0f64;
        for _ in 0..20 {
            let pause = backoff.next(None).as_secs_f64();
            assert!(
                (expected * 0.799..=expected * 1.201).contains(&pause),
                "{pause} is not about {expected}"
            );
            expected = (expected * 1.5).min(30.0);
        }
        backoff.reset();
        assert!(backoff.next(None) <= Duration::from_millis(1201));
    }

    #[test]
    fn never_earlier_than_the_receiver_requested() {
        let mut backoff = Backoff::new();
        for _ in 0..100 {
            backoff.reset();
            let pause = backoff.next(Some(Duration::from_secs(10))).as_secs_f64();
            assert!((10.0..=11.001).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn a_receiver_cannot_stop_us_for_ever() {
        assert!(Backoff::new().next(Some(Duration::MAX)) <= Duration::from_secs(331));
    }

    #[test]
    fn a_short_wish_of_the_receiver_does_not_undo_the_backoff() {
        let mut backoff = Backoff::new();
        for _ in 0..10 {
            backoff.next(None);
        }
        assert!(backoff.next(Some(Duration::ZERO)) >= Duration::from_secs(23));
    }
}
