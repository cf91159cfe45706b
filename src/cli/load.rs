//! A checked project, for the commands that need one.

use std::path::{Path, PathBuf};

use crate::diag::{Problem, Severity, Sources};
use crate::engine::{self, Options};
use crate::ir::spec::Spec;
use crate::lint;
use crate::project;
use crate::world::World;

use super::{Context, Stop, private};

pub struct Loaded {
    pub root: PathBuf,
    pub spec: Spec,
    pub sources: Sources,
}

impl Context {
    pub fn root(&self) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        project::root(self.world.as_ref(), self.shared.project.as_deref(), &here)
    }

    /// The project as meant. Errors stop; warnings are told, and the command goes on. What only the account knows is not told
    /// here: these commands ask it, or say themselves that they have not. Advice is `check`'s.
    pub fn load(&self, options: &Options) -> Result<Loaded, Stop> {
        self.load_in(self.world.as_ref(), options, &engine::stops)
    }

    /// The same in a world that knows less. Errors that do not stop the command are not told.
    pub fn load_in(
        &self,
        world: &dyn World,
        options: &Options,
        stops: &dyn Fn(&Problem) -> bool,
    ) -> Result<Loaded, Stop> {
        private::keep();
        let root = self.root();
        let mut checked = engine::check(world, &root, options, false);
        let told = |problem: &Problem| problem.severity != Severity::Advice && !problem.code.starts_with(lint::STAGE);
        checked.problems.0.retain(|problem| told(problem) && (stops(problem) || !problem.is_error()));
        match checked.spec {
            Some(spec) if !checked.problems.any_error() => {
                self.console.problems(&checked.problems, &checked.sources);
                Ok(Loaded { root, spec, sources: checked.sources })
            }
            _ => Err(Stop::Problems(checked.problems, checked.sources)),
        }
    }
}

/// A path as one writes it in a shell, from here.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
