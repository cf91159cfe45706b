//! Rows that are offered together, and what they make of each call.

use std::collections::{BTreeMap, BTreeSet};

use super::size::{Full, Sizes};
use super::ways::{self, Way};
use super::{Outlook, asked_again, drawn, pass};
use crate::emit::Delivery;
use crate::emit::call::CallPlan;
use crate::emit::pace::Draw;
use crate::ir::change::Cohort;
use crate::ir::estimate::{CallEstimate, Estimate, JobEstimate, Span};
use crate::ir::offer::Offer;

/// Rows that are offered together: additions and changes, then removals.
pub struct Phase<'a> {
    delivery: &'a Delivery,
    /// Each with the ways its rows may take.
    cohorts: Vec<(Cohort, Vec<Way>)>,
    full: BTreeMap<usize, Full>,
    /// Of listings that are read whole, what they had when they were last read.
    pages: &'a BTreeMap<String, u64>,
}

/// What is known of the rows and of the destination.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub sample: &'a [Offer],
    pub pages: &'a BTreeMap<String, u64>,
    /// Listings that were read before, and are not again.
    pub scanned: &'a BTreeSet<usize>,
}

/// Records by call.
type Load = BTreeMap<usize, u64>;

impl<'a> Phase<'a> {
    pub fn new(delivery: &'a Delivery, cohorts: &[Cohort], known: Known<'a>) -> Phase<'a> {
        let program = &delivery.program;
        let ways = |cohort: &Cohort| {
            let mut ways = ways::ways(program, cohort);
            ways.iter_mut().for_each(|way| way.retain(|call| !known.scanned.contains(call)));
            (*cohort, ways)
        };
        let cohorts: Vec<(Cohort, Vec<Way>)> = cohorts.iter().map(ways).collect();
        let sizes = Sizes::of(program, &cohorts, known.sample);
        let calls = cohorts.iter().flat_map(|(_, ways)| ways).flatten();
        let full = calls.map(|&call| (call, sizes.full(call, &program.calls[call]))).collect();
        Phase { delivery, cohorts, full, pages: known.pages }
    }

    pub fn add_to(&self, estimate: &mut Estimate, outlook: &mut Outlook) {
        if self.cohorts.is_empty() {
            return;
        }
        let open = self.scans().any(|call| self.pages(call).is_none());
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
        let draws = [self.draws(&quick, |_| 1), self.draws(&slow, |call| self.pages(call).unwrap_or(1))];
        pass(estimate, outlook, [&draws[0], &draws[1]], open);
    }

    fn all_requests(&self, open: bool) -> Span<u64> {
        let (fewest, most) = (self.load(|way| -self.requests_a_row(way)), self.load(|way| self.requests_a_row(way)));
        let requests = |load: &Load, full: fn(Full) -> u64| -> u64 {
            load.iter().map(|(call, records)| records.div_ceil(full(self.full[call]))).sum()
        };
        let from = requests(&fewest, |full| full.most);
        let parted: u64 = self.full.keys().map(|call| self.turns(*call).saturating_sub(1)).sum();
        let scanned: u64 = self.scans().filter_map(|call| self.pages(call)).map(|pages| pages - 1).sum();
        let to = requests(&most, |full| full.least).max(from) + self.left_over(&most) + parted + scanned;
        Span { from, to: (!open).then_some(to) }
    }

    /// Pages of a listing at most, where that can be told from the last time: a fifth more, as accounts grow.
    fn pages(&self, call: usize) -> Option<u64> {
        self.pages.get(self.plan(call).name.as_str()).map(|pages| pages + pages.div_ceil(5))
    }

    /// Listings read whole: nobody knows how long they are now.
    pub fn scans(&self) -> impl Iterator<Item = usize> {
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

    /// At how many places of their ways rows meet a call that takes several: those who are there first do not wait for those
    /// who may still come.
    fn turns(&self, call: usize) -> u64 {
        let places = self.cohorts.iter().flat_map(|(_, ways)| ways).flat_map(|way| {
            way.iter().enumerate().filter(|(_, met)| **met == call && self.full[&call].most > 1).map(|(at, _)| at)
        });
        places.collect::<BTreeSet<_>>().len() as u64
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
        if self.plan(call).scan.is_some() {
            return Span { from: 1, to: self.pages(call) };
        }
        let parted = self.turns(call).saturating_sub(1);
        let to = records.to.map(|to| (to.div_ceil(full.least) + parted).min(to));
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
    fn draws(&self, load: &Load, pages: impl Fn(usize) -> u64) -> Vec<Draw> {
        let mut draws = Vec::new();
        for (&call, &records) in load {
            let plan = self.plan(call);
            let requests = if plan.scan.is_some() { pages(call) } else { records.div_ceil(self.full[&call].usual) };
            draws.extend(drawn(plan, requests, records));
            if let Some(job) = plan.job.as_ref().filter(|job| !job.job.later) {
                let asked = ways::asked(&self.delivery.program, plan, job);
                draws.extend(asked.into_iter().flat_map(|asked| drawn(self.plan(asked), requests, 0)));
            }
        }
        draws
    }
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
