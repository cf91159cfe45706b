//! `check`: all that is wrong with a project, at once.

use crate::diag::count;
use crate::engine::{self, Checked, Options};
use crate::ir::run::Status;
use crate::report::{json, problems, sarif};

use super::choice::Choice;
use super::{Context, Ended};

#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    choice: Choice,
    /// Unset environment variables are no error: for pull requests, which have no secrets
    #[arg(long)]
    no_env: bool,
    /// Ask the sources for their columns, too
    #[arg(long)]
    online: bool,
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
}

impl Check {
    pub fn act(self, context: &Context) -> Ended {
        let options = Options { no_env: self.no_env, ..self.choice.options(&context.shared) };
        let checked = engine::check(context.world.as_ref(), &context.root(), &options, self.online);
        context.console.print(&self.view(&checked, context));
        let least = if checked.spec.is_none() { Status::Wrong } else { Status::Done };
        Ok(engine::status(&checked.problems).max(least).code())
    }

    fn view(&self, checked: &Checked, context: &Context) -> String {
        match self.format {
            Format::Human => human(checked, context),
            Format::Json => json::problems(problems::json(&checked.problems, &checked.sources)),
            Format::Github => problems::github(&checked.problems, &checked.sources),
            Format::Sarif => sarif::sarif(&checked.problems, &checked.sources),
        }
    }
}

fn human(checked: &Checked, context: &Context) -> String {
    let drawn = problems::human(&checked.problems, &checked.sources, context.console.drawing());
    let Some(spec) = checked.spec.as_ref().filter(|_| !checked.problems.any_error()) else { return drawn };
    let activations = count(spec.activations.len() as u64, "activation");
    let fine = context.console.paint.good("nothing wrong");
    format!("{drawn}{fine} with {activations} on {}\n", count(spec.models.len() as u64, "model"))
}
