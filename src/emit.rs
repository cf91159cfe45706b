//! Changes -> outcomes: render, batch, pace, send, judge. Everything it knows of a destination it reads in a definition.
//!
//! Offers come in by a channel and ride along the routes of their definition. What happens to them leaves as [`Note`]s: the
//! marks that must be in the ledger before a request leaves, and the outcomes.

mod account;
mod ahead;
mod ask;
mod batch;
mod call;
mod estimate;
mod fields;
mod flow;
mod job;
mod journal;
mod judge;
mod lanes;
mod listing;
mod number;
mod option;
mod owner;
mod pace;
mod prepare;
mod program;
mod readback;
mod render;
mod retry;
mod route;
mod sample;
mod scan;
mod settle;
mod token;
mod tree;
mod wait;
mod wire;

use std::convert::Infallible;

use tokio::sync::{mpsc, watch};

use crate::ir::delivery::{Halt, OpenJob};
use crate::ir::secret::Redactor;
use crate::world::World;

pub use account::account;
pub use estimate::Outlook;
pub use journal::{Journal, Note, Notes};
pub use judge::{ExampleRead, judge_example, read_example};
pub use owner::owner;
pub use pace::Limiters;
pub use prepare::{Depth, Preparation, prepare};
pub use program::{Prepared, RunFacts, Setup};

/// Everything compiled once for one activation.
#[derive(Debug)]
pub struct Delivery {
    program: program::Program,
    redactor: Redactor,
    numbers: number::Numbers,
}

/// How a delivery ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Why it ended before its rows did.
    pub halt: Option<Halt>,
    /// Requests made so far by this delivery.
    pub requests: u64,
    /// Jobs that run still.
    pub running: u64,
}

/// Ends deliveries early: no new work is taken, what is in flight is finished.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Sender<Option<Halt>>);

impl Default for StopSignal {
    fn default() -> Self {
        StopSignal(watch::Sender::new(None))
    }
}

impl StopSignal {
    /// The first to stop says why.
    pub fn stop(&self, halt: Halt) {
        self.0.send_if_modified(|why| {
            let first = why.is_none();
            why.get_or_insert(halt);
            first
        });
    }

    /// Stops when the other one does.
    pub async fn follow(&self, other: &StopSignal) -> Infallible {
        self.stop(other.stopped().await);
        std::future::pending().await
    }

    fn why(&self) -> Option<Halt> {
        self.0.borrow().clone()
    }

    async fn stopped(&self) -> Halt {
        let mut told = self.0.subscribe();
        match told.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or(Halt::Interrupted),
            Err(_) => Halt::Interrupted,
        }
    }
}

impl Delivery {
    pub fn new(
        setup: &Setup<'_>,
        prepared: &Prepared,
        limiters: &Limiters,
        redactor: Redactor,
    ) -> Result<Delivery, String> {
        let program = program::Program::new(setup, prepared, limiters, &redactor)?;
        Ok(Delivery::of(program, redactor, prepared.requests))
    }

    fn of(program: program::Program, redactor: Redactor, requests: u64) -> Delivery {
        Delivery { program, redactor, numbers: number::Numbers::after(requests) }
    }

    /// Asks for jobs that were submitted before: once, or until they end where a run waits for them.
    pub async fn settle(
        &self,
        world: &dyn World,
        jobs: mpsc::Receiver<OpenJob>,
        journal: &Journal,
        stop: &StopSignal,
    ) -> Ending {
        settle::settle(retry::Line { delivery: self, world, journal, stop, share: lanes::Share::WHOLE }, jobs).await
    }

    fn requests(&self) -> u64 {
        self.numbers.made()
    }
}
