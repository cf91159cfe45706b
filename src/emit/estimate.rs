//! What a run will ask of the destination: requests call by call, and the time that the limits ask for.
//!
//! Where a route branches nobody knows which way a row goes, so everything is told from - to: the ways that all rows of a kind
//! might take together, the cheapest and the dearest.

mod phase;
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
use crate::ir::estimate::{CallEstimate, Estimate, JobEstimate, Purpose, Span};
use crate::ir::ident::CallName;
use crate::ir::mode::ChangeKind;
use crate::ir::offer::Offer;
use phase::{Known, Phase};

/// Clocks for the cheapest and the dearest way of everything.
#[derive(Debug, Default)]
pub struct Outlook {
    least: Forecast,
    most: Forecast,
}

impl Delivery {
    /// `sample` are some of the rows, to judge sizes by; `pages` what listings had when they were last read; `outlook` has what
    /// activations before this one have taken.
    pub fn estimate(
        &self,
        cohorts: &[Cohort],
        sample: &[Offer],
        pages: &BTreeMap<String, u64>,
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
            let before = scanned.clone();
            let phase = Phase::new(self, &cohorts, Known { sample, pages, scanned: &before });
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
