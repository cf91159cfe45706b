//! The flow of a delivery: offers come in, ride along their routes in batches, and leave as outcomes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::Note;
use super::ahead::{Ahead, Marked};
use super::batch::{Batcher, Load, Rider};
use super::job::{Came, Landing};
use super::judge::Judged;
use super::lanes::Offers;
use super::render::{self, Row};
use super::retry::{ATTEMPTS, Line};
use super::route::{self, Next};
use super::wait::backoff;
use crate::ir::catalog::{RecordVerdict, Repeat};
use crate::ir::delivery::{DeltaRow, Halt, JobId, Outcome};
use crate::ir::mode::{ChangeKind, Verdict};
use crate::ir::offer::Offer;

pub struct Flow<'a> {
    line: Line<'a>,
    batchers: BTreeMap<usize, Batcher>,
    ahead: Ahead<'a>,
    marks_ahead: bool,
    /// Full loads, by call, each with a pause before it leaves.
    ready: BTreeMap<usize, VecDeque<(Load, Duration)>>,
    flights: FuturesUnordered<BoxFuture<'a, Landing>>,
    /// Requests in flight, by call.
    flying: BTreeMap<usize, usize>,
    /// Riders in flight or ready for it, by how far along their routes they are.
    depths: BTreeMap<usize, usize>,
    /// Riders that are ready and wait for their request's turn.
    waiting: usize,
    outcomes: Vec<Outcome>,
    /// Rows marked ahead that the end of the run leaves behind.
    spared: Vec<DeltaRow>,
    halt: Option<Halt>,
    take: Vec<bool>,
    record: Vec<u8>,
}

impl<'a> Flow<'a> {
    pub fn new(line: Line<'a>) -> Self {
        Flow {
            line,
            batchers: BTreeMap::new(),
            ahead: Ahead::default(),
            marks_ahead: line.delivery.program.marks_ahead(),
            ready: BTreeMap::new(),
            flights: FuturesUnordered::new(),
            flying: BTreeMap::new(),
            depths: BTreeMap::new(),
            waiting: 0,
            outcomes: Vec::new(),
            spared: Vec::new(),
            halt: None,
            take: Vec::new(),
            record: Vec::new(),
        }
    }

    /// Sends what is offered, to the end or until it is stopped, and says why it was.
    pub async fn run(mut self, offers: &Offers) -> Option<Halt> {
        let mut open = true;
        loop {
            self.launch(open);
            self.report().await;
            let wants = open && self.halt.is_none() && self.has_room();
            if self.flights.is_empty() && !self.ahead.is_marking() && !wants {
                break;
            }
            tokio::select! {
                biased;
                halt = self.line.stop.stopped(), if self.halt.is_none() => self.halt(halt),
                Some(landing) = self.flights.next(), if !self.flights.is_empty() => self.land(landing),
                Some(marked) = self.ahead.next(), if self.ahead.is_marking() => self.marked(marked),
                more = offers.next(), if wants => match more {
                    Some(offers) => offers.into_iter().for_each(|offer| self.enter(offer)),
                    None => open = false,
                },
            }
        }
        self.release();
        self.report().await;
        self.halt
    }

    /// A row at the beginning of its route.
    fn enter(&mut self, offer: Offer) {
        let program = &self.line.delivery.program;
        let remote_id = program.fields.remote_id(&offer).map(str::to_string);
        let rider = Rider::new(offer, remote_id);
        let offer = &rider.offer;
        let Some(steps) = program.route(offer.kind(), offer.which()) else {
            let reason = format!("the mode has no route for rows that are {}", offer.kind().name());
            return self.end(rider, Verdict::Failed, Some(reason), 0, None);
        };
        // A route that begins otherwise looks or updates by itself, and creates only what that says is not there.
        let look = steps.first().and_then(|step| match &program.calls[step.call].repeat {
            Repeat::After(name) => program.call(name, offer.which()),
            Repeat::Safe | Repeat::Never => None,
        });
        let next = route::first(steps, rider.remote_id.is_some());
        match look.filter(|_| rider.offer.look_first()) {
            Some(look) => self.board(rider, look),
            None => self.go(rider, next, None, 0, None),
        }
    }

    fn go(&mut self, mut rider: Rider, next: Next, reason: Option<String>, request: u64, job: Option<JobId>) {
        match next {
            Next::End(verdict) => self.end(rider, verdict, reason, request, job),
            Next::Step(step) => {
                let steps = self.line.delivery.program.route(rider.offer.kind(), rider.offer.which());
                let Some(call) = steps.and_then(|steps| steps.get(step)).map(|step| step.call) else { return };
                rider.step = Some(step);
                self.board(rider, call);
            }
        }
    }

    /// Renders a row's record for a call and adds it to the batch.
    fn board(&mut self, mut rider: Rider, call: usize) {
        let program = &self.line.delivery.program;
        let plan = &program.calls[call];
        self.record.clear();
        if let Some(node) = &plan.record {
            let all = program.fields.choose(&rider.offer, plan.send, rider.missing, &mut self.take);
            let row = Row::new(&rider.offer, rider.remote_id.as_deref(), &program.fields, &self.take, &plan.scope);
            match render::record(&mut self.record, node, &row) {
                Ok(0) if plan.has_fields && self.owes_nothing(&rider) => {
                    return self.end(rider, Verdict::Accepted, None, 0, None);
                }
                Ok(_) => rider.sent_all = all,
                Err(error) => {
                    let reason = Some(format!("the record cannot be written: {error}"));
                    return self.end(rider, Verdict::Failed, reason, 0, None);
                }
            }
        }
        let new = || Batcher::new(call, plan.records, plan.bytes);
        let full = self.batchers.entry(call).or_insert_with(new).add(rider, &self.record);
        full.into_iter().for_each(|load| self.line_up(load, Duration::ZERO, false));
    }

    /// A row the destination has already, none of whose fields is to be sent.
    fn owes_nothing(&self, rider: &Rider) -> bool {
        rider.offer.kind() == ChangeKind::Changed && self.line.delivery.program.mode.compares() && !rider.offer.whole()
    }

    /// Sends off what is full, and what will not become fuller.
    fn launch(&mut self, open: bool) {
        if self.halt.is_some() {
            return;
        }
        if !open {
            self.flush();
        } else if !self.has_room() && self.is_idle() {
            // Many batches, none of them full, hold all the room there is.
            let fullest = self.batchers.iter().max_by_key(|(_, batcher)| batcher.len()).map(|(call, _)| *call);
            fullest.into_iter().for_each(|call| self.cut(call));
        }
        let ready = self.ready.values().map(VecDeque::len).sum();
        self.ahead.begin(self.line, self.waiting, ready);
        let calls: Vec<usize> = self.ready.keys().copied().collect();
        for call in calls {
            while self.may_fly(call) {
                let Some((load, pause)) = self.ready.get_mut(&call).and_then(VecDeque::pop_front) else { break };
                self.depart(load, pause);
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.ahead.is_empty() && self.ready.values().all(VecDeque::is_empty)
    }

    /// Whether another request of a call may be in flight. Until the first batch was read back, it is alone.
    fn may_fly(&self, call: usize) -> bool {
        let program = &self.line.delivery.program;
        let flying = |call: &usize| self.flying.get(call).copied().unwrap_or(0);
        let alone = program.calls[call].writes && program.readback.as_ref().is_some_and(|readback| readback.is_due());
        let writing = || self.flying.keys().filter(|call| program.calls[**call].writes).map(flying).sum::<usize>();
        flying(&call) < self.line.share.part(program.calls[call].in_flight) && !(alone && writing() > 0)
    }

    /// Cuts the batches that no record on its way can still join.
    fn flush(&mut self) {
        let ahead = self.depths.keys().next().copied();
        let gathered = self.batchers.values().filter_map(Batcher::depth).min();
        let Some(lowest) = gathered else { return };
        if ahead.is_some_and(|depth| depth < lowest) {
            return;
        }
        let ripe = self.batchers.iter().filter(|(_, batcher)| batcher.depth() == Some(lowest));
        let ripe: Vec<usize> = ripe.map(|(call, _)| *call).collect();
        ripe.into_iter().for_each(|call| self.cut(call));
    }

    fn cut(&mut self, call: usize) {
        if let Some(load) = self.batchers.get_mut(&call).and_then(Batcher::cut) {
            self.line_up(load, Duration::ZERO, false);
        }
    }

    /// Makes a load wait for its turn, at the end or, where it has waited before, at the front.
    fn line_up(&mut self, load: Load, pause: Duration, in_front: bool) {
        self.waiting += load.len();
        for rider in &load.riders {
            *self.depths.entry(rider.depth()).or_default() += 1;
        }
        if self.marks_ahead && !in_front && self.line.delivery.program.calls[load.call].writes {
            return self.ahead.push(load);
        }
        let line = self.ready.entry(load.call).or_default();
        if in_front { line.push_front((load, pause)) } else { line.push_back((load, pause)) }
    }

    fn marked(&mut self, marked: Marked) {
        if !marked.durable {
            self.halt(Halt::Ledger("the ledger could not be written".to_string()));
        }
        for load in marked.loads {
            self.ready.entry(load.call).or_default().push_back((load, Duration::ZERO));
        }
    }

    fn depart(&mut self, load: Load, pause: Duration) {
        *self.flying.entry(load.call).or_default() += 1;
        self.waiting -= load.len();
        let line = self.line;
        self.flights.push(Box::pin(async move {
            match line.rest(pause).await {
                Some(halt) => Landing { load, came: Came::NotSent, halt: Some(halt), request: 0, job: None },
                None => line.fly(load).await,
            }
        }));
    }

    fn land(&mut self, landing: Landing) {
        let Landing { load, came, halt, request, job } = landing;
        if let Some(flying) = self.flying.get_mut(&load.call) {
            *flying -= 1;
        }
        for rider in &load.riders {
            self.leave_depth(rider.depth());
        }
        halt.into_iter().for_each(|halt| self.halt(halt));
        match came {
            Came::Judged(judged) => self.settle(load, judged, request, job),
            Came::Split(reason) if load.len() <= 1 => {
                load.riders.into_iter().for_each(|rider| {
                    self.end(rider, Verdict::Rejected, Some(reason.clone()), request, None);
                });
            }
            Came::Split(_) => {
                let (first, second) = load.halves();
                self.line_up(second, Duration::ZERO, true);
                self.line_up(first, Duration::ZERO, true);
            }
            Came::NotSent => load.riders.into_iter().for_each(|rider| self.drop_rider(rider)),
        }
    }

    fn leave_depth(&mut self, depth: usize) {
        if let Some(count) = self.depths.get_mut(&depth) {
            *count -= 1;
            if *count == 0 {
                self.depths.remove(&depth);
            }
        }
    }

    /// Takes no new work; who waits for the right moment waits no longer.
    fn halt(&mut self, halt: Halt) {
        if self.halt.is_none() {
            self.line.stop.stop(halt.clone());
            self.halt = Some(halt);
        }
    }

    /// Gives each record its verdict: on to the next step, out, or once more.
    fn settle(&mut self, mut load: Load, judged: Vec<Judged>, request: u64, job: Option<JobId>) {
        let mut again = Load::new(load.call);
        let riders = std::mem::take(&mut load.riders);
        for (at, (mut rider, judged)) in riders.into_iter().zip(judged).enumerate() {
            if judged.is == RecordVerdict::Retry && rider.tries + 1 < ATTEMPTS {
                rider.tries += 1;
                again.push(rider, load.record(at));
            } else {
                self.judged(rider, judged, request, job.clone());
            }
        }
        if let Some(tries) = again.riders.iter().map(|rider| rider.tries).max() {
            let pause = backoff(tries, self.line.world.random());
            self.line_up(again, pause, true);
        }
    }

    fn judged(&mut self, mut rider: Rider, judged: Judged, request: u64, job: Option<JobId>) {
        let verdict = match judged.is {
            RecordVerdict::Is(verdict) => verdict,
            RecordVerdict::Warning => Verdict::Accepted,
            RecordVerdict::Retry | RecordVerdict::Stop => Verdict::Failed,
        };
        let mut reason = judged.reason;
        if judged.is == RecordVerdict::Warning {
            rider.warn(reason.take());
        }
        rider.missing = verdict == Verdict::Absent;
        rider.refused.extend(judged.refused);
        rider.remote_id = judged.remote_id.or(rider.remote_id.take());
        let steps = self.line.delivery.program.route(rider.offer.kind(), rider.offer.which()).unwrap_or_default();
        let next = route::after(steps, rider.step, verdict, rider.remote_id.is_some());
        self.go(rider, next, reason, request, job);
    }

    fn end(&mut self, rider: Rider, verdict: Verdict, reason: Option<String>, request: u64, job: Option<JobId>) {
        self.outcomes.push(rider.outcome(verdict, reason, request, job));
    }

    /// Rows that the end of the run leaves behind. Those that the ledger holds as in flight need an outcome, or they would
    /// count as unclear.
    fn drop_rider(&mut self, rider: Rider) {
        if rider.marked && !rider.left {
            self.spared.push(rider.offer.row());
        } else if rider.marked {
            let why = match &self.halt {
                Some(Halt::Interrupted) | None => "the run was interrupted",
                Some(
                    Halt::Refused(why)
                    | Halt::NotReady(why)
                    | Halt::Unreachable(why)
                    | Halt::Guard(why)
                    | Halt::Ledger(why)
                    | Halt::Fault(why),
                ) => why.as_str(),
            };
            let reason = Some(format!("not sent: {why}"));
            self.end(rider, Verdict::Failed, reason, 0, None);
        }
    }

    fn release(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        let gathered = std::mem::take(&mut self.batchers).into_values().filter_map(|mut batcher| batcher.cut());
        let unmarked: Vec<Load> = self.ahead.rest().collect();
        let left = ready.into_values().flatten().map(|(load, _)| load).chain(unmarked).chain(gathered);
        left.flat_map(|load| load.riders).for_each(|rider| self.drop_rider(rider));
    }

    async fn report(&mut self) {
        if !self.outcomes.is_empty() {
            let outcomes = std::mem::take(&mut self.outcomes);
            self.line.journal.tell(Note::Outcomes(outcomes)).await;
        }
        if !self.spared.is_empty() {
            self.line.journal.tell(Note::Spared(std::mem::take(&mut self.spared))).await;
        }
    }

    /// Whether another chunk of offers may be taken: no more are held than the batches need.
    fn has_room(&self) -> bool {
        let gathered: usize = self.batchers.values().map(Batcher::len).sum();
        let batch = self.line.delivery.program.largest_batch();
        self.waiting <= self.line.share.room && gathered <= 4 * batch.max(512)
    }
}
