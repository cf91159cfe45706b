//! `test`: puts activations to the rows that their tests give, offline and without secrets.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::diag::{Problem, suggestion};
use crate::engine::{self, Options, Rehearsal, Sandboxed, Unset};
use crate::ir::run::Status;
use crate::ir::spec::Spec;
use crate::report::test;
use crate::world::sim::Simulated;

use super::choice::Choice;
use super::{Context, Ended, Stop, usage};

#[derive(Debug, clap::Args)]
pub struct Test {
    /// This test alone, or all tests of this activation
    name: Option<String>,
    #[command(flatten)]
    choice: Choice,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Human,
    Json,
    /// For test reports of CI
    Junit,
}

impl Test {
    pub fn act(self, context: &Context) -> Ended {
        // Nothing from outside: no variable, no network, a clock that always begins at the same moment.
        let world = Simulated::alone();
        // With the sandbox in sight, secrets may be missing.
        let sandbox = Some(Sandboxed::InProcess);
        let options = Options { unset: Unset::Anything, sandbox, ..self.choice.options(&context.shared) };
        let loaded = context.load_in(&world, &options, &Problem::is_error)?;
        let scratch = Scratch::new();
        let rehearsal = Rehearsal { world: &world, root: &loaded.root, options: &options, scratch: &scratch.0 };
        let spec = self.chosen(&loaded.spec)?;
        let verdicts = world.block_on(engine::test(&rehearsal, &spec)).unwrap_or_default();
        let failed = verdicts.iter().any(|verdict| !verdict.misses.is_empty());
        let untested = if self.name.is_some() { Vec::new() } else { loaded.spec.untested().cloned().collect() };
        let report = test::Report { verdicts: &verdicts, untested: &untested, sources: &loaded.sources };
        context.console.print(&self.view(&report, context));
        Ok(if failed { Status::Wrong } else { Status::Done }.code())
    }

    /// The project with the tests that were asked for.
    fn chosen(&self, spec: &Spec) -> Result<Spec, Stop> {
        let mut spec = spec.clone();
        let Some(name) = &self.name else { return Ok(spec) };
        let names = spec.tests.iter().flat_map(|test| [test.name.clone(), test.activation.to_string()]);
        let known: BTreeSet<String> = names.collect();
        spec.tests.retain(|test| test.name == *name || test.activation.as_str() == name);
        if spec.tests.is_empty() {
            let help = suggestion(name, known.iter().map(String::as_str)).unwrap_or_default();
            return Err(usage(
                "test::unknown",
                format!("there is no test `{name}`, and no test of an activation `{name}`"),
                help,
            ));
        }
        Ok(spec)
    }

    fn view(&self, report: &test::Report<'_>, context: &Context) -> String {
        match self.format {
            Format::Human => test::human(report, context.console.paint, context.console.drawing()),
            Format::Json => test::json(report),
            Format::Junit => test::junit(report),
        }
    }
}

/// A folder for the ledgers of tests, gone with them.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        Scratch(std::env::temp_dir().join(format!("sendoff-test-{}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be taken away lies where such things are swept up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
