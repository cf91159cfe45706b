//! `check`: all that is wrong with a project, at once.

use crate::diag::{Severity, Sources, count, suggestion};
use crate::engine::{self, Checked, Options, Unset};
use crate::ir::run::Status;
use crate::lint::short;
use crate::project::in_repository;
use crate::report::{entry, json, junit, problems, sarif};

use super::choice::Choice;
use super::mend::mended;
use super::{Context, Ended, Stop, usage};

#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    choice: Choice,
    /// Unset environment variables are no error: for pull requests, which have no secrets
    #[arg(long)]
    no_env: bool,
    /// End with 1 where there are warnings, too
    #[arg(long)]
    deny_warnings: bool,
    /// Put right what has one way to be right, a misspelt word say, and show what changed
    #[arg(long)]
    fix: bool,
    /// Ask the sources for their columns, too
    #[arg(long)]
    online: bool,
    /// What a code means, with a bad and a good example
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Human,
    Json,
    /// Annotations on the lines of a pull request
    Github,
    /// For code scanners
    Sarif,
    /// For what shows the results of tests
    Junit,
}

impl Check {
    pub fn act(self, context: &Context) -> Ended {
        if let Some(code) = &self.explain {
            context.console.print(&explained(code)?);
            return Ok(Status::Done.code());
        }
        let unset = if self.no_env { Unset::Anything } else { Unset::Nothing };
        let options = Options { unset, ..self.choice.options(&context.shared) };
        let check = || engine::check(context.world.as_ref(), &context.root(), &options, self.online);
        let checked = if self.fix { mended(check(), context, check)? } else { check() };
        context.console.print(&self.view(&checked, context));
        let warned = checked.problems.0.iter().any(|problem| problem.severity != Severity::Advice);
        let denied = self.deny_warnings && warned;
        let least = if checked.spec.is_none() || denied { Status::Wrong } else { Status::Done };
        Ok(engine::status(&checked.problems).max(least).code())
    }

    fn view(&self, checked: &Checked, context: &Context) -> String {
        match self.format {
            Format::Human => human(checked, context),
            Format::Json => json::problems(problems::json(&checked.problems, &checked.sources)),
            Format::Github => problems::github(&checked.problems, &annotated(checked, context)),
            Format::Sarif => sarif::sarif(&checked.problems, &annotated(checked, context)),
            Format::Junit => junit::problems(&checked.problems, &checked.sources),
        }
    }
}

/// Files as those name them who show problems beside the lines of a repository.
fn annotated(checked: &Checked, context: &Context) -> Sources {
    let here = std::env::current_dir().unwrap_or_default();
    let mut sources = Sources::default();
    for file in checked.sources.ids() {
        let name = in_repository(context.world.as_ref(), &here, checked.sources.name(file));
        sources.add(name, checked.sources.text(file));
    }
    sources
}

fn explained(code: &str) -> Result<String, Stop> {
    let known = || entry::codes().filter(|known| *known == code || short(known) == code);
    let entries: Vec<String> =
        known().filter_map(|code| Some(format!("# {code}\n\n{}\n", entry::text(code)?))).collect();
    if entries.is_empty() {
        let help = suggestion(code, entry::codes()).unwrap_or_else(|| "codes stand above each message".into());
        return Err(usage("check::unknown_code", format!("there is no code `{code}`"), help));
    }
    Ok(entries.join("\n"))
}

fn human(checked: &Checked, context: &Context) -> String {
    let drawn = problems::human(&checked.problems, &checked.sources, context.console.drawing());
    let unasked =
        if checked.unasked { "the sources were not asked: first put right what is wrong in the files\n" } else { "" };
    let Some(spec) = checked.spec.as_ref().filter(|_| !checked.problems.any_error()) else {
        return format!("{drawn}{unasked}");
    };
    let activations = count(spec.activations.len() as u64, "activation");
    let fine = context.console.paint.good("nothing wrong");
    format!("{drawn}{fine} with {activations} on {}\n", count(spec.models.len() as u64, "model"))
}
