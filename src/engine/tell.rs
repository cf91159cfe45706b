//! What the conductor says when it cannot go on.

use std::path::Path;

use super::session::Session;
use crate::diag::{count, suggestion, thousands};
use crate::diff::Found;
use crate::ir::ast::Expr;
use crate::ir::delivery::Halt;
use crate::ir::plan::UnclearPolicy;
use crate::ir::run::{Failure, Status, Stopped};
use crate::ir::secret::Redactor;
use crate::ir::spec::{Activation, Spec};
use crate::store::{StoreError, StoreErrorKind};

fn failure(status: Status, code: &str, message: String, help: &str) -> Failure {
    Failure { status, code: code.into(), message, help: help.into() }
}

pub fn no_activation(spec: &Spec, name: &str) -> Failure {
    let known = spec.activations.iter().map(|activation| activation.name.as_str());
    let help = suggestion(name, known).unwrap_or_default();
    failure(Status::Wrong, "run::no_activation", format!("there is no activation `{name}`"), &help)
}

pub fn no_connection(activation: &Activation) -> Failure {
    let message = format!("the destination of `{}` is not known", activation.name);
    failure(Status::Wrong, "run::no_destination", message, "")
}

pub fn store(error: &StoreError) -> Failure {
    let help = match error.kind {
        StoreErrorKind::OutOfMemory => "raise `--memory-limit`, or free some memory",
        StoreErrorKind::DiskFull => "free some space: DuckDB spills next to the ledgers",
        _ => "",
    };
    failure(Status::Unreachable, "store::failed", format!("DuckDB: {error}"), help)
}

/// `culprit`: the expression that fails by itself, where one does.
pub fn expression(activation: &Activation, culprit: Option<&Expr>, said: &str) -> Failure {
    let which = culprit.map_or(String::new(), |expr| format!(", in `{}`", expr.text.trim()));
    failure(
        Status::Wrong,
        "run::expression",
        format!("`{}`{which}: {said}", activation.name),
        "a condition or an expression fails on a row; `try_cast` and `try` give NULL instead",
    )
}

/// A ledger that cannot be opened, read or written.
pub fn ledger(name: &str, path: &Path, error: &StoreError) -> Failure {
    let path = path.strip_prefix("./").unwrap_or(path).display();
    match &error.kind {
        StoreErrorKind::Locked { process } => failure(
            Status::Unreachable,
            "ledger::held",
            match process {
                Some(process) => format!("the ledger of `{name}` is held by {process}"),
                None => format!("the ledger of `{name}` is held by another process"),
            },
            "one run at a time writes a ledger, and none can look into it meanwhile; wait for that one to end",
        ),
        StoreErrorKind::Damaged => failure(
            Status::Unreachable,
            "ledger::damaged",
            format!("the ledger of `{name}` is damaged, or is no ledger at all: {path}"),
            "bring the file back from a backup, or move it away and run with `--full`",
        ),
        StoreErrorKind::Newer => failure(
            Status::Unreachable,
            "ledger::newer",
            format!("the ledger of `{name}` was written by a newer version of sendoff: {path}"),
            "run the version that wrote it, or a newer one",
        ),
        StoreErrorKind::OutOfMemory => store(error),
        StoreErrorKind::Permission => failure(
            Status::Unreachable,
            "ledger::permission",
            format!("the ledger of `{name}` cannot be written: {path}"),
            "check the rights on the folder, or set `project { ledger = \"...\" }`",
        ),
        StoreErrorKind::DiskFull => failure(
            Status::Unreachable,
            "ledger::disk_full",
            format!("the disk that holds the ledger of `{name}` is full"),
            "what was acknowledged so far is kept; free some space and run again",
        ),
        _ => failure(
            Status::Unreachable,
            "ledger::failed",
            format!("the ledger of `{name}`: {error}"),
            "look at the file and its folder; `project { ledger = \"...\" }` names another folder",
        ),
    }
}

/// Values that the destination takes and makes something else of.
pub fn caution(found: &Found) -> String {
    let Found { field, says, values, of } = found;
    format!("`{field}`, {} of {}: {says}", thousands(*values), count(*of, "value"))
}

/// An activation that cannot be delivered at all.
pub fn delivery(activation: &Activation, said: &str) -> Failure {
    failure(Status::Wrong, "run::definition", format!("`{}` cannot be delivered: {said}", activation.name), "")
}

/// Not even the types of its columns are known.
pub fn empty_model(activation: &Activation) -> Failure {
    failure(
        Status::Stopped,
        "run::empty_model",
        format!("the model `{}` is empty, and its columns have no types that would fit", activation.dataset.model),
        "if that is right, say `types { ... }` with the file and `allow_empty = true` with the model's name",
    )
}

/// The ledger in use was set aside when the target changed.
pub fn back(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("the target is back: its ledger goes on, which was set aside as `{file}` when another took its place")
}

/// What a run that was cut short leaves to the next one.
pub fn cut_short(lost: u64, policy: UnclearPolicy) -> String {
    let rows = crate::diag::count(lost, "row");
    let next = match policy {
        UnclearPolicy::SendAgain => "what was in flight is sent again",
        UnclearPolicy::LookFirst => "what was in flight is looked up first",
        UnclearPolicy::Wait => "what was in flight waits for `sendoff settle`",
    };
    format!("the last run was cut short with {rows} in flight; whether they arrived is not known: {next}")
}

/// Of something that must be there before the first row, and that a plan has not looked for.
pub fn not_verified(what: &str) -> String {
    format!("not verified: whether the destination has {what}; a run creates it where it can")
}

pub fn no_ledger(name: &str, path: &Path) -> Failure {
    let message = format!("`{name}` has no ledger at {}", path.display());
    failure(Status::Wrong, "ledger::none", message, "`sendoff ledger list` shows those there are")
}

pub fn halted(session: &Session<'_>, halt: Halt) -> Stopped {
    stopped(&session.redactor, halt)
}

pub fn stopped(redactor: &Redactor, halt: Halt) -> Stopped {
    let stop = |status, code: &str, message: String, help: &str| Stopped {
        status,
        code: code.into(),
        message: redactor.scrub(&message),
        help: help.into(),
    };
    match halt {
        Halt::Refused(said) => stop(
            Status::Unreachable,
            "run::refused",
            format!("the destination refused: {said}"),
            "check the settings and the rights of the key; nothing is lost, the rows stay owed",
        ),
        Halt::NotReady(said) => stop(
            Status::Unreachable,
            "run::not_ready",
            format!("the destination is not ready for these rows: {said}"),
            "set it up there, or correct the name here; nothing was created, and the rows stay owed",
        ),
        Halt::Unreachable(said) => stop(
            Status::Unreachable,
            "run::unreachable",
            format!("the destination cannot be reached: {said}"),
            "nothing is lost, the rows stay owed; the next run sends them",
        ),
        Halt::Guard(said) => {
            stop(Status::Stopped, "run::guard", said, "look at `sendoff rejected`; the rest stays owed")
        }
        Halt::Interrupted => stop(
            Status::Incomplete,
            "run::interrupted",
            "interrupted: what was in flight has been finished and recorded".into(),
            "the next run goes on with the rest",
        ),
        Halt::Ledger(said) => {
            stop(Status::Unreachable, "run::ledger", format!("the ledger cannot be written: {said}"), "")
        }
        Halt::Fault(said) => stop(
            Status::Unreachable,
            "run::fault",
            format!("sendoff itself failed: {said}"),
            "what was acknowledged is kept, rows that were in flight count as unclear, and the next run goes on; the machine may be short of threads or of memory",
        ),
    }
}
