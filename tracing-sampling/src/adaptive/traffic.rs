//! Requests in the last interval, compared with the last hour.

use std::collections::VecDeque;
use std::time::Duration;

use super::inputs::Requests;

/// The time over which the average traffic is computed.
const HOUR: Duration = Duration::from_secs(3600);

/// The share of the hour that must have passed before traffic is compared with the average.
const LEARNING: f64 = 1.0 / 12.0;

/// The share of errors is not computed for intervals with fewer requests.
const FEWEST: f64 = 20.0;

/// The requests of the last hour, by interval.
#[derive(Debug)]
pub(super) struct Traffic {
    intervals: VecDeque<f64>,
    /// The number of intervals in an hour.
    capacity: usize,
    last: Option<(Requests, Duration)>,
}

/// The result of an interval.
#[derive(Debug, PartialEq)]
pub(super) struct Interval {
    /// The share of requests that failed. The error says why there is none.
    pub(super) errors: Result<f64, &'static str>,
    /// The traffic as a multiple of the average of the last hour. The error says why there is none.
    pub(super) traffic: Result<f64, &'static str>,
}

impl Traffic {
    pub(super) fn new(interval: Duration) -> Self {
        let capacity = (HOUR.as_secs_f64() / interval.as_secs_f64().max(1e-3)).round().max(1.0) as usize;
        Self { intervals: VecDeque::new(), capacity, last: None }
    }

    /// Records the requests so far. Returns `None` the first time, and if no time has passed.
    pub(super) fn add(&mut self, requests: Requests, now: Duration) -> Option<Interval> {
        let (before, then) = self.last.replace((requests, now))?;
        let seconds = now.checked_sub(then)?.as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        // A source that restarts counts from 0.
        let total = requests.total - before.total;
        let failed = (requests.failed - before.failed).max(0.0);
        if total < 0.0 {
            return None;
        }
        let errors = if total >= FEWEST { Ok(failed / total) } else { Err("there are too few requests") };
        let rate = total / seconds;
        let traffic = self.compare(rate);
        if self.intervals.len() >= self.capacity {
            self.intervals.pop_front();
        }
        self.intervals.push_back(rate);
        Some(Interval { errors, traffic })
    }

    fn compare(&self, rate: f64) -> Result<f64, &'static str> {
        if (self.intervals.len() as f64) < (self.capacity as f64 * LEARNING).max(1.0) {
            return Err("the usual traffic is not known yet");
        }
        let average = self.intervals.iter().sum::<f64>() / self.intervals.len() as f64;
        if average > 0.0 { Ok(rate / average) } else { Err("there was no traffic in the last hour") }
    }
}
