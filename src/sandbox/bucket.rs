//! A token bucket, the way most vendors limit rates.

#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub count: u64,
    pub per_ms: u64,
    /// How many may pass at once after a rest.
    pub burst: u64,
}

impl Rate {
    pub const fn per_second(count: u64, burst: u64) -> Self {
        Rate { count, per_ms: 1000, burst }
    }
}

#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    /// In parts of a token, so that a millisecond is worth a whole number of them: `per_ms` parts are one.
    level: u64,
    filled_at_ms: u64,
}

impl Bucket {
    pub fn full(rate: Rate, at_ms: u64) -> Self {
        Bucket { rate, level: rate.burst * rate.per_ms, filled_at_ms: at_ms }
    }

    /// Takes tokens, or, where too few are left, none and tells in how many whole seconds there will be enough.
    pub fn take(&mut self, count: usize, at_ms: u64) -> Result<(), u64> {
        let Rate { count: refill, per_ms, burst } = self.rate;
        let past_ms = at_ms.saturating_sub(self.filled_at_ms);
        self.level = self.level.saturating_add(past_ms.saturating_mul(refill)).min(burst * per_ms);
        self.filled_at_ms = self.filled_at_ms.max(at_ms);
        let wanted = count as u64 * per_ms;
        match wanted.checked_sub(self.level).filter(|missing| *missing > 0) {
            Some(missing) => Err(missing.div_ceil(refill * 1000)),
            None => {
                self.level -= wanted;
                Ok(())
            }
        }
    }

    /// Whole tokens that are left.
    pub fn left(&self) -> u64 {
        self.level / self.rate.per_ms
    }
}
