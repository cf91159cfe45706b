//! The arithmetic of one limit: when the next request may leave.

use std::collections::VecDeque;
use std::time::Duration;

/// Times are seconds on the clock of `World::elapsed`.
#[derive(Clone, Debug)]
pub struct Bucket {
    limit: f64,
    per: f64,
    /// What may go at once, where the destination has such a bucket; else requests are spaced evenly.
    burst: Option<f64>,
    /// When all that was taken so far has flown off at the rate.
    free_at: f64,
    /// Without a burst: what left, or will leave, within the last period, and when.
    recent: VecDeque<(f64, f64)>,
    held: f64,
}

/// Requests that are spaced evenly come to so much of the limit: they arrive in other distances than they left, and those who
/// count see them arrive.
const SPARING: f64 = 0.95;

/// What the arithmetic may be wrong by, in seconds.
const EXACT: f64 = 1e-9;

impl Bucket {
    pub fn new(count: u32, per: Duration, burst: Option<u32>) -> Self {
        let (limit, per) = (f64::from(count.max(1)), per.as_secs_f64().max(0.001));
        let burst = burst.map(|burst| f64::from(burst.max(1)));
        Bucket { limit, per, burst, free_at: 0.0, recent: VecDeque::new(), held: 0.0 }
    }

    /// The first moment from `from` on at which so much may leave.
    pub fn earliest(&self, from: f64, count: f64) -> f64 {
        match self.burst {
            Some(burst) => from.max(self.free_at + self.seconds(count - burst)),
            None => self.in_window(from.max(self.free_at), count),
        }
    }

    /// No stretch of a period may hold more than the limit: those who count may begin it anywhere, and batches of several
    /// sizes do not fill it evenly. What is larger than the limit goes alone.
    fn in_window(&self, mut at: f64, count: f64) -> f64 {
        let mut held = self.held;
        for (left, taken) in &self.recent {
            let over = left + self.per;
            if over > whole(at) + EXACT && held + count > self.limit + EXACT {
                at = over;
            } else if over > whole(at) + EXACT {
                break;
            }
            held -= taken;
        }
        at
    }

    /// Takes what leaves then. Taken is taken: who comes later queues behind it.
    pub fn take(&mut self, at: f64, count: f64) {
        let Some(burst) = self.burst else {
            self.free_at = at + self.seconds(count);
            return self.keep(whole(at), count);
        };
        self.free_at = (self.free_at + self.seconds(count)).max(at + self.seconds(count.min(burst)));
    }

    fn keep(&mut self, at: f64, count: f64) {
        while let Some((_, taken)) = self.recent.front().filter(|(left, _)| *left + self.per <= at + EXACT) {
            self.held -= taken;
            self.recent.pop_front();
        }
        self.recent.push_back((at, count));
        self.held += count;
    }

    /// Takes many requests of one size from `from` on, and says when the last of them leaves.
    pub fn pass(&mut self, from: f64, requests: u64, each: f64) -> f64 {
        if requests == 0 {
            return from;
        }
        let begun = self.free_at.max(from);
        let (each, room) = match self.burst {
            Some(burst) => (each, burst),
            None => (self.filling(each), self.filling(each)),
        };
        self.free_at = begun + self.seconds(requests as f64 * each);
        from.max(self.free_at - self.seconds(room))
    }

    /// What a request of this size comes to, where a window holds a whole number of them.
    fn filling(&self, each: f64) -> f64 {
        let fit = (self.limit / each.max(EXACT)).floor();
        if fit < 1.0 { each } else { each.max(SPARING * self.limit / fit) }
    }

    /// What an answer says is left now.
    pub fn learn(&mut self, now: f64, remaining: f64) {
        let room = self.burst.unwrap_or(1.0);
        self.free_at = self.free_at.max(now + self.seconds(room - remaining));
    }

    fn seconds(&self, count: f64) -> f64 {
        let sparing = if self.burst.is_some() { 1.0 } else { SPARING };
        count * self.per / (self.limit * sparing)
    }
}

/// Waits end on whole milliseconds: a request that leaves a part of one early is one too many for those who count in them.
pub fn whole(seconds: f64) -> f64 {
    ((seconds - EXACT) * 1000.0).ceil() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When requests of these sizes leave that all come at the same time, in milliseconds.
    fn leave(bucket: &mut Bucket, from: f64, sizes: &[u32]) -> Vec<u64> {
        let one = |size: &u32| {
            let at = bucket.earliest(from, f64::from(*size));
            bucket.take(at, f64::from(*size));
            (whole(at) * 1000.0).round() as u64
        };
        sizes.iter().map(one).collect()
    }

    fn most_in_a_window(left: &[u64], sizes: &[u32], per: u64) -> u32 {
        let within = |from: u64| left.iter().zip(sizes).filter(move |(at, _)| (from..from + per).contains(*at));
        left.iter().map(|&from| within(from).map(|(_, size)| size).sum()).max().unwrap_or_default()
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let mut bucket = Bucket::new(300, Duration::from_secs(1), Some(1000));
        assert_eq!(leave(&mut bucket, 0.0, &[200; 7]), [0, 0, 0, 0, 0, 667, 1334]);
        assert_eq!(leave(&mut bucket, 10.0, &[200]), [10_000]);
    }

    #[test]
    fn a_window_of_a_minute_is_not_spent_at_once() {
        let mut bucket = Bucket::new(60, Duration::from_secs(60), None);
        assert_eq!(leave(&mut bucket, 0.0, &[1; 3]), [0, 1053, 2106]);
    }

    #[test]
    fn no_window_ever_holds_more_than_the_limit_and_little_is_given_away() {
        for (limit, per) in [(1, 1), (3, 1), (40, 1), (50, 1), (150, 1), (997, 1), (35, 60), (300, 60), (1000, 60)] {
            let mut bucket = Bucket::new(limit, Duration::from_secs(per), None);
            let sizes = vec![1; limit as usize * 5];
            let left = leave(&mut bucket, 0.0, &sizes);
            let most = most_in_a_window(&left, &sizes, per * 1000);
            assert!(most <= limit, "{most} in a window of {per} s, of {limit}");
            // Where some of them come in late, the window holds all the same.
            let late: Vec<u64> = left.iter().enumerate().map(|(at, left)| left + per * (at as u64 % 5) * 4).collect();
            let most = most_in_a_window(&late, &sizes, per * 1000);
            assert!(limit < 40 || most <= limit, "{most} arrive in a window of {per} s, of {limit}");
            let took = left[left.len() - 1] as f64 / 1000.0;
            let rate = (left.len() - 1) as f64 / took;
            assert!(rate >= 0.94 * f64::from(limit) / per as f64, "{rate} a second, of {limit} in {per} s");
        }
    }

    #[test]
    fn batches_of_all_sizes_keep_to_the_window() {
        let mut bucket = Bucket::new(1000, Duration::from_secs(1), None);
        let sizes: Vec<u32> = (0..200).map(|at| [1, 999, 200, 1000, 333, 7][at * at % 6]).collect();
        let left = leave(&mut bucket, 0.0, &sizes);
        assert!(most_in_a_window(&left, &sizes, 1000) <= 1000);
        assert!(left.is_sorted());
    }

    #[test]
    fn a_pause_is_no_credit() {
        let mut bucket = Bucket::new(10, Duration::from_secs(1), None);
        leave(&mut bucket, 0.0, &[1; 10]);
        assert_eq!(leave(&mut bucket, 60.0, &[1; 3]), [60_000, 60_106, 60_211]);
    }

    #[test]
    fn what_is_larger_than_the_limit_goes_alone() {
        let mut bucket = Bucket::new(100, Duration::from_secs(1), None);
        assert_eq!(leave(&mut bucket, 0.0, &[500, 1, 1]), [0, 5264, 5274]);
    }

    #[test]
    fn what_is_foretold_is_what_comes() {
        for (limit, burst, size, requests) in
            [(300, Some(1000), 200, 50), (50, None, 1, 200), (1000, None, 300, 40), (10_000, None, 10_000, 9)]
        {
            let bucket = Bucket::new(limit, Duration::from_secs(1), burst);
            let last = leave(&mut bucket.clone(), 0.0, &vec![size; requests])[requests - 1] as f64 / 1000.0;
            let told = bucket.clone().pass(0.0, requests as u64, f64::from(size));
            assert!((last - told).abs() <= 0.05 * last, "{told} for {last}: {limit} {size}");
        }
    }
}
