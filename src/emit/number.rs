//! Numbers of requests: each of a delivery has its own, whichever lane makes it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::lanes::MOST;

/// A lane takes so many at a time: requests that it makes one after another then have numbers one after another, and what came
/// of them shares a line of the ledger's journal.
const BLOCK: u64 = 1_024;

#[derive(Debug)]
pub struct Numbers {
    made: AtomicU64,
    /// Blocks begin above it.
    given: AtomicU64,
    /// By lane: what is left of its block.
    blocks: [Mutex<Range<u64>>; MOST],
}

impl Numbers {
    /// So many requests were made before.
    pub fn after(made: u64) -> Numbers {
        let none = |_| Mutex::new(0..0);
        Numbers { made: made.into(), given: made.into(), blocks: std::array::from_fn(none) }
    }

    pub fn next(&self, lane: usize) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed);
        // A range is whole at every moment.
        let mut block = self.blocks[lane].lock().unwrap_or_else(PoisonError::into_inner);
        block.next().unwrap_or_else(|| {
            let first = self.given.fetch_add(BLOCK, Ordering::Relaxed) + 1;
            *block = first + 1..first + BLOCK;
            first
        })
    }

    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_lane_counts_on_and_no_number_comes_twice() {
        const LANES: usize = 3;
        let numbers = Numbers::after(7);
        let mut given = vec![Vec::new(); LANES];
        for turn in 0..LANES * (2 * BLOCK as usize + 1) {
            given[turn % LANES].push(numbers.next(turn % LANES));
        }
        assert!(given[0][..BLOCK as usize].iter().copied().eq(8..8 + BLOCK));
        assert!(given.iter().all(|own| own.is_sorted()));
        let all: BTreeSet<u64> = given.into_iter().flatten().collect();
        assert_eq!(all.len() as u64 + 7, numbers.made());
    }
}
