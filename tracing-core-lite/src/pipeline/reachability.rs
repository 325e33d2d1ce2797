//! The decision when a shutdown stops waiting for a receiver.

/// Tracks an exporter's attempts to connect.
///
/// A program without a collector should not wait for the whole shutdown timeout when it exits. A short program whose
/// collector is slow or just starting should lose no spans. The first attempt therefore always gets the full time. Only
/// a second failure in a row to connect, in an attempt that began after the shutdown, ends the wait.
#[derive(Debug, Default)]
pub(super) struct Reachability {
    failures_in_a_row: u32,
    is_given_up: bool,
}

impl Reachability {
    /// Records an attempt. Returns whether it ends the wait.
    pub(super) fn note(&mut self, is_unreachable: bool, began_after_shutdown: bool) -> bool {
        self.failures_in_a_row = if is_unreachable { self.failures_in_a_row.saturating_add(1) } else { 0 };
        let ends = self.failures_in_a_row >= 2 && began_after_shutdown && !self.is_given_up;
        self.is_given_up |= ends;
        ends
    }

    /// Returns whether no further attempt should be made.
    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_ends_with_the_second_failure_in_a_row_if_it_began_after_the_shutdown() {
        const FAILED: bool = true;
        const ANSWERED: bool = false;
        for (attempts, expected) in [
            (&[(FAILED, true)][..], false),
            (&[(FAILED, true), (FAILED, true)], true),
            (&[(FAILED, false), (FAILED, true)], true),
            (&[(FAILED, false), (FAILED, false)], false),
            (&[(FAILED, false), (ANSWERED, true), (FAILED, true)], false),
            (&[(ANSWERED, true), (ANSWERED, true), (ANSWERED, true)], false),
        ] {
            let mut reachability = Reachability::default();
            for &(is_unreachable, began_after_shutdown) in attempts {
                reachability.note(is_unreachable, began_after_shutdown);
            }
            assert_eq!(reachability.is_given_up(), expected, "{attempts:?}");
        }
    }
}
