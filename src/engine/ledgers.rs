//! Looking into ledgers without a source: history, rejected rows, the files themselves.

use std::path::Path;

use super::session::ledger_folder;
use super::target::{self, Target};
use super::{Options, Trouble, tell};
use crate::ir::plan::LedgerShape;
use crate::ir::run::{ActivationReport, Failure, LedgerView, RejectedRow, Status};
use crate::ir::spec::{Activation, Spec};
use crate::ir::value::Value;
use crate::record;
use crate::store::ledger::{self, Ledger};
use crate::store::{Store, StoreError, StoreOptions};
use crate::world::World;

/// Runs of the past, newest last.
pub fn history(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    activation: Option<&str>,
) -> Result<Vec<ActivationReport>, Trouble> {
    let folder = ledger_folder(root, spec, options);
    let mut all = Vec::new();
    for activation in named(spec, activation)? {
        let path = folder.join(format!("{}.history.jsonl", activation.name));
        let text = world.read(&path).unwrap_or_default();
        // A line that was cut short by a crash is no reason to hide the others.
        all.extend(text.lines().filter_map(|line| serde_json::from_str::<ActivationReport>(line).ok()));
    }
    all.sort_by(|a, b| a.started.cmp(&b.started));
    Ok(all)
}

fn named<'a>(spec: &'a Spec, name: Option<&str>) -> Result<Vec<&'a Activation>, Trouble> {
    let Some(name) = name else { return Ok(spec.activations.iter().collect()) };
    match spec.activations.iter().find(|activation| activation.name.as_str() == name) {
        Some(activation) => Ok(vec![activation]),
        None => Err(tell::no_activation(spec, name).into()),
    }
}

/// Rows refused, failed, unclear, absent or set aside, by activation.
pub fn rejected(
    _world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    activation: Option<&str>,
    limit: u64,
) -> Result<Vec<(String, Vec<RejectedRow>)>, Trouble> {
    let folder = ledger_folder(root, spec, options);
    let store = Store::open(&StoreOptions::default()).map_err(|error| tell::store(&error))?;
    let mut all = Vec::new();
    for (at, activation) in named(spec, activation)?.into_iter().enumerate() {
        let path = folder.join(format!("{}.duckdb", activation.name));
        if !path.exists() {
            continue;
        }
        let rows = rejected_of(&store, &path, at, limit)
            .map_err(|error| tell::ledger(activation.name.as_str(), &path, &error))?;
        all.push((activation.name.to_string(), rows));
    }
    Ok(all)
}

fn rejected_of(store: &Store, path: &Path, at: usize, limit: u64) -> Result<Vec<RejectedRow>, StoreError> {
    let ledger = Ledger::attach(store, path, &format!("ledger_{at}"), true)?;
    if ledger.is_new(store)? { Ok(Vec::new()) } else { record::rejected(store, &ledger, limit) }
}

/// Every ledger file, those that no activation uses included.
pub fn ledgers(world: &dyn World, root: &Path, spec: &Spec, options: &Options) -> Result<Vec<LedgerView>, Trouble> {
    let folder = ledger_folder(root, spec, options);
    let store = Store::open(&StoreOptions::default()).map_err(|error| tell::store(&error))?;
    let files = world.files(&folder).unwrap_or_default();
    let views = files.iter().filter(|file| file.ends_with(".duckdb")).enumerate().map(|(at, file)| {
        let name = file.trim_end_matches(".duckdb");
        let orphan = !spec.activations.iter().any(|activation| activation.name.as_str() == name);
        let path = folder.join(file);
        let mut view = LedgerView {
            file: path.display().to_string(),
            activation: name.split(".until-").next().unwrap_or(name).to_string(),
            orphan,
            ..LedgerView::default()
        };
        if let Err(error) = look(&store, &path, at, &mut view) {
            view.problem = Some(tell::ledger(name, &path, &error).message);
        }
        view
    });
    Ok(views.collect())
}

fn look(store: &Store, path: &Path, at: usize, view: &mut LedgerView) -> Result<(), StoreError> {
    let ledger = Ledger::attach(store, path, &format!("ledger_{at}"), true)?;
    if ledger.is_new(store)? {
        return Ok(());
    }
    let shape: LedgerShape = ledger.shape(store)?;
    let target: Target = serde_json::from_str(&shape.target).unwrap_or_default();
    view.target = target::told(&target);
    view.mode = shape.mode.map_or(String::new(), |mode| mode.name().to_string());
    view.entries = shape.entries;
    view.baseline_closed = shape.baseline_closed;
    view.sequence = shape.sequence;
    let states =
        store.rows(&format!("SELECT state, count(*) FROM {} GROUP BY ALL ORDER BY 1", ledger.table("entry")))?;
    view.by_state = states
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(state), Value::Int(number)] => Some((state.clone(), *number as u64)),
            _ => None,
        })
        .collect();
    Ok(())
}

/// An activation was renamed: its ledger and its history go with it. Returns where the ledger is now.
pub fn move_ledger(
    world: &dyn World,
    root: &Path,
    spec: &Spec,
    options: &Options,
    old: &str,
    new: &str,
) -> Result<String, Trouble> {
    let folder = ledger_folder(root, spec, options);
    let ledger_of = |name: &str| folder.join(format!("{name}.duckdb"));
    let (from, to) = (ledger_of(old), ledger_of(new));
    if !from.exists() {
        return Err(tell::no_ledger(old, &from).into());
    }
    named(spec, Some(new))?;
    if to.exists() {
        return Err(taken(new, &to).into());
    }
    ledger::unheld(&from)
        .and_then(|()| ledger::rename(&from, &to))
        .map_err(|error| tell::ledger(old, &from, &error))?;
    move_history(world, &folder, old, new);
    Ok(to.display().to_string())
}

fn taken(name: &str, path: &Path) -> Failure {
    Failure {
        status: Status::Wrong,
        code: "ledger::taken".into(),
        message: format!("`{name}` has a ledger already: {}", path.display()),
        help: format!("`sendoff retire {name} --forget` removes it, if it is not needed"),
    }
}

/// The ledger has moved already; a history that cannot follow is no reason to say otherwise.
fn move_history(world: &dyn World, folder: &Path, old: &str, new: &str) {
    let path = |name: &str| folder.join(format!("{name}.history.jsonl"));
    if let Ok(text) = world.read(&path(old))
        && let Err(error) = world.append(&path(new), &text)
    {
        tracing::warn!(%error, "the history could not follow the ledger");
    }
}
