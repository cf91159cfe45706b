//! `plan`: the run, up to the point where it would write.

use std::path::Path;

use super::account::{self, Asking};
use super::prepare::delivery;
use super::run::{causes, compare};
use super::session::{Access, Job, Session, keys_set};
use super::{Options, StopSignal, Trouble, guards, target, tell};
use crate::diff::{self, Basis};
use crate::emit::Depth;
use crate::ir::change::{Changes, Sample};
use crate::ir::delivery::Request;
use crate::ir::mode::ChangeKind;
use crate::ir::plan::Plan;
use crate::ir::run::{ActivationPlan, Failure, PlanReport, SampleField, SampleRequest, SampleRow, Status, Stopped};
use crate::ir::secret::MASK;
use crate::ir::spec::Spec;
use crate::ir::value::Value;
use crate::world::World;

pub async fn plan(world: &dyn World, root: &Path, spec: &Spec, options: &Options) -> Result<PlanReport, Trouble> {
    let accounts = account::ask(world, spec, options, Asking::Plan, &StopSignal::default()).await?;
    let mut session = Session::open(world, root, spec, options, Access::Read, accounts, &StopSignal::default()).await?;
    let mut report = PlanReport {
        environment: spec.project.environment.clone(),
        sandbox: options.sandbox.is_some(),
        activations: Vec::new(),
    };
    for job in std::mem::take(&mut session.jobs) {
        report.activations.push(one(&session, &job).await);
    }
    Ok(report)
}

async fn one(session: &Session<'_>, job: &Job<'_>) -> ActivationPlan {
    let mut plan = ActivationPlan {
        activation: job.activation.name.to_string(),
        target: target::told(&job.target),
        mode: job.activation.mode.name().into(),
        causes: causes(session, job),
        ..ActivationPlan::default()
    };
    if let Err(Failure { status, code, message, help }) = look(session, job, &mut plan).await {
        plan.stopped = Some(Stopped { status, code, message, help });
    }
    plan.status = plan.stopped.as_ref().map_or(Status::Done, |stopped| stopped.status);
    plan
}

async fn look(session: &Session<'_>, job: &Job<'_>, plan: &mut ActivationPlan) -> Result<(), Failure> {
    plan.warnings.extend(job.unverified.iter().map(|what| format!("not verified: {what}")));
    if let Some(stopped) = &job.stopped {
        plan.stopped = Some(stopped.clone());
        return Ok(());
    }
    let full_number = job.shape.full_number + u32::from(session.options.full);
    let (changes, model_rows) = compare(session, job, full_number)?;
    plan.counts = changes.counts.clone();
    plan.by_field = changes.by_field.clone();
    let fired = guards::before(job, &changes.counts, session.options);
    plan.warnings.extend(fired.warnings);
    if let Some(lost) = job.recovered.filter(|lost| *lost > 0) {
        plan.warnings.push(tell::cut_short(lost, job.plan.unclear));
    }
    plan.stopped = guards::standing(job, &changes.counts, model_rows, session.options).or(fired.stop);
    plan.silent = guards::silence(&changes.counts, session.options.adopt);
    show(session, job, &changes, full_number, plan).await
}

async fn show(
    session: &Session<'_>,
    job: &Job<'_>,
    changes: &Changes,
    full_number: u32,
    plan: &mut ActivationPlan,
) -> Result<(), Failure> {
    let basis = Basis {
        ledger: &job.ledger,
        shape: &job.shape,
        full_number,
        full: session.options.full,
        now: session.now.clone(),
    };
    let samples = diff::samples(&session.store, &job.plan, &basis, session.options.samples)
        .map_err(|error| super::run::told(job, &error))?;
    plan.samples = samples.iter().map(|sample| row(&job.plan, sample)).collect();
    let counts = &changes.counts;
    let offers: Vec<_> = samples.into_iter().map(|sample| sample.offer).collect();
    plan.warnings.extend(job.unseen.iter().map(|name| format!("not verified: field `{name}` of the account")));
    let depth = if session.options.offline || !keys_set(job.connection) { Depth::Offline } else { Depth::Look };
    match delivery(session, job, counts, depth, &StopSignal::default()).await {
        Ok((delivery, preparation)) => {
            let made = preparation.created.iter().map(|what| format!("the run would make {what}"));
            let unseen = preparation.unseen.iter().map(|what| format!("not verified: {what}"));
            plan.warnings.extend(made.chain(unseen));
            plan.requests = delivery.sample(&offers).into_iter().map(request).collect();
            let upserts = counts.to_send() - counts.removed;
            let new = counts.added.min(upserts);
            let rows =
                [(ChangeKind::Added, new), (ChangeKind::Changed, upserts - new), (ChangeKind::Removed, counts.removed)];
            plan.expected_requests = delivery.expected_requests(&rows);
            plan.expected_seconds = delivery.expected_seconds(&rows);
        }
        Err(failure) => plan.warnings.push(failure.message),
    }
    Ok(())
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
    let travels = |at: usize| {
        let value = offer.values.get(at).unwrap_or(&Value::Null);
        // A create has nothing to clear.
        let clears = plan.fields[at].clear && !(offer.kind == ChangeKind::Added && plan.mode.creates());
        let there = !value.is_null() || clears;
        offer.kind != ChangeKind::Removed && there && (offer.whole || offer.owed.get(at) == Some(&true))
    };
    let fields = (0..plan.fields.len()).filter(|at| travels(*at)).map(|at| SampleField {
        field: plan.fields[at].name.clone(),
        old: sample.old.get(at).and_then(shown),
        new: offer.values.get(at).and_then(shown),
    });
    SampleRow {
        kind: offer.kind.name().into(),
        key: sample.key.clone(),
        identifier: offer.identifiers.get(offer.which).cloned().flatten(),
        fields: fields.collect(),
    }
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
