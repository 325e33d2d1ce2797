//! Token buckets, as the Collector has them.

/// A token bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    /// When tokens were last added, in nanoseconds.
    at: u64,
}

impl Bucket {
    /// Creates a full bucket.
    pub(super) fn new(rate: u64, burst: Option<u64>) -> Self {
        let burst = burst.filter(|burst| *burst > 0).unwrap_or(rate.saturating_mul(2)) as f64;
        Self { rate: rate as f64, burst, tokens: burst, at: 0 }
    }

    /// Takes `cost` tokens if there are enough. If the clock goes back, no tokens are added.
    pub(super) fn take(&mut self, cost: u64, now: u64) -> bool {
        let elapsed = now.saturating_sub(self.at) as f64 / 1e9;
        self.at = self.at.max(now);
        self.tokens = (self.tokens + elapsed * self.rate).min(self.burst);
        let cost = cost as f64;
        let takes = cost <= self.tokens;
        if takes {
            self.tokens -= cost;
        }
        takes
    }
}

/// The shares of `composite` in the current second.
#[derive(Debug, Clone)]
pub(super) struct SecondShares {
    max_total: u64,
    allocated: Vec<u64>,
    second: u64,
    used: Vec<u64>,
}

impl SecondShares {
    pub(super) fn new(max_total: u64, allocated: Vec<u64>) -> Self {
        let used = vec![0; allocated.len()];
        Self { max_total, allocated, second: 0, used }
    }

    /// Takes `spans` from share `index` if it has enough left in this second.
    pub(super) fn take(&mut self, index: usize, spans: u64, now: u64) -> bool {
        let second = now / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.used.fill(0);
        }
        let used = self.used[index] + spans;
        let takes = used <= self.allocated[index] && used <= self.max_total;
        if takes {
            self.used[index] = used;
        }
        takes
    }
}
