//! Reads a project and says everything that is wrong with it.

use std::path::Path;

use super::Options;
use super::draft::{self, Draft, Understood};
use crate::diag::{Problem, Problems, Sources};
use crate::ir::catalog::Catalog;
use crate::ir::spec::Spec;
use crate::lint;
use crate::world::World;

/// A project as far as it could be understood.
pub struct Checked {
    pub spec: Option<Spec>,
    pub problems: Problems,
    pub sources: Sources,
    pub catalog: Catalog,
    /// The sources were to be asked, and what is wrong with the files forbids it.
    pub unasked: bool,
}

/// `online`: the sources are asked for their columns and types, too.
pub fn check(world: &dyn World, root: &Path, options: &Options, online: bool) -> Checked {
    let mut draft = Draft::read(world, root, options);
    let Understood { spec, broken, mut problems } = draft.understand(None);
    if online && !broken {
        match super::session::columns(world, root, &spec, options) {
            Ok((columns, mut looked)) => {
                draft.forget_torn(&mut looked);
                // For editors. A project that cannot be written to is checked all the same.
                let _ = draft::keep(world, root, &columns);
                forget_advice(&mut problems);
                add_new(&mut problems, draft.understand(Some(&columns)).problems);
                add_new(&mut problems, looked);
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.any_error() {
        forget_advice(&mut problems);
    }
    if problems.0.iter().any(|problem| ["check::unknown_column", "inspect::bad_expression"].contains(&problem.code)) {
        // Which of two spellings is the right one, the source has said; and what an expression that is wrong reads, may be wrong too.
        problems.0.retain(|problem| problem.code != "check::test_column");
    }
    problems.sort();
    gather_columns(&mut problems);
    let spec = (!problems.0.iter().any(stops)).then_some(spec);
    let (sources, catalog) = draft.finish();
    Checked { spec, problems, sources, catalog, unasked: online && broken }
}

/// Whether nothing can be run: what is wrong with tests alone stops no run.
pub fn stops(problem: &Problem) -> bool {
    let of_tests = problem.code.strip_prefix("check::").is_some_and(|what| what.starts_with("test_"));
    problem.is_error() && !of_tests
}

/// A column that a model lacks is one mistake, wherever the column is read. Where another is near, each place may have a slip of its
/// own.
fn gather_columns(problems: &mut Problems) {
    let mut gathered: Vec<Problem> = Vec::new();
    for problem in std::mem::take(&mut problems.0) {
        let near = problem.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
        let same = |known: &&mut Problem| {
            problem.code == "check::unknown_column"
                && (known.code, &known.message) == (problem.code, &problem.message)
                && known.help == problem.help
                && !near
        };
        match gathered.iter_mut().find(same) {
            Some(known) => known.labels.extend(problem.labels.into_iter().map(|(place, _)| (place, "and here".into()))),
            None => gathered.push(problem),
        }
    }
    problems.0 = gathered;
}

/// It is for a project in which nothing is wrong, and says more where columns are known.
fn forget_advice(problems: &mut Problems) {
    problems.0.retain(|problem| !problem.code.starts_with(lint::STAGE));
}

/// What was said of a place already is not said again, whichever stage found it: the one that knows the place best comes first.
fn add_new(problems: &mut Problems, found: Problems) {
    let place = |problem: &Problem| problem.labels.first().map(|(span, _)| *span);
    for problem in found.0 {
        let told = |known: &Problem| match (place(known), place(&problem)) {
            (Some(there), Some(new)) if known.is_error() && problem.is_error() => new.contains(there),
            (there, new) => known.message == problem.message && there == new,
        };
        if !problems.0.iter().any(told) {
            problems.push(problem);
        }
    }
}
