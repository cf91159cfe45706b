//! The ways that rows can take along a route, one for each outcome that a call may have.

use crate::emit::call::{CallPlan, JobPlan};
use crate::emit::program::Program;
use crate::emit::route::{self, Next, StepPlan};
use crate::ir::catalog::{Answer, AnswerRule, Call, Reader, RecordVerdict, Repeat};
use crate::ir::change::Cohort;
use crate::ir::mode::Verdict;

/// The calls that one row meets, in order.
pub type Way = Vec<usize>;

/// What a call can make of a record, by what its definition says. Silence after `read` is acceptance unless `others` speaks.
pub fn verdicts(call: &Call, shared: &[AnswerRule]) -> Vec<Verdict> {
    let rules = call.answer.iter().chain(shared);
    let reads = call.answer.is_empty() || call.answer.iter().any(|rule| rule.is == Answer::Read);
    let mut verdicts: Vec<Verdict> = rules
        .filter_map(|rule| match rule.is {
            Answer::Every(verdict) => Some(verdict),
            Answer::Warning => Some(Verdict::Accepted),
            _ => None,
        })
        .collect();
    if reads {
        let silence = call.readers.iter().any(|reader| matches!(reader, Reader::Others { .. }));
        verdicts.extend((!silence).then_some(Verdict::Accepted));
        verdicts.extend(call.readers.iter().flat_map(told));
    }
    verdicts.sort_unstable();
    verdicts.dedup();
    verdicts
}

fn told(reader: &Reader) -> Vec<Verdict> {
    let verdict = |is: RecordVerdict| match is {
        RecordVerdict::Is(verdict) => Some(verdict),
        RecordVerdict::Warning => Some(Verdict::Accepted),
        RecordVerdict::Retry | RecordVerdict::Stop => None,
    };
    match reader {
        Reader::Each { rules, .. } => rules.iter().filter_map(|rule| verdict(rule.is)).collect(),
        Reader::Others { is, .. } => verdict(*is).into_iter().collect(),
    }
}

/// Every way of a cohort, those that differ. Refusals and failures are left out: they end a row early, and a plan is made
/// for rows that go well.
pub fn ways(program: &Program, cohort: &Cohort) -> Vec<Way> {
    let steps = program.route(cohort.kind, cohort.which).unwrap_or_default();
    let given = program.fields.identifiers.get(cohort.which).is_some_and(|identifier| identifier.remote_id);
    let known = given || cohort.has_remote_id;
    let mut walk = Walk { program, steps, ways: Vec::new() };
    match look(program, steps, cohort) {
        Some(call) => walk.take(&[], None, call, known),
        None => walk.on(&[], route::first(steps, known), known),
    }
    walk.ways.sort();
    walk.ways.dedup();
    walk.ways
}

fn look(program: &Program, steps: &[StepPlan], cohort: &Cohort) -> Option<usize> {
    let Repeat::After(name) = &program.calls[steps.first()?.call].repeat else { return None };
    program.call(name, cohort.which).filter(|_| cohort.look_first)
}

struct Walk<'a> {
    program: &'a Program,
    steps: &'a [StepPlan],
    ways: Vec<Way>,
}

impl Walk<'_> {
    fn on(&mut self, before: &[usize], next: Next, has_remote_id: bool) {
        match next {
            Next::End(_) => self.ways.push(before.to_vec()),
            Next::Step(step) => self.take(before, Some(step), self.steps[step].call, has_remote_id),
        }
    }

    fn take(&mut self, before: &[usize], step: Option<usize>, call: usize, has_remote_id: bool) {
        let way = [before, &[call]].concat();
        let known_ways = self.ways.len();
        for verdict in outcomes(self.program, &self.program.calls[call]) {
            let known = has_remote_id || verdict == Verdict::Found;
            if self.matters(verdict) {
                self.on(&way, route::after(self.steps, step, verdict, known), known);
            }
        }
        if self.ways.len() == known_ways {
            self.ways.push(way);
        }
    }

    fn matters(&self, verdict: Verdict) -> bool {
        let bad = matches!(verdict, Verdict::Rejected | Verdict::Failed | Verdict::Unclear);
        !bad || self.steps.iter().any(|step| step.after.contains(&verdict))
    }
}

/// What rows of a job come back with is what the question after it says.
fn outcomes(program: &Program, call: &CallPlan) -> Vec<Verdict> {
    let Some(job) = call.job.as_ref().filter(|job| !job.job.later) else { return call.verdicts.clone() };
    let mut all: Vec<Verdict> = call.verdicts.iter().copied().filter(|verdict| *verdict != Verdict::Pending).collect();
    for asked in asked(program, call, job) {
        all.extend(program.calls[asked].verdicts.iter().copied().filter(|verdict| *verdict != Verdict::Pending));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The calls that ask after a job: its poll, and those that fetch results.
pub fn asked(program: &Program, call: &CallPlan, job: &JobPlan) -> Vec<usize> {
    let Some(poll) = program.call(&job.job.poll, call.which) else { return Vec::new() };
    let files = program.calls[poll].files.iter().filter_map(|name| program.call(name, call.which));
    std::iter::once(poll).chain(files).collect()
}
