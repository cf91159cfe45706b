//! Limiters of a run that has not begun: what will be taken from them, and how long that takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Buckets, Limiter};
use crate::ir::estimate::SlowestLimit;

/// Something that a limiter will have to let through.
#[derive(Clone, Debug)]
pub struct Draw {
    pub limiter: Arc<Limiter>,
    pub requests: u64,
    pub records: u64,
}

/// A clock that stands still but for the limits. Activations of a run share it: where one has emptied a bucket the next one
/// finds it empty.
#[derive(Debug, Default)]
pub struct Forecast {
    now: Duration,
    /// By the address of their limiter, which is kept alive beside them.
    buckets: HashMap<usize, (Arc<Limiter>, Buckets)>,
}

impl Forecast {
    /// Lets all of it through, one limit beside the other. Gives the seconds until the slowest is done, and which that is.
    pub fn pass(&mut self, draws: &[Draw]) -> (f64, Option<SlowestLimit>) {
        let now = self.now.as_secs_f64();
        let mut slowest: (f64, Option<&Arc<Limiter>>) = (now, None);
        for Draw { limiter, requests, records } in draws {
            let fresh = || (limiter.clone(), Buckets::new(&limiter.limit));
            let (_, buckets) = self.buckets.entry(Arc::as_ptr(limiter).addr()).or_insert_with(fresh);
            let last = buckets.pass(self.now, *requests, *records);
            if last > slowest.0 {
                slowest = (last, Some(limiter));
            }
        }
        self.now = Duration::from_secs_f64(slowest.0.min(1e9));
        (slowest.0.min(1e9) - now, slowest.1.map(|limiter| limiter.told()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::catalog::Limit;

    fn limiter(requests: Option<u32>, records: Option<u32>, burst: Option<u32>) -> Arc<Limiter> {
        let per = Duration::from_secs(1);
        Arc::new(Limiter::new("api", &Limit { requests, records, per, burst, remaining: None, reset: None }))
    }

    fn draw(limiter: &Arc<Limiter>, requests: u64, records: u64) -> Draw {
        Draw { limiter: limiter.clone(), requests, records }
    }

    #[test]
    fn the_slower_of_requests_and_records_decides() {
        let both = limiter(Some(10), Some(100), None);
        let near = |found: f64, told: f64| (found - told).abs() < 0.01;
        assert!(near(Forecast::default().pass(&[draw(&both, 39, 39)]).0, 4.0));
        assert!(near(Forecast::default().pass(&[draw(&both, 20, 1000)]).0, 10.0));
    }

    #[test]
    fn draws_on_one_limiter_add_up_and_others_run_beside_it() {
        let (slow, quick) = (limiter(Some(10), None, None), limiter(Some(100), None, None));
        let draws = [draw(&slow, 60, 0), draw(&quick, 600, 0), draw(&slow, 36, 0)];
        assert!((Forecast::default().pass(&draws).0 - 10.0).abs() < 0.01);
    }

    #[test]
    fn a_burst_is_there_once_and_comes_back_with_time() {
        let (bursting, other) = (limiter(Some(10), None, Some(100)), limiter(Some(1), None, None));
        let mut forecast = Forecast::default();
        assert_eq!(forecast.pass(&[draw(&bursting, 100, 0)]).0, 0.0);
        assert_eq!(forecast.pass(&[draw(&bursting, 100, 0)]).0, 10.0);
        let took = forecast.pass(&[draw(&other, 6, 0)]).0;
        assert!((forecast.pass(&[draw(&bursting, 100, 0)]).0 - (10.0 - took)).abs() < 0.01);
    }
}
