//! Marks of rows in flight, and those made ahead: the rows of several requests in one commit, while others are in flight. A
//! request of one row would else wait for a commit of its own.

use std::collections::VecDeque;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::oneshot;

use super::Note;
use super::batch::Load;
use super::call::CallPlan;
use super::retry::Line;
use crate::ir::catalog::Repeat;

/// Rows that are marked before the requests ahead of them have left: some commits' worth, and few, since the next run repeats
/// what a crash finds marked.
const ROWS: usize = 1_024;
/// Requests whose rows go into one commit, however many rows they have.
const LOADS: usize = 16;

/// Loads on their way to being marked.
#[derive(Default)]
pub struct Ahead<'a> {
    unmarked: VecDeque<Load>,
    rows: usize,
    /// One commit at a time.
    marking: FuturesUnordered<BoxFuture<'a, Marked>>,
}

pub struct Marked {
    pub loads: Vec<Load>,
    /// The ledger holds the marks.
    pub durable: bool,
}

impl<'a> Ahead<'a> {
    pub fn push(&mut self, load: Load) {
        self.rows += load.len();
        self.unmarked.push_back(load);
    }

    pub fn is_marking(&self) -> bool {
        !self.marking.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        self.unmarked.is_empty() && !self.is_marking()
    }

    /// Takes as many loads as one commit shall hold, once half of what the last one held has left. `waiting`: rows in all that
    /// have not left, marked or not; `ready`: loads that only wait for their turn.
    pub fn begin(&mut self, line: Line<'a>, waiting: usize, ready: usize) {
        let (most, least) = (line.share.part(ROWS), line.share.part(LOADS));
        if self.is_marking() || (waiting - self.rows >= most / 2 && ready >= least) {
            return;
        }
        let (mut loads, mut rows) = (Vec::new(), 0);
        while (rows < most || loads.len() < least)
            && let Some(load) = self.unmarked.pop_front()
        {
            rows += load.len();
            loads.push(load);
        }
        if rows > 0 {
            self.marking.push(Box::pin(async move {
                let durable = line.mark_ahead(&mut loads).await;
                Marked { loads, durable }
            }));
        }
    }

    pub async fn next(&mut self) -> Option<Marked> {
        let marked = self.marking.next().await?;
        self.rows -= marked.loads.iter().map(Load::len).sum::<usize>();
        Some(marked)
    }

    /// What no commit has taken.
    pub fn rest(&mut self) -> impl Iterator<Item = Load> {
        self.rows = 0;
        std::mem::take(&mut self.unmarked).into_iter()
    }
}

impl Line<'_> {
    /// Marks the load's rows in flight, once. Says whether the ledger holds the marks.
    pub async fn mark(&self, call: &CallPlan, load: &mut Load, request: u64) -> bool {
        if load.riders.iter().all(|rider| rider.marked) {
            return true;
        }
        self.mark_all(std::slice::from_mut(load), request, call.repeat == Repeat::Never).await
    }

    /// Marks loads whose requests are still to come.
    async fn mark_ahead(&self, loads: &mut [Load]) -> bool {
        self.mark_all(loads, 0, false).await
    }

    async fn mark_all(&self, loads: &mut [Load], request: u64, alone: bool) -> bool {
        let rows = loads.iter().flat_map(|load| load.riders.iter().map(|rider| rider.offer.row())).collect();
        let (ack, acked) = oneshot::channel();
        let marked =
            self.journal.tell(Note::InFlight { rows, request, alone, ack }).await && acked.await.unwrap_or(false);
        loads.iter_mut().flat_map(|load| &mut load.riders).for_each(|rider| rider.marked |= marked);
        marked
    }
}
