//! Memory, threads and descriptors of the processes that are never ended.

use std::fs;
use std::time::Instant;

/// What a process takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    pub(crate) resident_kib: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
}

impl Sample {
    /// Returns what the process `id` takes now, or `None` if there is no such process.
    pub(crate) fn take(id: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let number = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let descriptors = fs::read_dir(format!("/proc/{id}/fd")).ok()?.count() as u64;
        Some(Self {
            at: Instant::now(),
            resident_kib: number("VmRSS:")?,
            threads: number("Threads:")?,
            descriptors,
        })
    }
}

/// The samples of one process.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) id: u32,
    pub(super) samples: Vec<Sample>,
}

impl Series {
    pub(super) fn sample(&mut self) {
        self.samples.extend(Sample::take(self.id));
    }

    /// Returns the median of `value` between two shares of the time, such as 0.25 and 0.5.
    pub(super) fn median(&self, from: f64, to: f64, value: impl Fn(&Sample) -> u64) -> Option<u64> {
        let (first, last) = (self.samples.first()?.at, self.samples.last()?.at);
        let all = last.duration_since(first).as_secs_f64();
        let range = from * all..=to * all;
        let within = |sample: &&Sample| range.contains(&sample.at.duration_since(first).as_secs_f64());
        let mut values: Vec<u64> = self.samples.iter().filter(within).map(value).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    }
}
