//! `retire`: takes out what a set-mode activation put in, or forgets its ledger.

use std::path::Path;

use super::account::{self, Asking};
use super::run::{conduct, keep};
use super::session::{Access, Session, ledger_folder};
use super::{Options, Progress, StopSignal, Trouble, tell};
use crate::ir::plan::Sql;
use crate::ir::run::{ActivationReport, Failure, RunReport, Status};
use crate::ir::spec::Spec;
use crate::store::ledger;
use crate::world::World;

/// `forget`: the ledger is removed and nothing is sent; else everything in it is removed at the destination.
pub async fn retire(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    name: &str,
    forget: bool,
    progress: &dyn Progress,
) -> Result<RunReport, Trouble> {
    let report = |activations| RunReport {
        settles: false,
        run: String::new(),
        environment: spec.project.environment.clone(),
        sandbox: options.sandbox.is_some(),
        activations,
    };
    if forget {
        return Ok(report(vec![forgotten(root, spec, options, name)?]));
    }
    let options = Options { only: Some(name.to_string()), accept: vec!["removed".into()], ..options.clone() };
    let mut spec = spec.clone();
    for activation in spec.activations.iter_mut().filter(|activation| activation.name.as_str() == name) {
        if !activation.mode.is_set() {
            return Err(records_mode(name, options.sandbox.is_some()).into());
        }
        activation.dataset.allow_empty = true;
    }
    let accounts = account::ask(world, &spec, &options, Asking::Run, &StopSignal::default()).await?;
    let mut session =
        Session::open(world, root, &spec, &options, Access::Write, accounts, &StopSignal::default()).await?;
    if let Some((_, failure)) = session.failed.pop() {
        return Err(failure.into());
    }
    let mut activations = Vec::new();
    for mut job in std::mem::take(&mut session.jobs) {
        // Nothing is wanted any more: the difference is all that was put in.
        job.plan.filters.push(Sql("false".into()));
        let done = conduct(&session, job, progress, &StopSignal::default()).await;
        keep(&session, &done);
        activations.push(done);
    }
    Ok(report(activations))
}

fn records_mode(name: &str, sandbox: bool) -> Failure {
    let sandbox = if sandbox { " --sandbox" } else { "" };
    Failure {
        status: Status::Wrong,
        code: "retire::records_mode".into(),
        message: format!("`{name}` writes records, which are not taken out"),
        help: format!("`sendoff retire {name}{sandbox} --forget` removes its ledger and sends nothing"),
    }
}

fn forgotten(root: &Path, spec: &Spec, options: &Options, name: &str) -> Result<ActivationReport, Trouble> {
    let path = ledger_folder(root, spec, options).join(format!("{name}.duckdb"));
    if !path.exists() {
        return Err(tell::no_ledger(name, &path).into());
    }
    ledger::unheld(&path).and_then(|()| ledger::remove(&path)).map_err(|error| tell::ledger(name, &path, &error))?;
    let silent = Some(format!("forgot the ledger at {}; nothing was sent", path.display()));
    Ok(ActivationReport { activation: name.into(), silent, ..ActivationReport::default() })
}
