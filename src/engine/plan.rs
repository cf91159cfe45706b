//! `plan`: the run, up to the point where it would write.

use std::collections::BTreeMap;
use std::path::Path;

use super::account::{self, Asking};
use super::prepare::delivery;
use super::run::{causes, cautions, compare};
use super::session::{Access, Job, Session, keys_set};
use super::{Options, StopSignal, Trouble, guards, settle, target, tell};
use crate::diff::{self, Basis, Pick};
use crate::emit::{Depth, Outlook};
use crate::ir::change::{Changes, Cohort, Sample};
use crate::ir::delivery::Request;
use crate::ir::ident::CallName;
use crate::ir::mode::ChangeKind;
use crate::ir::offer::Offer;
use crate::ir::plan::Plan;
use crate::ir::run::{ActivationPlan, Failure, PlanReport, SampleField, SampleRequest, SampleRow, Status};
use crate::ir::secret::MASK;
use crate::ir::spec::{Activation, Spec};
use crate::ir::value::Value;
use crate::record;
use crate::store::StoreError;
use crate::world::World;

/// Rows of each kind that sizes are judged by.
const SIZED: u64 = 200;

pub async fn plan(world: &dyn World, root: &Path, spec: &Spec, options: &Options) -> Result<PlanReport, Trouble> {
    let accounts = account::ask(world, spec, options, Asking::Plan, &StopSignal::default()).await?;
    let mut session = Session::open(world, root, spec, options, Access::Read, accounts, &StopSignal::default()).await?;
    let mut report = PlanReport {
        environment: spec.project.environment.clone(),
        sandbox: options.sandbox.is_some(),
        ..PlanReport::default()
    };
    let mut outlook = Outlook::default();
    for (activation, failure) in &session.failed {
        report.activations.push(failed(&session, activation, failure));
    }
    for job in std::mem::take(&mut session.jobs) {
        let plan = one(&session, &job, &mut outlook).await;
        plan.estimate.iter().for_each(|estimate| report.total.add(estimate));
        report.activations.push(plan);
    }
    Ok(report)
}

/// An activation whose ledger cannot be looked into.
fn failed(session: &Session<'_>, activation: &Activation, failure: &Failure) -> ActivationPlan {
    ActivationPlan {
        activation: activation.name.to_string(),
        target: target::of(activation, session.spec, session.options),
        mode: activation.mode.name().into(),
        status: failure.status,
        stopped: Some(failure.clone().into()),
        ..ActivationPlan::default()
    }
}

async fn one(session: &Session<'_>, job: &Job<'_>, outlook: &mut Outlook) -> ActivationPlan {
    let mut plan = ActivationPlan {
        activation: job.activation.name.to_string(),
        target: target::told(&job.target),
        mode: job.activation.mode.name().into(),
        causes: causes(session, job),
        ..ActivationPlan::default()
    };
    if let Err(failure) = look(session, job, outlook, &mut plan).await {
        plan.stopped = Some(failure.into());
    }
    plan.status = plan.stopped.as_ref().map_or(Status::Done, |stopped| stopped.status);
    plan
}

async fn look(
    session: &Session<'_>,
    job: &Job<'_>,
    outlook: &mut Outlook,
    plan: &mut ActivationPlan,
) -> Result<(), Failure> {
    plan.warnings.extend(job.unverified.iter().map(|what| format!("not verified: {what}")));
    if let Some(stopped) = &job.stopped {
        plan.stopped = Some(stopped.clone());
        return Ok(());
    }
    let full_number = job.full_number(session.options);
    let (changes, model_rows) = compare(session, job, full_number)?;
    plan.counts = changes.counts.clone();
    plan.ledger = job.shape.sequence;
    plan.digest = diff::digest(&session.store).map_err(|error| super::run::told(job, &error))?;
    plan.by_field = changes.by_field.clone();
    plan.waiting = settle::under_way(session, job)?;
    let fired = guards::before(job, &changes.counts, session.options);
    plan.warnings.extend(fired.warnings);
    if let Some(lost) = job.recovered.filter(|lost| *lost > 0) {
        plan.warnings.push(tell::cut_short(lost, job.plan.unclear));
    }
    plan.warnings.extend(job.back.as_deref().map(tell::back));
    plan.stopped = guards::standing(job, &changes.counts, model_rows, session.options).or(fired.stop);
    plan.warnings.extend(cautions(session, job, &changes)?);
    plan.silent = guards::silence(&changes.counts, session.options.adopt, false);
    show(session, job, &changes, full_number, outlook, plan).await
}

async fn show(
    session: &Session<'_>,
    job: &Job<'_>,
    changes: &Changes,
    full_number: u32,
    outlook: &mut Outlook,
    plan: &mut ActivationPlan,
) -> Result<(), Failure> {
    let basis = Basis {
        ledger: &job.ledger,
        shape: &job.shape,
        full_number,
        full: session.options.full,
        now: session.now.clone(),
    };
    let told = |error| super::run::told(job, &error);
    let pick = |pick, most| diff::samples(&session.store, &job.plan, &basis, pick, most).map_err(told);
    let samples = pick(Pick::First, session.options.samples)?;
    plan.samples = samples.iter().map(|sample| row(&job.plan, sample)).collect();
    if session.options.with_rows {
        plan.rows = pick(Pick::First, i64::MAX as u64)?.iter().map(|sample| row(&job.plan, sample)).collect();
    }
    plan.warnings.extend(job.unseen.iter().map(|name| format!("not verified: field `{name}` of the account")));
    let waiting = waiting(session, job).map_err(told)?;
    if session.options.adopt || (changes.counts.to_send() == 0 && waiting.is_empty()) {
        return Ok(());
    }
    let depth = if session.options.offline || !keys_set(job.connection) { Depth::Offline } else { Depth::Look };
    match delivery(session, job, &changes.counts, depth, &StopSignal::default()).await {
        Ok((delivery, preparation)) => {
            plan.creates = preparation.created.clone();
            plan.warnings.extend(preparation.unseen.iter().map(|what| tell::not_verified(what)));
            plan.requests = delivery.sample(&offers(samples)).into_iter().map(request).collect();
            let cohorts = limited(diff::cohorts(&session.store).map_err(told)?, session.options.limit);
            let sizes = offers(pick(Pick::Spread, SIZED)?);
            let mut estimate =
                delivery.estimate(&cohorts, &sizes, &pages(session, job).map_err(told)?, &preparation, outlook);
            estimate.jobs.extend(delivery.waiting(&waiting));
            plan.estimate = Some(estimate);
        }
        // A run would end here, too, unless something else stops it before.
        Err(failure) => plan.stopped = plan.stopped.take().or(Some(failure.into())),
    }
    Ok(())
}

/// Jobs of earlier runs, counted by the call that began them.
fn waiting(session: &Session<'_>, job: &Job<'_>) -> Result<BTreeMap<CallName, u64>, StoreError> {
    let mut waiting = BTreeMap::new();
    for job in record::waiting_jobs(&session.store, &job.ledger, &session.now)? {
        *waiting.entry(job.job.call).or_default() += 1;
    }
    Ok(waiting)
}

/// Requests that each call took in the last run that made it: of a listing that is read whole, its pages.
fn pages(session: &Session<'_>, job: &Job<'_>) -> Result<BTreeMap<String, u64>, StoreError> {
    let table = job.ledger.table("request");
    let rows = session.store.rows(&format!(
        "SELECT call, arg_max(number, noted) FROM (SELECT call, run, count(*) AS number, max(noted_at) AS noted FROM {table} \
         WHERE status < 300 GROUP BY call, run) GROUP BY call"
    ))?;
    let pages = rows.iter().filter_map(|row| match row.as_slice() {
        [Value::Text(call), Value::Int(number)] => Some((call.clone(), *number as u64)),
        _ => None,
    });
    Ok(pages.collect())
}

fn offers(samples: Vec<Sample>) -> Vec<Offer> {
    samples.into_iter().map(|sample| sample.offer).collect()
}

/// As many as a run takes; removals come last.
fn limited(mut cohorts: Vec<Cohort>, limit: Option<u64>) -> Vec<Cohort> {
    let mut left = limit.unwrap_or(u64::MAX);
    for cohort in &mut cohorts {
        cohort.rows = cohort.rows.min(left);
        left -= cohort.rows;
    }
    cohorts
}

fn request(request: Request) -> SampleRequest {
    let Request { method, url, headers, secret_headers, body, .. } = request;
    let shown = |name: String, value: String| {
        let value = if secret_headers.contains(&name) { MASK.to_string() } else { value };
        (name, value)
    };
    SampleRequest { method, url, headers: headers.into_iter().map(|(name, value)| shown(name, value)).collect(), body }
}

fn row(plan: &Plan, sample: &Sample) -> SampleRow {
    let offer = &sample.offer;
    let fields = (0..plan.fields.len()).filter(|at| travels(plan, offer, *at)).map(|at| SampleField {
        field: plan.fields[at].name.clone(),
        old: sample.old.get(at).and_then(shown),
        new: shown(&offer.value(at).to_value()),
    });
    SampleRow {
        kind: offer.kind().name().into(),
        key: sample.key.clone(),
        identifier: offer.identifier(offer.which()).map(str::to_string),
        fields: fields.collect(),
    }
}

/// Whether a field of a row goes out.
pub fn travels(plan: &Plan, offer: &Offer, at: usize) -> bool {
    // A create has nothing to clear.
    let clears = plan.fields[at].clear && !(offer.kind() == ChangeKind::Added && plan.mode.creates());
    let there = !offer.value(at).is_null() || clears;
    offer.kind() != ChangeKind::Removed && there && (offer.whole() || offer.owes(at))
}

/// A value as a person reads it.
pub fn shown(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Decimal(text) | Value::Text(text) => text.clone(),
        Value::Date(days) => date(*days),
        Value::Timestamp(micros) => instant(*micros),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item).unwrap_or_else(|| "NULL".into())).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", shown(value).unwrap_or_else(|| "NULL".into())))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    })
}

fn date(days: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    match epoch.checked_add(jiff::Span::new().days(i64::from(days))) {
        Ok(date) => date.to_string(),
        Err(_) => format!("day {days}"),
    }
}

fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} us"), |instant| instant.to_string())
}
