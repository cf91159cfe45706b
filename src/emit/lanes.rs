//! Lanes: several flows that share the rows of one delivery. Each has a thread of its own and connections of its own, so that
//! no request is handed from thread to thread; they meet in the ledger's journal, in the limiters and in the signal to stop.

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::flow::Flow;
use super::retry::Line;
use super::{Delivery, Ending, Journal, StopSignal};
use crate::ir::delivery::Halt;
use crate::ir::offer::Offer;
use crate::world::World;

/// Requests that a lane has in flight at the least: with fewer, it waits more than it works.
const LEAST: usize = 4;
/// Rows handed on at a time: few enough that requests leave while others are written.
const HAND: usize = 2_048;
/// Lanes at the most: they wait for one ledger.
const MOST: usize = 8;
/// Handfuls for each lane, at the least, where there are rows for so many.
const HANDS: usize = 4;

/// One lane among those of its delivery.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub number: usize,
    pub of: usize,
}

impl Share {
    /// Its part of what all of them may have.
    pub fn part(self, all: usize) -> usize {
        all / self.of + usize::from(self.number < all % self.of)
    }
}

/// The rows to deliver, handful by handful, for whichever lane comes first.
#[derive(Clone)]
pub struct Offers(Arc<Mutex<mpsc::Receiver<Vec<Offer>>>>);

impl Offers {
    pub async fn next(&self) -> Option<Vec<Offer>> {
        self.0.lock().await.recv().await
    }
}

/// How the rows of a delivery are shared.
pub struct Lanes<'a> {
    delivery: &'a Arc<Delivery>,
    world: &'a dyn World,
    rows: u64,
    count: usize,
}

impl Delivery {
    /// One lane, unless so many rows are worth more threads.
    pub fn lanes<'a>(self: &'a Arc<Self>, world: &'a dyn World, rows: u64) -> Lanes<'a> {
        let most = self.program.in_flight() / LEAST;
        Lanes { delivery: self, world, rows, count: world.threads(rows).min(most).clamp(1, MOST) }
    }
}

impl Lanes<'_> {
    /// Rows to hand over at a time: whole batches, so that sharing makes no request more where all rows go the same way, and
    /// few enough that no lane is left without.
    pub fn handful(&self) -> usize {
        if self.count == 1 {
            return HAND;
        }
        let batch = self.delivery.program.calls.iter().map(|call| call.records).max().unwrap_or(1);
        let fair = usize::try_from(self.rows).unwrap_or(HAND) / (HANDS * self.count);
        batch * (fair.min(HAND) / batch).max(1)
    }

    /// Sends what is offered until the channel closes, or until it is stopped.
    pub async fn deliver(&self, offers: mpsc::Receiver<Vec<Offer>>, journal: &Journal, stop: &StopSignal) -> Ending {
        let own = StopSignal::default();
        let offers = Offers(Arc::new(Mutex::new(offers)));
        let lanes = (0..self.count).map(|number| self.lane(Share { number, of: self.count }, &offers, journal, &own));
        let ends = tokio::select! {
            biased;
            never = own.follow(stop) => match never {},
            ends = join_all(lanes) => ends,
        };
        Ending { halt: ends.into_iter().flatten().next(), requests: self.delivery.requests(), running: 0 }
    }

    async fn lane(&self, share: Share, offers: &Offers, journal: &Journal, stop: &StopSignal) -> Option<Halt> {
        if share.of == 1 {
            let line = Line { delivery: self.delivery, world: self.world, journal, stop };
            return Flow::new(line, share).run(offers).await;
        }
        let (ended, end) = oneshot::channel();
        let (delivery, offers, journal, own) = (self.delivery.clone(), offers.clone(), journal.clone(), stop.clone());
        self.world
            .alongside(Box::new(move |world| {
                Box::pin(async move {
                    let line = Line { delivery: &delivery, world, journal: &journal, stop: &own };
                    // Whoever asked may have gone.
                    let _ = ended.send(Flow::new(line, share).run(&offers).await);
                })
            }))
            .await;
        end.await.unwrap_or_else(|_| {
            let halt = Halt::Unreachable("a thread of sendoff's own ended early".to_string());
            stop.stop(halt.clone());
            Some(halt)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_to_the_whole() {
        for (all, of) in [(8, 2), (9, 2), (4, 4), (1, 3), (16_384, 3)] {
            let parts: Vec<usize> = (0..of).map(|number| Share { number, of }.part(all)).collect();
            assert_eq!(parts.iter().sum::<usize>(), all);
            assert!(parts.iter().all(|part| part.abs_diff(all / of) <= 1), "{parts:?}");
        }
    }
}
