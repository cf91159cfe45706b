//! Reads a project and says everything that is wrong with it.

use std::path::Path;

use super::draft::{self, Draft, Understood};
use super::Options;
use crate::diag::{Problem, Problems, Sources};
use crate::ir::catalog::Catalog;
use crate::ir::spec::Spec;
use crate::world::World;

/// A project as far as it could be understood.
pub struct Checked {
    pub spec: Option<Spec>,
    pub problems: Problems,
    pub sources: Sources,
    pub catalog: Catalog,
}

/// `online`: the sources are asked for their columns and types, too.
pub fn check(world: &dyn World, root: &Path, options: &Options, online: bool) -> Checked {
    let mut draft = Draft::read(world, root, options);
    let Understood { spec, broken, mut problems } = draft.understand(None);
    if online && !broken {
        match super::session::columns(world, root, &spec, options) {
            Ok((columns, found)) => {
                problems.extend(found);
                // For editors. A project that cannot be written to is checked all the same.
                let _ = draft::keep(world, root, &columns);
                add_new(&mut problems, draft.understand(Some(&columns)).problems);
            }
            Err(found) => problems.extend(found),
        }
    }
    problems.sort();
    let spec = (!problems.any_error()).then_some(spec);
    let (sources, catalog) = draft.finish();
    Checked { spec, problems, sources, catalog }
}

/// What was said of a place already is not said again, whichever stage found it.
fn add_new(problems: &mut Problems, found: Problems) {
    for problem in found.0 {
        let place = problem.labels.first().map(|(span, _)| *span);
        let same =
            |known: &Problem| known.message == problem.message && known.labels.first().map(|(span, _)| *span) == place;
        if !problems.0.iter().any(same) {
            problems.push(problem);
        }
    }
}
