//! Jobs: work a destination does after it answered, asked for until it is done.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::batch::{Load, Rider};
use super::call::{CallPlan, JobPlan};
use super::judge::{Judged, Reading, Sent};
use super::retry::{Exchange, Line};
use crate::ir::catalog::Answer;
use crate::ir::delivery::{Halt, JobId, Response};
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::template::Scope;

/// What became of the records of one request.
#[derive(Debug)]
pub enum Came {
    /// One verdict for each record.
    Judged(Vec<Judged>),
    /// Refused whole.
    Split(String),
    /// Nothing was carried out.
    NotSent,
}

/// How a load came back.
#[derive(Debug)]
pub struct Landing {
    pub load: Load,
    pub came: Came,
    pub halt: Option<Halt>,
    /// The request that decided.
    pub request: u64,
    pub job: Option<JobId>,
}

/// One look at a job.
enum Look {
    Running,
    Came(Came, Option<Halt>),
}

/// How long a job is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until it is done, or its `wait` is over.
    UntilDone,
    /// One question.
    Once,
}

impl Line<'_> {
    /// Sends a load and brings it back with a verdict for each of its records.
    pub async fn fly(&self, mut load: Load) -> Landing {
        let call = &self.delivery.program.calls[load.call];
        if let Some(scan) = &call.scan {
            return self.scan(load, call, scan).await;
        }
        let mut request = 0;
        let exchange = self.exchange(call, &call.scope, &mut load, &mut request).await;
        let (mut came, mut halt, job) = match exchange {
            Exchange::Answered { whole, scope, .. } if is_pending(whole.is) && call.job.is_some() => {
                self.submitted(call, &load, &scope, &mut request).await
            }
            Exchange::Answered { whole, scope, response } => {
                let (came, halt) = self.verdicts(call, &load, whole, &scope, &response);
                (came, halt, None)
            }
            Exchange::Lost(reason) => (all(&load, Verdict::Unclear, Some(reason)), None, None),
            Exchange::Failed(reason) => (all(&load, Verdict::Failed, Some(reason)), None, None),
            Exchange::Halted(halt) => (Came::NotSent, Some(halt), None),
        };
        if let (Came::Judged(judged), None) = (&mut came, &halt) {
            halt = self.read_back(call, &mut load, judged).await;
        }
        Landing { load, came, halt, request, job }
    }

    async fn submitted(
        &self,
        call: &CallPlan,
        load: &Load,
        scope: &Scope,
        request: &mut u64,
    ) -> (Came, Option<Halt>, Option<JobId>) {
        let plan = call.job.as_ref().map(|plan| (plan, plan.id.text(scope).ok().flatten().unwrap_or_default()));
        // One with a secret in it is what was said, said back, and would be kept.
        let names = |id: &str| !id.is_empty() && self.delivery.redactor.scrub(id) == id;
        let Some((plan, id)) = plan.filter(|(_, id)| names(id)) else {
            let reason = "the answer names no job to ask for".to_string();
            return (all(load, Verdict::Unclear, Some(reason)), None, None);
        };
        let job = JobId { call: call.name.clone(), id };
        let waiting = || all(load, Verdict::Pending, None);
        if plan.job.later {
            return (waiting(), None, Some(job));
        }
        match self.watch(plan, &job, call, load, (Duration::ZERO, Patience::UntilDone), request).await {
            Look::Running => (waiting(), None, Some(job)),
            Look::Came(came, halt) => (came, halt, Some(job)),
        }
    }

    /// Asks for a job that an earlier run submitted. `None`: it runs still.
    pub async fn ask(&self, call: usize, job: &JobId, load: &Load, age: Duration) -> Option<(Came, Option<Halt>)> {
        let call = &self.delivery.program.calls[call];
        let plan = call.job.as_ref()?;
        let patience = if plan.job.later { Patience::Once } else { Patience::UntilDone };
        match self.watch(plan, job, call, load, (age, patience), &mut 0).await {
            Look::Running => None,
            Look::Came(came, halt) => Some((came, halt)),
        }
    }

    async fn watch(
        &self,
        plan: &JobPlan,
        job: &JobId,
        call: &CallPlan,
        load: &Load,
        (age, patience): (Duration, Patience),
        request: &mut u64,
    ) -> Look {
        let Some(poll) = self.delivery.program.call(&plan.job.poll, call.which) else { return Look::Running };
        let poll = &self.delivery.program.calls[poll];
        let started = self.world.elapsed();
        let mut pause = plan.job.every.0;
        loop {
            if patience == Patience::UntilDone && self.rest(pause).await.is_some() {
                return Look::Running;
            }
            let age = age + self.world.elapsed().saturating_sub(started);
            match self.look(poll, job, age, load, request).await {
                Look::Running => {}
                came => return came,
            }
            if age >= plan.job.wait {
                return Look::Came(overdue(load, plan), None);
            }
            if patience == Patience::Once {
                return Look::Running;
            }
            pause = (pause * 2).min(plan.job.every.1.max(plan.job.every.0));
        }
    }

    async fn look(&self, poll: &CallPlan, job: &JobId, age: Duration, load: &Load, request: &mut u64) -> Look {
        let scope = poll.scope.with("job", &json!({"id": job.id, "age": age.as_secs()}));
        let exchange = self.exchange(poll, &scope, &mut Load::new(load.call), request).await;
        let (whole, scope, response) = match exchange {
            Exchange::Answered { whole, scope, response } => (whole, scope, response),
            Exchange::Halted(halt @ Halt::Refused(_)) => {
                return Look::Came(all(load, Verdict::Pending, None), Some(halt));
            }
            Exchange::Lost(_) | Exchange::Failed(_) | Exchange::Halted(_) => return Look::Running,
        };
        if matches!(whole.is, Answer::Running | Answer::Relist) || is_pending(whole.is) || is_refused(&whole, &response)
        {
            return Look::Running;
        }
        match whole.with.clone().filter(|_| whole.is == Answer::Read) {
            Some(file) => self.results(&file, poll, &scope, load, &response, request).await,
            None => {
                let (came, halt) = self.verdicts(poll, load, whole, &scope, &response);
                Look::Came(came, halt)
            }
        }
    }

    /// Reads a job's result file, which another call fetches.
    async fn results(
        &self,
        file: &CallName,
        poll: &CallPlan,
        scope: &Scope,
        load: &Load,
        response: &Response,
        request: &mut u64,
    ) -> Look {
        let Some(call) = self.delivery.program.call(file, poll.which) else { return Look::Running };
        let call = &self.delivery.program.calls[call];
        let body: Json = serde_json::from_str(&response.body).unwrap_or_else(|_| json!(response.body));
        let scope = scope.with("answer", &json!({"status": response.status, "body": body}));
        match self.exchange(call, &scope, &mut Load::new(load.call), request).await {
            // Not there yet, or no longer at that address.
            Exchange::Answered { whole, response, .. }
                if whole.is == Answer::Running || is_refused(&whole, &response) =>
            {
                Look::Running
            }
            Exchange::Answered { whole, scope, response } => {
                let (came, halt) = self.verdicts(call, load, whole, &scope, &response);
                Look::Came(came, halt)
            }
            Exchange::Lost(_) | Exchange::Failed(_) | Exchange::Halted(_) => Look::Running,
        }
    }

    /// The verdicts an answer gives to the records of a load.
    fn verdicts(
        &self,
        call: &CallPlan,
        load: &Load,
        whole: super::judge::Whole,
        scope: &Scope,
        response: &Response,
    ) -> (Came, Option<Halt>) {
        match whole.is {
            Answer::Read => {
                let scope = scope.with_datum("sent", load.len().into());
                let sent = Sent {
                    identifiers: load.riders.iter().map(Rider::identifier).collect(),
                    remote_ids: load.riders.iter().map(|rider| rider.remote_id.as_deref()).collect(),
                };
                match call.judge.records(&scope, &sent, &self.delivery.program.fields) {
                    Reading::Records(judged) => (Came::Judged(judged), None),
                    Reading::Stop(reason) => (Came::NotSent, Some(Halt::Refused(reason))),
                }
            }
            Answer::Every(verdict) => {
                let judged = Judged { remote_id: whole.remote_id, ..Judged::of(verdict, whole.reason) };
                (Came::Judged(vec![judged; load.len()]), None)
            }
            Answer::Warning => {
                let judged = Judged { remote_id: whole.remote_id, ..Judged::warning(whole.reason) };
                (Came::Judged(vec![judged; load.len()]), None)
            }
            Answer::Split => (Came::Split(whole.reason.unwrap_or_else(|| call.judge.excerpt(response))), None),
            other => (all(load, Verdict::Failed, Some(format!("an answer out of place: {other:?}"))), None),
        }
    }
}

/// The question after a job was refused, and nothing said of the job: its records are with the destination, and none is sent
/// again in a smaller batch.
fn is_refused(whole: &super::judge::Whole, response: &Response) -> bool {
    whole.is == Answer::Split && response.status >= 400
}

fn is_pending(answer: Answer) -> bool {
    answer == Answer::Every(Verdict::Pending)
}

pub fn all(load: &Load, verdict: Verdict, reason: Option<String>) -> Came {
    Came::Judged(vec![Judged::of(verdict, reason); load.len()])
}

/// What a job that outlived its wait counts as.
fn overdue(load: &Load, plan: &JobPlan) -> Came {
    let reason = format!("the job did not end within {} s", plan.job.wait.as_secs());
    match plan.job.then {
        Verdict::Pending => all(load, Verdict::Pending, None),
        Verdict::Accepted => Came::Judged(vec![Judged::warning(Some(reason)); load.len()]),
        verdict => all(load, verdict, Some(reason)),
    }
}
