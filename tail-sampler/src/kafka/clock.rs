//! The time of a partition.

use std::time::{Duration, Instant};

/// Records may be this far ahead of the clock of this machine. Those further ahead do not move the time of their partition.
const AHEAD: Duration = Duration::from_secs(60);

/// How much longer a partition waits that may have records.
const WITH_RECORDS: u32 = 10;

/// Why a timestamp does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadTimestamp {
    Missing,
    Future,
}

/// The time of a partition: the highest timestamp of its records so far. Whoever reads the same records decides at the same times.
/// Without newer records, the clock of this machine moves it on.
#[derive(Debug)]
pub(super) struct PartitionClock {
    /// Nanoseconds since the Unix epoch.
    now: u64,
    /// The time at the last newer record, and when it was read.
    base: u64,
    since: Instant,
    /// Whether the last record of the partition was read.
    at_end: bool,
}

impl PartitionClock {
    pub(super) fn new(now: u64) -> Self {
        Self { now, base: now, since: Instant::now(), at_end: false }
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Takes over the timestamp of a record. `wall` is the time of this machine. Both are in milliseconds since the Unix epoch.
    pub(super) fn observe(&mut self, timestamp: Option<i64>, wall: i64) -> Result<(), BadTimestamp> {
        self.at_end = false;
        let timestamp = timestamp.filter(|it| *it > 0).ok_or(BadTimestamp::Missing)?;
        if timestamp > wall.saturating_add(AHEAD.as_millis() as i64) {
            return Err(BadTimestamp::Future);
        }
        let nanos = (timestamp as u64).saturating_mul(1_000_000);
        if nanos > self.now {
            self.now = nanos;
            self.touch();
        }
        Ok(())
    }

    /// Notes that there are no more records now.
    pub(super) fn reach_end(&mut self) {
        self.at_end = true;
        self.touch();
    }

    /// Moves on with the clock of this machine, if there was no newer record for `idle_after`. If there may be records that were not
    /// read, it waits longer, because their timestamps say more.
    pub(super) fn idle(&mut self, idle_after: Duration) {
        let elapsed = self.since.elapsed();
        let patience = if self.at_end { idle_after } else { idle_after * WITH_RECORDS };
        if elapsed >= patience {
            let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
            self.now = self.now.max(self.base.saturating_add(elapsed));
        }
    }

    /// Forgets how long there was no newer record.
    pub(super) fn touch(&mut self) {
        (self.base, self.since) = (self.now, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_move_the_time_and_bad_timestamps_do_not() {
        let mut clock = PartitionClock::new(0);
        for (timestamp, result, now) in [
            (Some(5), Ok(()), 5),
            (Some(3), Ok(()), 5),
            (None, Err(BadTimestamp::Missing), 5),
            (Some(-1), Err(BadTimestamp::Missing), 5),
            (Some(i64::MAX), Err(BadTimestamp::Future), 5),
            (Some(1000 + 60_001), Err(BadTimestamp::Future), 5),
            (Some(1000 + 60_000), Ok(()), 61_000),
        ] {
            assert_eq!(
                (clock.observe(timestamp, 1000), clock.now()),
                (result, now * 1_000_000),
                "{timestamp:?}"
            );
        }
    }

    #[test]
    fn without_records_this_machine_moves_the_time() {
        let mut clock = PartitionClock::new(7);
        clock.idle(Duration::from_secs(3600));
        assert_eq!(clock.now(), 7);
        clock.reach_end();
        assert_eq!(clock.now(), 7);
        clock.idle(Duration::ZERO);
        let first = clock.now();
        assert!(first > 7);
        clock.idle(Duration::ZERO);
        assert!(clock.now() > first);
    }
}
