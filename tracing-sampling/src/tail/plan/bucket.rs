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
    pub(super) fn new(rate: f64, burst: u64) -> Self {
        let burst = burst as f64;
        Self { rate, burst, tokens: burst, at: 0 }
    }

    /// Appends the state to `out`.
    pub(super) fn save(&self, out: &mut Vec<u64>) {
        out.extend([self.tokens.to_bits(), self.at]);
    }

    /// Restores a saved state.
    pub(super) fn restore(&mut self, state: &mut impl Iterator<Item = u64>) -> Option<()> {
        let tokens = f64::from_bits(state.next()?);
        self.tokens = if tokens.is_finite() { tokens.clamp(0.0, self.burst) } else { 0.0 };
        self.at = state.next()?;
        Some(())
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

    /// Appends the state to `out`.
    pub(super) fn save(&self, out: &mut Vec<u64>) {
        out.push(self.second);
        out.extend(&self.used);
    }

    /// Restores a saved state.
    pub(super) fn restore(&mut self, state: &mut impl Iterator<Item = u64>) -> Option<()> {
        self.second = state.next()?;
        for used in &mut self.used {
            *used = state.next()?;
        }
        Some(())
    }

    /// Takes `spans` from share `index` if it has enough left in this second.
    pub(super) fn take(&mut self, index: usize, spans: u64, now: u64) -> bool {
        let second = now / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.used.fill(0);
        }
        let used = self.used[index].saturating_add(spans);
        let takes = used <= self.allocated[index] && used <= self.max_total;
        if takes {
            self.used[index] = used;
        }
        takes
    }
}
