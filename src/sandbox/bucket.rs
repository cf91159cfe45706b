//! A token bucket, the way most vendors limit rates.

#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: u64,
    /// How many may pass at once after a rest.
    pub burst: u64,
}

#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    /// Thousandths of a token, so that a millisecond is worth whole numbers.
    level: u64,
    filled_at_ms: u64,
}

impl Bucket {
    pub fn full(rate: Rate, at_ms: u64) -> Self {
        Bucket { rate, level: rate.burst * 1000, filled_at_ms: at_ms }
    }

    /// Takes tokens, or, where too few are left, none and tells in how many whole seconds there will be enough.
    pub fn take(&mut self, count: usize, at_ms: u64) -> Result<(), u64> {
        let past_ms = at_ms.saturating_sub(self.filled_at_ms);
        self.level =
            self.level.saturating_add(past_ms.saturating_mul(self.rate.per_second)).min(self.rate.burst * 1000);
        self.filled_at_ms = self.filled_at_ms.max(at_ms);
        let wanted = count as u64 * 1000;
        match wanted.checked_sub(self.level).filter(|missing| *missing > 0) {
            Some(missing) => Err(missing.div_ceil(self.rate.per_second * 1000)),
            None => {
                self.level -= wanted;
                Ok(())
            }
        }
    }
}
