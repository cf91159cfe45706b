//! Records read again after they were written: some destinations take a value and do not keep it, and say nothing.
//!
//! The first batch of a run is alone until one of its records was read; later ones are read where they carry a field that
//! none before them had a value for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use super::batch::{Load, Rider};
use super::call::CallPlan;
use super::fields::Placed;
use super::judge::{Judged, Rules};
use super::program::{self, Setup};
use super::retry::{Exchange, Line};
use super::wire;
use crate::ir::catalog::{Answer, RecordVerdict};
use crate::ir::delivery::Halt;
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::template::Scope;

/// Records of one batch that are read at most: fields that are seldom given are found in later batches.
const READS: usize = 5;

/// Batches that go one by one while no record of them can be read: people whom the destination does not know tell nothing of
/// what it does with a name it does not know.
const BATCHES: u32 = 10;

#[derive(Debug)]
pub struct ReadbackPlan {
    find: Option<CallName>,
    call: CallName,
    /// A record of every batch is read.
    every: bool,
    record: Rules,
    fields: Rules,
    /// By position: whether it is a custom attribute.
    custom: Vec<bool>,
    /// Fields that no record read so far had a value for.
    unseen: Mutex<BTreeSet<usize>>,
    /// Batches that are still tried.
    due: AtomicU32,
}

/// What came of one reading.
enum Sight {
    Read(Scope),
    /// The destination has no such record.
    Absent,
    /// No answer that says anything.
    Nothing,
}

impl ReadbackPlan {
    pub fn new(setup: &Setup<'_>, scope: &Scope) -> Result<Option<ReadbackPlan>, String> {
        let Some(readback) = &setup.service.readback else { return Ok(None) };
        let identifier = setup.identifiers.first().map_or(Json::Null, |_| program::identifier_facts(setup, 0));
        let scope = scope.with("identifier", &identifier);
        if !program::holds(readback.when.as_ref(), &scope)? {
            return Ok(None);
        }
        Ok(Some(ReadbackPlan {
            find: readback.find.clone(),
            call: readback.call.clone(),
            every: readback.every.is_some() && program::holds(readback.every.as_ref(), &scope)?,
            record: Rules::new(&readback.record)?,
            fields: Rules::new(&readback.fields)?,
            custom: setup.fields.iter().map(|field| field.custom).collect(),
            unseen: Mutex::new((0..setup.fields.len()).collect()),
            due: AtomicU32::new(BATCHES),
        }))
    }

    /// Whether nothing was read yet.
    pub fn is_due(&self) -> bool {
        self.due.load(Ordering::Relaxed) > 0
    }

    /// The calls it makes for a record.
    pub fn calls(&self) -> impl Iterator<Item = &CallName> {
        self.find.iter().chain([&self.call])
    }

    /// Records that so many batches lead it to read at most, where each tells something of a field that none told before.
    pub fn most(&self, batches: u64) -> u64 {
        let (fields, every) = (self.custom.len() as u64, if self.every { batches } else { 0 });
        (1 + fields).max(every).min(batches * READS as u64)
    }

    fn unseen(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        // A set is whole at every moment: a panic elsewhere cannot have left it half written.
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line<'_> {
    /// Reads records of a batch that was accepted. One that does not hold what it must stops the activation, and all of the
    /// batch is owed still; one that the destination does not have is absent.
    pub async fn read_back(&self, call: &CallPlan, load: &mut Load, judged: &mut [Judged]) -> Option<Halt> {
        let plan = self.delivery.program.readback.as_ref().filter(|_| call.writes)?;
        let carried: Vec<BTreeSet<usize>> = load.riders.iter().map(|rider| self.carried(call, rider)).collect();
        let mut tried = BTreeSet::new();
        while tried.len() < READS {
            let Some(at) = next(plan, judged, &carried, &tried) else { break };
            tried.insert(at);
            let scope = match self.sight(plan, &load.riders[at], call.which).await {
                Ok(Sight::Read(scope)) => scope,
                Ok(Sight::Absent) => {
                    // What was accepted may stand there all the same: whoever leaves is taken out to be sure.
                    load.riders[at].doubtful = true;
                    judged[at] = Judged::of(Verdict::Absent, None);
                    continue;
                }
                Ok(Sight::Nothing) => continue,
                Err(halt) => return Some(halt),
            };
            plan.due.store(0, Ordering::Relaxed);
            plan.unseen().retain(|field| !carried[at].contains(field));
            if let Some(reason) = self.compare(plan, &load.riders[at], &carried[at], &scope, &mut judged[at]) {
                let reason = self.delivery.redactor.scrub(&reason);
                let lost = judged.iter_mut().filter(|judged| is_accepted(judged));
                lost.for_each(|judged| *judged = Judged::of(Verdict::Failed, Some(reason.clone())));
                return Some(Halt::Refused(reason));
            }
        }
        if !tried.is_empty() {
            // While it is due no other batch is under way.
            plan.due.store(plan.due.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
        }
        None
    }

    /// Fields that went along with a value.
    fn carried(&self, call: &CallPlan, rider: &Rider) -> BTreeSet<usize> {
        let fields = &self.delivery.program.fields;
        let mut take = Vec::new();
        if call.has_fields {
            fields.choose(&rider.offer, call.send, rider.missing, &mut take);
        }
        let taken = take.iter().enumerate().filter(|(at, taken)| **taken && !rider.offer.value(*at).is_null());
        taken.map(|(at, _)| at).collect()
    }

    async fn sight(&self, plan: &ReadbackPlan, rider: &Rider, which: usize) -> Result<Sight, Halt> {
        let mut rider = rider.clone();
        if let (None, Some(find)) = (&rider.remote_id, &plan.find) {
            match self.ask_for(find, &rider, which).await? {
                Some((Verdict::Found | Verdict::Accepted, Some(remote_id), _)) => rider.remote_id = Some(remote_id),
                Some((Verdict::Absent, ..)) => return Ok(Sight::Absent),
                _ => return Ok(Sight::Nothing),
            }
        }
        Ok(match self.ask_for(&plan.call, &rider, which).await? {
            Some((Verdict::Found | Verdict::Accepted, _, scope)) => {
                let record = json!({
                    "identifier": rider.identifier(), "remote_id": rider.remote_id, "change": rider.offer.kind().name(),
                });
                Sight::Read(scope.with("record", &record))
            }
            Some((Verdict::Absent, ..)) => Sight::Absent,
            _ => Sight::Nothing,
        })
    }

    async fn ask_for(
        &self,
        name: &CallName,
        rider: &Rider,
        which: usize,
    ) -> Result<Option<(Verdict, Option<String>, Scope)>, Halt> {
        let program = &self.delivery.program;
        let Some(at) = program.call(name, which) else { return Ok(None) };
        let call = &program.calls[at];
        let mut load = Load::new(at);
        load.push(rider.clone(), &[]);
        match self.exchange(call, &call.scope, &mut load, &mut 0).await {
            Exchange::Answered { whole, scope, .. } => Ok(match whole.is {
                Answer::Every(verdict) => Some((verdict, whole.remote_id, scope)),
                _ => None,
            }),
            Exchange::Lost(_) | Exchange::Failed(_) => Ok(None),
            Exchange::Halted(halt) => Err(halt),
        }
    }

    /// The reason of a stop. A warning stays with the record, and the field it is about counts as refused.
    fn compare(
        &self,
        plan: &ReadbackPlan,
        rider: &Rider,
        carried: &BTreeSet<usize>,
        scope: &Scope,
        judged: &mut Judged,
    ) -> Option<String> {
        let fields = &self.delivery.program.fields;
        let asked = carried.iter().map(|&at| {
            let facts = facts(&fields.fields[at], plan.custom[at], rider.offer.value(at));
            (Some(at), plan.fields.first(&scope.with("field", &facts)))
        });
        for (field, found) in std::iter::once((None, plan.record.first(scope))).chain(asked) {
            match found {
                None => {}
                Some((RecordVerdict::Stop, reason)) => return Some(reason),
                Some((_, reason)) => {
                    judged.is = RecordVerdict::Warning;
                    let before = judged.reason.take().map(|before| format!("{before}; "));
                    judged.reason = Some(self.delivery.redactor.scrub(&(before.unwrap_or_default() + &reason)));
                    judged.refused.extend(field);
                }
            }
        }
        None
    }
}

fn facts(placed: &Placed, custom: bool, value: crate::ir::value::Cell<'_>) -> Json {
    let mut text = Vec::new();
    wire::write(&mut text, placed.wire, value);
    let value: Json = serde_json::from_slice(&text).unwrap_or_default();
    json!({"name": placed.name, "custom": custom, "value": value})
}

fn is_accepted(judged: &Judged) -> bool {
    matches!(judged.is, RecordVerdict::Is(Verdict::Accepted) | RecordVerdict::Warning)
}

/// The record to read next: the one that carries most of what was not seen yet, if any does, or one that must be read.
fn next(plan: &ReadbackPlan, judged: &[Judged], carried: &[BTreeSet<usize>], tried: &BTreeSet<usize>) -> Option<usize> {
    let unseen = plan.unseen().clone();
    let news = |at: usize| carried[at].intersection(&unseen).count();
    let free = (0..judged.len()).filter(|at| is_accepted(&judged[*at]) && !tried.contains(at));
    let needed = plan.is_due() || (plan.every && tried.is_empty());
    // Of equals the first, so that a run can be told again.
    free.map(|at| (news(at), at))
        .filter(|(news, _)| *news > 0 || needed)
        .min_by_key(|(news, at)| (usize::MAX - news, *at))
        .map(|(_, at)| at)
}
