//! Options that several commands take, each written once.

use crate::engine::{Options, Sandboxed, Unset};
use crate::ir::spec::Metric;

use super::Shared;

/// Which environment, and the values of its variables.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Choice {
    /// Which `environment` of the project
    #[arg(long, env = "SENDOFF_ENV", hide_env_values = true, value_name = "NAME")]
    pub env: Option<String>,
    /// A value for `var(\"NAME\")`; also SENDOFF_VAR_NAME
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub var: Vec<(String, String)>,
}

/// Whose ledgers.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Trial {
    /// The sandbox in place of the destinations, with ledgers of its own; URL: one that is being served
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub sandbox: Option<String>,
}

/// What commands take that look back on runs: of which activation, and whose.
#[derive(Debug, clap::Args)]
pub struct Past {
    /// Of this activation alone
    pub activation: Option<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    pub view: View,
}

/// How a run goes about it; `plan` says what would come of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Manner {
    /// This activation alone
    #[arg(long, value_name = "ACTIVATION")]
    pub only: Option<String>,
    /// Every row, all fields
    #[arg(long, conflicts_with = "adopt")]
    pub full: bool,
    /// Take the destination to hold every row already; send nothing
    #[arg(long)]
    pub adopt: bool,
    /// With `--full`: calls that may not be repeated, too
    #[arg(long, requires = "full")]
    pub again: bool,
    /// At most so many rows; the rest stays owed
    #[arg(long, value_name = "ROWS", value_parser = rows)]
    pub limit: Option<u64>,
    /// Go past the guards on this metric, this once
    #[arg(long, value_name = "METRIC", value_parser = metric())]
    pub accept: Vec<String>,
    /// Stop where a ledger is missing, in place of a full run
    #[arg(long)]
    pub require_ledger: bool,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct View {
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

impl View {
    pub fn json(self) -> bool {
        self.format == Format::Json
    }
}

impl Choice {
    pub fn options(&self, shared: &Shared) -> Options {
        Options {
            // An empty SENDOFF_ENV is none: shells and CI set variables that way to unset them.
            environment: self.env.clone().filter(|name| !name.is_empty()),
            vars: self.var.iter().cloned().collect(),
            memory_limit: shared.memory_limit.clone().filter(|limit| !limit.is_empty()),
            ..Options::default()
        }
    }
}

impl Past {
    pub fn options(&self, shared: &Shared) -> Options {
        let options = self.trial.add_to(self.choice.options(shared));
        Options { only: self.activation.clone(), unset: Unset::Elsewhere, ..options }
    }
}

impl Trial {
    pub fn add_to(&self, options: Options) -> Options {
        let sandbox = self.sandbox.as_ref().map(|url| match url.trim_end_matches('/') {
            "" => Sandboxed::InProcess,
            url => Sandboxed::At(url.to_string()),
        });
        Options { sandbox, ..options }
    }
}

impl Manner {
    pub fn add_to(&self, options: Options) -> Options {
        Options {
            only: self.only.clone(),
            full: self.full,
            adopt: self.adopt,
            again: self.again,
            limit: self.limit,
            accept: self.accept.clone(),
            require_ledger: self.require_ledger,
            ..options
        }
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("it must read NAME=VALUE".into()),
    }
}

fn rows(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it must be a whole number from 1".into()),
        Ok(rows) => Ok(rows),
    }
}

fn metric() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Metric::ALL.map(Metric::name))
}
