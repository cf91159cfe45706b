//! Jobs of earlier runs, settled record by record.

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::batch::{Load, Rider};
use super::job::{Came, all};
use super::retry::Line;
use super::{Ending, Note};
use crate::ir::catalog::RecordVerdict;
use crate::ir::delivery::{Halt, OpenJob, Outcome};
use crate::ir::mode::Verdict;

/// Jobs asked after at once.
const IN_FLIGHT: usize = 8;

pub async fn settle(line: Line<'_>, mut jobs: mpsc::Receiver<OpenJob>) -> Ending {
    let mut asked = FuturesUnordered::new();
    let (mut open, mut halt, mut running) = (true, None, 0);
    while open || !asked.is_empty() {
        tokio::select! {
            Some(came) = asked.next(), if !asked.is_empty() => match came {
                Some((outcomes, stop)) => {
                    halt = halt.or(stop);
                    line.journal.tell(Note::Outcomes(outcomes)).await;
                }
                None => running += 1,
            },
            job = jobs.recv(), if open && asked.len() < IN_FLIGHT => match job {
                Some(_) if halt.is_some() => running += 1,
                Some(job) => asked.push(one(line, job)),
                None => open = false,
            },
        }
    }
    Ending { halt, requests: line.delivery.requests(), running }
}

/// The outcomes of one job; `None` while it runs.
async fn one(line: Line<'_>, job: OpenJob) -> Option<(Vec<Outcome>, Option<Halt>)> {
    let program = &line.delivery.program;
    let which = job.offers.first().map_or(0, |offer| offer.which());
    let call = program.call(&job.job.call, which)?;
    let mut load = Load::new(call);
    let mut take = Vec::new();
    for offer in job.offers {
        let remote_id = program.fields.remote_id(&offer).map(str::to_string);
        let mut rider = Rider::new(offer, remote_id);
        rider.sent_all = program.fields.choose(&rider.offer, program.calls[call].send, false, &mut take);
        (rider.marked, rider.sent) = (true, true);
        load.push(rider, &[]);
    }
    let (came, halt) = line.ask(call, &job.job, &load, Duration::from_secs(job.age_s)).await?;
    let came = match came {
        Came::Judged(judged) => judged,
        Came::Split(reason) => judged_of(&load, Verdict::Failed, reason),
        Came::NotSent => judged_of(&load, Verdict::Failed, "the destination refuses the activation".to_string()),
    };
    let outcomes = load.riders.into_iter().zip(came).map(|(mut rider, judged)| {
        let verdict = match judged.is {
            RecordVerdict::Is(Verdict::Found) => Verdict::Exists,
            RecordVerdict::Is(verdict) => verdict,
            RecordVerdict::Warning => Verdict::Accepted,
            RecordVerdict::Retry | RecordVerdict::Stop => Verdict::Failed,
        };
        let warned = judged.is == RecordVerdict::Warning;
        rider.warning = warned.then(|| judged.reason.clone().unwrap_or_default());
        rider.remote_id = judged.remote_id.or(rider.remote_id);
        rider.refused = judged.refused;
        rider.outcome(verdict, judged.reason.filter(|_| !warned), 0, Some(job.job.clone()))
    });
    Some((outcomes.collect(), halt))
}

fn judged_of(load: &Load, verdict: Verdict, reason: String) -> Vec<super::judge::Judged> {
    match all(load, verdict, Some(reason)) {
        Came::Judged(judged) => judged,
        Came::Split(_) | Came::NotSent => Vec::new(),
    }
}
