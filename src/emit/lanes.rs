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
pub const MOST: usize = 8;
/// Handfuls for each lane, at the least, where there are rows for so many.
const HANDS: usize = 4;
/// Rows that may wait for their turn, marked or not: two pages, so that others are written while some are being marked. With one,
/// a million rows took a fifth longer; with four, 30 MB more and hardly less time.
const WAITING: usize = 16 * 1_024;

/// One lane among those of its delivery.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub number: usize,
    pub of: usize,
    /// Rows that may wait in it.
    pub room: usize,
}

impl Share {
    pub const WHOLE: Share = Share { number: 0, of: 1, room: WAITING };

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
    cut: Cut,
}

/// So many rows, in batches of at most so many, for so many lanes.
#[derive(Clone, Copy, Debug)]
struct Cut {
    rows: usize,
    batch: usize,
    count: usize,
}

impl Delivery {
    /// One lane, unless so many rows are worth more threads.
    pub fn lanes<'a>(self: &'a Arc<Self>, world: &'a dyn World, rows: u64) -> Lanes<'a> {
        let most = self.program.in_flight() / LEAST;
        let count = world.threads(rows).min(most).clamp(1, MOST);
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        Lanes { delivery: self, world, cut: Cut { rows, batch: self.program.largest_batch(), count } }
    }
}

impl Cut {
    /// Rows to hand over at a time: whole batches, so that sharing makes hardly a request more where all rows go the same way,
    /// and few enough that no lane is left without.
    fn handful(self) -> usize {
        match self.count {
            1 => HAND,
            _ => self.batch * (self.part().min(HANDS * HAND) / HANDS / self.batch).max(1),
        }
    }

    /// No lane shall sit on rows that another one could send: while about half of its part waits it takes no more, but what two
    /// batches need.
    fn share(self, number: usize) -> Share {
        let room = match self.count {
            1 => WAITING.max(4 * self.batch),
            count => (WAITING / count).min(self.part() / 2).max(2 * self.batch),
        };
        Share { number, of: self.count, room }
    }

    /// Rows for each lane.
    fn part(self) -> usize {
        self.rows / self.count
    }
}

impl Lanes<'_> {
    /// Rows to hand over at a time.
    pub fn handful(&self) -> usize {
        self.cut.handful()
    }

    /// Sends what is offered until the channel closes, or until it is stopped.
    pub async fn deliver(&self, offers: mpsc::Receiver<Vec<Offer>>, journal: &Journal, stop: &StopSignal) -> Ending {
        let own = StopSignal::default();
        let offers = Offers(Arc::new(Mutex::new(offers)));
        let lanes = (0..self.cut.count).map(|number| self.lane(self.cut.share(number), &offers, journal, &own));
        let ends = tokio::select! {
            biased;
            never = own.follow(stop) => match never {},
            ends = join_all(lanes) => ends,
        };
        Ending { halt: gravest(ends, &own), requests: self.delivery.requests(), running: 0 }
    }

    async fn lane(&self, share: Share, offers: &Offers, journal: &Journal, stop: &StopSignal) -> Option<Halt> {
        if share.of == 1 {
            let line = Line { delivery: self.delivery, world: self.world, journal, stop, share };
            return Flow::new(line).run(offers).await;
        }
        let (ended, end) = oneshot::channel();
        let (delivery, offers, journal, own) = (self.delivery.clone(), offers.clone(), journal.clone(), stop.clone());
        self.world
            .alongside(Box::new(move |world| {
                Box::pin(async move {
                    let line = Line { delivery: &delivery, world, journal: &journal, stop: &own, share };
                    // Whoever asked may have gone.
                    let _ = ended.send(Flow::new(line).run(&offers).await);
                })
            }))
            .await;
        end.await.unwrap_or_else(|_| {
            let halt = Halt::Fault("a thread could not be had, or ended early".to_string());
            stop.stop(halt.clone());
            Some(halt)
        })
    }
}

/// Of what ended the lanes: a fault, or what came first.
fn gravest(ends: Vec<Option<Halt>>, own: &StopSignal) -> Option<Halt> {
    let halts: Vec<Halt> = ends.into_iter().flatten().collect();
    let fault = halts.iter().find(|halt| matches!(halt, Halt::Fault(_)));
    fault.cloned().or_else(|| own.why().filter(|_| !halts.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_whole_batches_and_none_is_hoarded() {
        for (rows, batch, count) in
            [(8_192, 1, 2), (9_000, 200, 2), (1_000_000, 1_000, 2), (8_192, 50, 8), (50_000, 1, 8)]
        {
            let cut = Cut { rows, batch, count };
            assert_eq!(cut.handful() % batch, 0, "{cut:?}");
            assert!(cut.handful() <= (rows / count / HANDS).min(HAND), "{cut:?}");
            assert!(cut.share(0).room + cut.handful() <= rows / count, "{cut:?}");
            assert!(cut.share(0).room * count <= WAITING, "{cut:?}");
        }
        let large = Cut { rows: 25_000, batch: 10_000, count: 2 };
        assert_eq!((large.handful(), large.share(1).room), (10_000, 20_000));
        let alone = Cut { count: 1, ..large };
        assert_eq!((alone.handful(), alone.share(0).room), (HAND, 40_000));
    }

    #[test]
    fn a_fault_is_told_whatever_came_before_it() {
        let own = StopSignal::default();
        assert_eq!(gravest(vec![None, None], &own), None);
        own.stop(Halt::Interrupted);
        assert_eq!(gravest(vec![None, None], &own), None, "they were done by then");
        let refused = || Some(Halt::Refused("no".into()));
        assert_eq!(gravest(vec![refused(), Some(Halt::Interrupted)], &own), Some(Halt::Interrupted));
        let fault = || Some(Halt::Fault("gone".into()));
        assert_eq!(gravest(vec![refused(), fault()], &own), fault());
    }

    #[test]
    fn parts_come_to_the_whole() {
        for (all, of) in [(8, 2), (9, 2), (4, 4), (1, 3), (16_384, 3)] {
            let parts: Vec<usize> = (0..of).map(|number| Share { number, of, room: 0 }.part(all)).collect();
            assert_eq!(parts.iter().sum::<usize>(), all);
            assert!(parts.iter().all(|part| part.abs_diff(all / of) <= 1), "{parts:?}");
        }
    }
}
