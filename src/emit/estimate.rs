//! What a run will ask of the destination: requests call by call, and the time that the limits ask for.
//!
//! Where a route branches nobody knows which way a row goes, so everything is told from - to: the ways that all rows of a kind
//! might take together, the cheapest and the dearest.

mod size;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

pub use ways::verdicts;

use super::Delivery;
use super::call::CallPlan;
use super::pace::{Draw, Forecast};
use super::prepare::Preparation;
use crate::ir::catalog::Job;
use crate::ir::change::Cohort;
use crate::ir::delivery::Offer;
use crate::ir::estimate::{CallEstimate, Estimate, JobEstimate, Purpose, Span};
use crate::ir::ident::CallName;
use crate::ir::mode::ChangeKind;
use size::{Full, Sizes};
use ways::Way;

/// Clocks for the cheapest and the dearest way of everything.
#[derive(Debug, Default)]
pub struct Outlook {
    least: Forecast,
    most: Forecast,
}

/// Rows that are offered together: additions and changes, then removals.
struct Phase<'a> {
    delivery: &'a Delivery,
    /// Each with the ways its rows may take.
    cohorts: Vec<(Cohort, Vec<Way>)>,
    full: BTreeMap<usize, Full>,
}

/// Records by call.
type Load = BTreeMap<usize, u64>;

impl Delivery {
    /// `sample` are some of the rows, to judge sizes by; `outlook` has what activations before this one have taken.
    pub fn estimate(
        &self,
        cohorts: &[Cohort],
        sample: &[Offer],
        preparation: &Preparation,
        outlook: &mut Outlook,
    ) -> Estimate {
        let mut estimate = Estimate::default();
        if cohorts.iter().all(|cohort| cohort.rows == 0) {
            return estimate;
        }
        prepare(&mut estimate, preparation, outlook);
        let (removals, writes): (Vec<Cohort>, Vec<Cohort>) =
            cohorts.iter().partition(|cohort| cohort.kind == ChangeKind::Removed);
        let mut scanned = BTreeSet::new();
        for cohorts in [writes, removals] {
            let phase = Phase::new(self, &cohorts, sample, &scanned);
            phase.add_to(&mut estimate, outlook);
            scanned.extend(phase.scans());
        }
        self.read_again(&mut estimate, outlook);
        estimate
    }

    /// Nothing is read again of records that all turn out absent.
    fn read_again(&self, estimate: &mut Estimate, outlook: &mut Outlook) {
        let program = &self.program;
        let Some(readback) = &program.readback else { return };
        let writes =
            |told: &&CallEstimate| program.calls.iter().any(|call| call.writes && call.name.as_str() == told.call);
        let batches = estimate.calls.iter().filter(writes).filter_map(|call| call.requests.to).sum();
        let requests = Span::between(0, readback.most(batches));
        let calls = readback.calls().filter_map(|name| Some(&program.calls[program.call(name, 0)?]));
        let mut draws = Vec::new();
        for call in calls {
            draws.extend(drawn(call, readback.most(batches), 0));
            estimate.requests += requests;
            let purpose = Purpose::Readback;
            estimate.calls.push(CallEstimate { requests, purpose, ..self.named(call) });
        }
        pass(estimate, outlook, [&[], &draws], false);
    }

    fn named(&self, call: &CallPlan) -> CallEstimate {
        CallEstimate {
            call: call.name.to_string(),
            method: call.method.clone(),
            endpoint: self.redactor.scrub(&call.endpoint),
            full: 1,
            ..CallEstimate::default()
        }
    }

    /// What asking after jobs of earlier runs takes, by the call that began them.
    pub fn waiting(&self, jobs: &BTreeMap<CallName, u64>) -> Vec<JobEstimate> {
        jobs.iter().filter_map(|(call, jobs)| self.waiting_of(call, *jobs)).collect()
    }

    fn waiting_of(&self, call: &CallName, jobs: u64) -> Option<JobEstimate> {
        let plan = &self.program.calls[self.program.call(call, 0)?];
        let job = plan.job.as_ref()?;
        let asked_by = ways::asked(&self.program, plan, job);
        let most = asked_by.len() as u64 + if job.job.later { 0 } else { asked_again(&job.job) };
        Some(JobEstimate {
            call: call.to_string(),
            jobs: Span::exactly(jobs),
            at_once: 1,
            asked_by: asked_by.iter().map(|asked| self.program.calls[*asked].name.to_string()).collect(),
            requests: Span::between(jobs, jobs * most),
            later: job.job.later,
            earlier: true,
            ..JobEstimate::default()
        })
    }
}

fn prepare(estimate: &mut Estimate, preparation: &Preparation, outlook: &mut Outlook) {
    let mut draws: [Vec<Draw>; 2] = Default::default();
    for asked in &preparation.asked {
        estimate.requests += asked.requests;
        estimate.calls.push(CallEstimate {
            call: asked.call.to_string(),
            purpose: Purpose::Preparation,
            method: asked.method.clone(),
            endpoint: asked.endpoint.clone(),
            requests: asked.requests,
            full: 1,
            ..CallEstimate::default()
        });
        let counts = [asked.requests.from, asked.requests.to.unwrap_or(asked.requests.from)];
        for (draws, requests) in draws.iter_mut().zip(counts) {
            draws.extend(asked.limiters.iter().map(|limiter| Draw { limiter: limiter.clone(), requests, records: 0 }));
        }
    }
    let [least, most] = draws;
    let open = preparation.asked.iter().any(|asked| asked.requests.to.is_none());
    pass(estimate, outlook, [&least, &most], open);
}

/// Lets both pass, and adds the time they take. `open`: nobody knows how much more there is.
fn pass(estimate: &mut Estimate, outlook: &mut Outlook, [least, most]: [&[Draw]; 2], open: bool) {
    let (from, _) = outlook.least.pass(least);
    let (to, slowest) = outlook.most.pass(most);
    // The dearest way may end sooner than the cheapest, where that one finds a bucket emptied.
    estimate.seconds += Span { from: from.min(to), to: (!open).then_some(to.max(from)) };
    if to > 0.0 && to * 2.0 >= estimate.seconds.to.unwrap_or(estimate.seconds.from) {
        estimate.limit = slowest;
    }
}

impl<'a> Phase<'a> {
    /// A listing that was `scanned` before is not read again.
    fn new(delivery: &'a Delivery, cohorts: &[Cohort], sample: &[Offer], scanned: &BTreeSet<usize>) -> Phase<'a> {
        let program = &delivery.program;
        let ways = |cohort: &Cohort| {
            let mut ways = ways::ways(program, cohort);
            ways.iter_mut().for_each(|way| way.retain(|call| !scanned.contains(call)));
            (*cohort, ways)
        };
        let cohorts: Vec<(Cohort, Vec<Way>)> = cohorts.iter().map(ways).collect();
        let sizes = Sizes::of(program, &cohorts, sample);
        let calls = cohorts.iter().flat_map(|(_, ways)| ways).flatten();
        let full = calls.map(|&call| (call, sizes.full(call, &program.calls[call]))).collect();
        Phase { delivery, cohorts, full }
    }

    fn add_to(&self, estimate: &mut Estimate, outlook: &mut Outlook) {
        if self.cohorts.is_empty() {
            return;
        }
        let open = self.scans().next().is_some();
        estimate.requests += self.all_requests(open);
        for &call in self.full.keys() {
            let told = self.call(call);
            match estimate.calls.iter_mut().find(|known| same(known, &told)) {
                Some(known) => merge(known, &told),
                None => estimate.calls.push(told),
            }
            estimate.jobs.extend(self.jobs(call));
        }
        let (quick, slow) = (self.load(|way| -self.seconds_a_row(way)), self.load(|way| self.seconds_a_row(way)));
        pass(estimate, outlook, [&self.draws(&quick), &self.draws(&slow)], open);
    }

    fn all_requests(&self, open: bool) -> Span<u64> {
        let (fewest, most) = (self.load(|way| -self.requests_a_row(way)), self.load(|way| self.requests_a_row(way)));
        let requests = |load: &Load, full: fn(Full) -> u64| -> u64 {
            load.iter().map(|(call, records)| records.div_ceil(full(self.full[call]))).sum()
        };
        let from = requests(&fewest, |full| full.most);
        let to = requests(&most, |full| full.least).max(from) + self.left_over(&most);
        Span { from, to: (!open).then_some(to) }
    }

    /// Listings read whole: nobody knows how long they are.
    fn scans(&self) -> impl Iterator<Item = usize> {
        self.full.keys().copied().filter(|call| self.plan(*call).scan.is_some())
    }

    /// Records by call, were each cohort to go the way that weighs most.
    fn load(&self, weight: impl Fn(&Way) -> f64) -> Load {
        let mut load = Load::new();
        for (cohort, ways) in &self.cohorts {
            let heaviest = ways.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
            for &call in heaviest.into_iter().flatten() {
                *load.entry(call).or_default() += cohort.rows;
            }
        }
        load
    }

    fn requests_a_row(&self, way: &Way) -> f64 {
        way.iter().map(|call| 1.0 / self.full[call].usual as f64).sum()
    }

    fn seconds_a_row(&self, way: &Way) -> f64 {
        let mut by_limiter: BTreeMap<usize, f64> = BTreeMap::new();
        for call in way {
            for paced in &self.plan(*call).paced {
                let seconds = paced.limiter.seconds(1.0 / self.full[call].usual as f64, 1.0);
                *by_limiter.entry(std::sync::Arc::as_ptr(&paced.limiter).addr()).or_default() += seconds;
            }
        }
        by_limiter.into_values().fold(0.0, f64::max)
    }

    /// Where rows part, each of their ways may end in a request that is not full.
    fn left_over(&self, most: &Load) -> u64 {
        let parted = self.full.iter().filter(|(call, full)| full.most > 1 && self.parted(**call));
        parted.filter(|(call, _)| !most.contains_key(call)).count() as u64
    }

    fn parted(&self, call: usize) -> bool {
        self.cohorts.iter().any(|(_, ways)| ways.iter().any(|way| way.contains(&call) != ways[0].contains(&call)))
    }

    fn plan(&self, call: usize) -> &'a CallPlan {
        &self.delivery.program.calls[call]
    }

    fn records(&self, call: usize) -> Span<u64> {
        let mut records = Span::default();
        for (cohort, ways) in &self.cohorts {
            let visits = ways.iter().map(|way| way.iter().filter(|visited| **visited == call).count() as u64);
            let (least, most) = visits.fold((u64::MAX, 0), |(least, most), times| (least.min(times), most.max(times)));
            records += Span::between(least.min(most) * cohort.rows, most * cohort.rows);
        }
        records
    }

    fn requests(&self, call: usize) -> Span<u64> {
        let (full, records) = (self.full[&call], self.records(call));
        let open = self.plan(call).scan.is_some();
        let to = records.to.filter(|_| !open).map(|to| to.div_ceil(full.least));
        Span { from: records.from.div_ceil(full.most), to }
    }

    fn call(&self, call: usize) -> CallEstimate {
        let (plan, full, records) = (self.plan(call), self.full[&call], self.records(call));
        let bytes = |rows: u64| (rows as f64 * full.record_bytes) as u64;
        let fields = &self.delivery.program.fields;
        let identifier = fields.identifiers.get(plan.which).filter(|_| fields.identifiers.len() > 1);
        CallEstimate {
            identifier: identifier.map(|identifier| identifier.name.clone()),
            requests: self.requests(call),
            records,
            full: if plan.scan.is_some() { 0 } else { full.usual },
            cut_by_bytes: full.usual < plan.records as u64,
            bytes: (full.record_bytes > 0.0).then(|| Span { from: bytes(records.from), to: records.to.map(bytes) }),
            ..self.delivery.named(plan)
        }
    }

    fn jobs(&self, call: usize) -> Option<JobEstimate> {
        let plan = self.plan(call);
        let job = plan.job.as_ref()?;
        let jobs = self.requests(call);
        let asked_by = ways::asked(&self.delivery.program, plan, job);
        let files = asked_by.len().saturating_sub(1) as u64;
        let first = job.job.every.0;
        let asked = 1 + asked_again(&job.job);
        let rounds = |jobs: u64| jobs.div_ceil(plan.in_flight as u64) as f64;
        let wait = job.job.wait.max(first).as_secs_f64();
        Some(JobEstimate {
            call: plan.name.to_string(),
            jobs,
            at_once: plan.in_flight as u64,
            asked_by: asked_by.iter().map(|asked| self.plan(*asked).name.to_string()).collect(),
            requests: match job.job.later {
                true => Span::default(),
                false => Span { from: jobs.from, to: jobs.to.map(|jobs| jobs * (asked + files)) },
            },
            seconds: Span {
                from: rounds(jobs.from) * first.as_secs_f64(),
                to: jobs.to.map(|jobs| rounds(jobs) * wait),
            },
            later: job.job.later,
            earlier: false,
        })
    }

    /// What the limiters let through; of jobs, one question each.
    fn draws(&self, load: &Load) -> Vec<Draw> {
        let mut draws = Vec::new();
        for (&call, &records) in load {
            let plan = self.plan(call);
            let requests = records.div_ceil(self.full[&call].usual);
            draws.extend(drawn(plan, requests, records));
            if let Some(job) = plan.job.as_ref().filter(|job| !job.job.later) {
                let asked = ways::asked(&self.delivery.program, plan, job);
                draws.extend(asked.into_iter().flat_map(|asked| drawn(self.plan(asked), requests, 0)));
            }
        }
        draws
    }
}

fn drawn(call: &CallPlan, requests: u64, records: u64) -> impl Iterator<Item = Draw> {
    call.paced.iter().map(move |paced| Draw { limiter: paced.limiter.clone(), requests, records })
}

/// How often one asks again, with pauses that double, before one's patience ends.
fn asked_again(job: &Job) -> u64 {
    let (first, longest) = (job.every.0.as_secs_f64().max(0.1), job.every.1.as_secs_f64());
    let (longest, wait) = (longest.max(first), job.wait.as_secs_f64());
    let (mut pause, mut age, mut times) = (first, first, 0);
    while age < wait && pause < longest {
        pause = (pause * 2.0).min(longest);
        age += pause;
        times += 1;
    }
    times + ((wait - age).max(0.0) / longest).ceil() as u64
}

fn same(a: &CallEstimate, b: &CallEstimate) -> bool {
    (a.purpose, &a.call, &a.identifier, &a.endpoint) == (b.purpose, &b.call, &b.identifier, &b.endpoint)
}

/// A call that both phases make.
fn merge(known: &mut CallEstimate, more: &CallEstimate) {
    known.requests += more.requests;
    known.records += more.records;
    if let (Some(bytes), Some(more)) = (&mut known.bytes, more.bytes) {
        *bytes += more;
    }
}
