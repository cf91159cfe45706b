//! Between the ledger and delivery: rows out of the delta, marks and outcomes into it, while requests are under way.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::guards;
use super::session::{Job, Session};
use super::{Progress, StopSignal};
use crate::emit::{Delivery, Ending, Journal, Note, Notes};
use crate::ir::delivery::{DeltaRow, Halt, OpenJob, Outcome, ScanId, ScanPage, WaitingJob};
use crate::ir::mode::Verdict;
use crate::ir::offer::Offer;
use crate::ir::plan::Plan;
use crate::ir::run::Sent;
use crate::record::{self, Delta, DeltaPages, Events, PAGE};
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};
use crate::world::{World, off_thread};

/// Notes taken into one commit: enough that commits cost little, few enough that none waits long.
const GROUP: usize = 2_048;
/// What a group waits for more, where nobody waits for it. With one row a request, commits took a quarter of the time.
const LINGER: Duration = Duration::from_millis(20);

/// What DuckDB may hold while many rows go out, beside tables in memory, in bytes: some pages of the delta, and the journal.
const SPARE: u64 = 40 << 20;

/// How a delivery went.
#[derive(Debug, Default)]
pub struct Delivered {
    pub sent: Sent,
    pub halt: Option<Halt>,
}

/// One activation under way: what each step of its delivery needs to know.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub session: &'a Session<'a>,
    pub job: &'a Job<'a>,
    pub progress: &'a dyn Progress,
    pub stop: &'a StopSignal,
}

/// Offers the whole delta. DuckDB takes little memory meanwhile: it would else keep every page of the delta that has left.
pub async fn deliver(
    scene: Scene<'_>,
    delivery: &Arc<Delivery>,
    delta: &Delta,
    delivered: &mut Delivered,
) -> Result<(), StoreError> {
    let store = &scene.session.store;
    // What does not fit into less keeps what it had.
    let sparing = delta.rows() > PAGE && store.shrink(SPARE).is_ok();
    let went = offer(scene, delivery, delta, delivered).await;
    if sparing {
        store.regain()?;
    }
    went
}

/// Additions and changes first, removals once those are done. What was sent by then is counted even where the ledger fails.
async fn offer(
    scene: Scene<'_>,
    delivery: &Arc<Delivery>,
    delta: &Delta,
    delivered: &mut Delivered,
) -> Result<(), StoreError> {
    let Scene { session, job, .. } = scene;
    delivered.sent.offered = delta.rows();
    for part in [&delta.offers, &delta.removals] {
        if part.rows == 0 || delivered.halt.is_some() {
            continue;
        }
        let lanes = delivery.lanes(session.world, part.rows);
        let hand = lanes.handful();
        let (offers, offered) = mpsc::channel((PAGE as usize).div_ceil(hand));
        let reader = Reader::new(session, job)?;
        let reading = reader.read(session.world, &part.pages, hand, offers);
        let work = async |journal: &Journal, stop: &StopSignal| lanes.deliver(offered, journal, stop).await;
        let (read, ending) = futures::join!(reading, journaled(scene, delivered, work));
        let ending = ending?;
        delivered.halt = ending.halt;
        read?;
    }
    Ok(())
}

/// Lets `work` speak to a journal that is written meanwhile, and counts what it says.
pub async fn journaled(
    scene: Scene<'_>,
    delivered: &mut Delivered,
    work: impl AsyncFnOnce(&Journal, &StopSignal) -> Ending,
) -> Result<Ending, StoreError> {
    let Scene { session, job, progress, stop } = scene;
    // A guard of this activation stops this one alone; an interrupt stops all.
    let own = StopSignal::default();
    let (journal, notes) = Journal::new(GROUP);
    let (tallies, mut told) = mpsc::unbounded_channel();
    let writer = Writer {
        store: session.store.second()?,
        ledger: job.ledger.clone(),
        plan: job.plan.clone(),
        at_micros: session.world.now().as_microsecond(),
    };
    let working = async {
        // Gone when the work is done, which ends the writing.
        let journal = journal;
        work(&journal, &own).await
    };
    let listening = async {
        while let Some(tally) = told.recv().await {
            add(&mut delivered.sent, &tally);
            progress.settled(job.activation.name.as_str(), tally.answered());
            if let Some(stopped) = guards::under_way(job, &delivered.sent, session.options).stop {
                own.stop(Halt::Guard(stopped.message));
            }
        }
    };
    let all = async { futures::join!(working, writer.write(session.world, notes, tallies), listening) };
    let (ending, written, ()) = tokio::select! {
        biased;
        never = own.follow(stop) => match never {},
        done = all => done,
    };
    delivered.sent.requests = ending.requests;
    written?;
    Ok(ending)
}

/// Lets `work` speak to a journal that nobody keeps: what preparation asks concerns no row.
pub async fn unheard<T>(work: impl AsyncFnOnce(Journal) -> T) -> T {
    let (journal, mut notes) = Journal::new(64);
    let listening = async { while notes.next().await.is_some() {} };
    let (made, ()) = futures::join!(work(journal), listening);
    made
}

fn thread_failed() -> StoreError {
    StoreError { kind: crate::store::StoreErrorKind::Other, message: "a thread ended early".into(), offset: None }
}

/// Gives the rows that wait for jobs, job by job: the delta holds them in the order of the jobs.
pub async fn jobs(
    session: &Session<'_>,
    job: &Job<'_>,
    waiting: Vec<WaitingJob>,
    jobs: mpsc::Sender<OpenJob>,
) -> Result<(), StoreError> {
    let mut reader = Reader::new(session, job)?;
    let mut from = 0;
    for WaitingJob { job, age_s, rows } in waiting {
        let (offers, again) = reader.page(session.world, from, from + rows).await?;
        reader = again;
        from += rows;
        if jobs.send(OpenJob { job, age_s, offers }).await.is_err() {
            break;
        }
    }
    Ok(())
}

struct Reader {
    store: Store,
    pages: DeltaPages,
}

impl Reader {
    fn new(session: &Session<'_>, job: &Job<'_>) -> Result<Reader, StoreError> {
        let store = session.store.second()?;
        Ok(Reader { pages: DeltaPages::new(&store, &job.ledger, &job.plan)?, store })
    }

    async fn page(self, world: &dyn World, from: u64, to: u64) -> Result<(Vec<Offer>, Reader), StoreError> {
        let work = move || (self.store.roomy(|store| self.pages.offers(store, from, to)), self);
        let (page, reader) = off_thread(world, work).await.ok_or_else(thread_failed)?;
        Ok((page?, reader))
    }

    /// Hands rows on, so many at a time. Ends early, and in peace, when no one listens any more.
    async fn read(
        mut self,
        world: &dyn World,
        pages: &[Range<u64>],
        hand: usize,
        offers: mpsc::Sender<Vec<Offer>>,
    ) -> Result<(), StoreError> {
        let mut held = Vec::new();
        for rows in pages {
            let (page, reader) = self.page(world, rows.start, rows.end).await?;
            self = reader;
            held.extend(page);
            while held.len() >= hand {
                let rest = held.split_off(hand);
                if offers.send(std::mem::replace(&mut held, rest)).await.is_err() {
                    return Ok(());
                }
            }
        }
        if !held.is_empty() {
            // No one may listen any more.
            let _ = offers.send(held).await;
        }
        Ok(())
    }
}

struct Writer {
    store: Store,
    ledger: Ledger,
    plan: Plan,
    at_micros: i64,
}

/// What a scan asks of the store, in order.
enum Scan {
    Listed(ScanPage, oneshot::Sender<bool>),
    LookUp(ScanId, Vec<DeltaRow>, oneshot::Sender<Vec<Option<String>>>),
}

/// What one commit takes: all that waits.
#[derive(Default)]
struct Group {
    events: Events,
    acks: Vec<oneshot::Sender<bool>>,
    scans: Vec<Scan>,
    size: usize,
}

impl Writer {
    async fn write(
        mut self,
        world: &dyn World,
        mut notes: Notes,
        tallies: mpsc::UnboundedSender<Sent>,
    ) -> Result<(), StoreError> {
        while let Some(first) = notes.next().await {
            let mut group = Group::default();
            group.take(first);
            group.gather(&mut notes);
            group.linger(world, &mut notes).await;
            let (tally, writer) =
                off_thread(world, move || (self.commit(group), self)).await.ok_or_else(thread_failed)?;
            self = writer;
            // No one listens once the run is over.
            let _ = tallies.send(tally?);
        }
        Ok(())
    }

    /// A mark is durable before its request may leave; dropped acknowledgements keep requests from leaving.
    fn commit(&self, group: Group) -> Result<Sent, StoreError> {
        self.store.roomy(|store| record::keep(store, &self.ledger, &self.plan, &group.events, self.at_micros))?;
        for ack in group.acks {
            // A request that no longer waits has been given up; its mark does no harm.
            let _ = ack.send(true);
        }
        for scan in group.scans {
            self.scan(scan)?;
        }
        Ok(tally(&group.events.outcomes))
    }

    /// Listings lie in memory, which no transaction of the ledger's may write to. Who asked may have gone.
    fn scan(&self, scan: Scan) -> Result<(), StoreError> {
        match scan {
            Scan::Listed(page, ack) => {
                self.store.roomy(|store| record::listed(store, &self.ledger, &self.plan, &page))?;
                let _ = ack.send(true);
            }
            Scan::LookUp(id, rows, tell) => {
                let found = self.store.roomy(|store| record::look_up(store, &self.ledger, id, &rows))?;
                let _ = tell.send(found);
            }
        }
        Ok(())
    }
}

impl Group {
    fn gather(&mut self, notes: &mut Notes) {
        while self.size < GROUP
            && let Some(next) = notes.waiting()
        {
            self.take(next);
        }
    }

    /// Takes more for a while.
    async fn linger(&mut self, world: &dyn World, notes: &mut Notes) {
        let mut pause = world.sleep(LINGER);
        let mut over = false;
        while self.can_wait() && !over && !notes.is_over() {
            tokio::select! {
                biased;
                () = &mut pause => over = true,
                () = notes.pressed() => (),
            }
            self.gather(notes);
        }
    }

    /// Whether it is small, and no request waits for it: marks were gathered where they were made.
    fn can_wait(&self) -> bool {
        self.size < GROUP / 2 && self.acks.is_empty() && self.scans.is_empty()
    }

    fn take(&mut self, note: Note) {
        self.size += 1;
        match note {
            Note::InFlight { rows, request, ack, alone: _ } => {
                self.events.marks.push((rows, request));
                self.acks.push(ack);
            }
            Note::Spared(rows) => self.events.spared.extend(rows),
            Note::Outcomes(outcomes) => self.events.outcomes.extend(outcomes),
            Note::Answered(request) => self.events.requests.push(request),
            Note::Listed { page, ack } => self.scans.push(Scan::Listed(page, ack)),
            Note::LookUp { id, rows, tell } => self.scans.push(Scan::LookUp(id, rows, tell)),
        }
    }
}

pub fn tally(outcomes: &[Outcome]) -> Sent {
    let mut sent = Sent::default();
    for outcome in outcomes {
        let count = match outcome.verdict {
            Verdict::Accepted | Verdict::Found => &mut sent.accepted,
            Verdict::Exists => &mut sent.exists,
            Verdict::Absent => &mut sent.absent,
            Verdict::Pending => &mut sent.pending,
            Verdict::Rejected => &mut sent.rejected,
            Verdict::Failed => &mut sent.failed,
            Verdict::Unclear => &mut sent.unclear,
        };
        *count += 1;
        if outcome.verdict == Verdict::Accepted && (outcome.warning || !outcome.refused.is_empty()) {
            sent.warned += 1;
        }
    }
    sent
}

fn add(all: &mut Sent, more: &Sent) {
    all.accepted += more.accepted;
    all.exists += more.exists;
    all.absent += more.absent;
    all.pending += more.pending;
    all.rejected += more.rejected;
    all.failed += more.failed;
    all.unclear += more.unclear;
    all.warned += more.warned;
}
