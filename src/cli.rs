//! The command line. Home of clap. Each command is a struct of what was typed and a function that does it.

mod check;
mod choice;
mod console;
mod destinations;
mod explain;
mod fmt;
mod history;
mod init;
mod interrupt;
mod ledger;
mod load;
mod lsp;
mod mend;
mod plan;
mod private;
mod progress;
mod rejected;
mod retire;
mod run;
mod sandbox;
mod saved;
mod settle;
mod stage;
mod test;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::diag::{Problems, Sources};
use crate::engine::{self, Trouble};
use crate::ir::run::{Failure, Status};
use crate::report::{json, problems};
use crate::world::World;
use console::{Console, When};
use progress::Log;

/// Reverse ETL as code: keeps marketing tools in step with the warehouse, sending only what changed.
#[derive(Debug, Parser)]
#[command(name = "sendoff", version, max_term_width = 100, propagate_version = false, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
struct Shared {
    /// Folder of the project [default: the nearest, from here upwards, with `*.sendoff` files]
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Colours; NO_COLOR turns them off too
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    color: When,
    /// What DuckDB may use, as in `4GB`; beyond it, it spills to disk
    #[arg(long, global = true, env = "SENDOFF_MEMORY_LIMIT", hide_env_values = true, value_name = "SIZE", value_parser = size)]
    memory_limit: Option<String>,
}

/// As DuckDB takes it; an empty variable of the environment is none.
fn size(text: &str) -> Result<String, String> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text[number.len()..].to_ascii_uppercase();
    let units = ["B", "KB", "MB", "GB", "TB", "KIB", "MIB", "GIB", "TIB"];
    let is_size = number.trim().parse::<f64>().is_ok_and(|number| number > 0.0) && units.contains(&unit.as_str());
    if is_size || text.is_empty() { Ok(text.to_string()) } else { Err("a number with its unit, as in `4GB`".into()) }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small project that works as it is
    Init(init::Init),
    /// Bring all files into the one style
    Fmt(fmt::Fmt),
    /// Say all that is wrong with the project, offline
    #[command(visible_alias = "lint")]
    Check(check::Check),
    /// Put activations to the rows that their tests give, offline
    Test(test::Test),
    /// Say what would be sent, and why; writes nothing
    Plan(plan::Plan),
    /// Send it
    Run(run::Run),
    /// Ask after what was still pending, and decide what nobody knows
    Settle(settle::Settle),
    /// Past runs
    History(history::History),
    /// Rows and fields that are refused, with the reasons
    Rejected(rejected::Rejected),
    /// All that is known of one row
    Explain(explain::Explain),
    /// Look after the ledgers
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Take out what a set-mode activation put in, or forget it
    Retire(retire::Retire),
    /// What destinations take: services, modes, fields, limits
    Destinations(destinations::Destinations),
    /// Serve an editor: diagnostics, completion, hover and the like, over standard input and output
    Lsp(lsp::Lsp),
    /// Serve the destinations' APIs locally, for trials
    Sandbox(sandbox::Sandbox),
}

/// What commands act in and speak through.
struct Context {
    world: Arc<dyn World>,
    shared: Shared,
    console: Console,
}

/// Why a command could not do its work.
enum Stop {
    Problems(Problems, Sources),
    Failure(Failure),
}

impl Stop {
    fn trouble(trouble: Trouble, sources: &Sources) -> Stop {
        match trouble {
            Trouble::Problems(problems) => Stop::Problems(problems, sources.clone()),
            Trouble::Failure(failure) => Stop::Failure(failure),
        }
    }
}

/// Wrong on the command line itself.
fn usage(code: &str, message: impl Into<String>, help: impl Into<String>) -> Stop {
    Stop::Failure(Failure { status: Status::Wrong, code: code.into(), message: message.into(), help: help.into() })
}

/// What a command comes to: an exit code.
type Ended = Result<u8, Stop>;

/// Does what the arguments say and gives the exit code.
pub fn run(world: Arc<dyn World>, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(said) => return misread(said),
    };
    let log = cli.command.log();
    if let Some(log) = log {
        progress::log(log, world.as_ref());
    }
    let console = Console::new(cli.shared.color, log.is_some(), world.as_ref());
    let context = Context { world, shared: cli.shared, console };
    let json = cli.command.speaks_json();
    match cli.command.act(&context) {
        Ok(code) => code,
        Err(stop) => told(&stop, &context.console, json),
    }
}

/// Help and version are no mistakes; what is one has the exit code of a wrong project (clap's own would be 2, which
/// means changes here). A reader that has gone away is no one to tell.
fn misread(mut said: clap::Error) -> u8 {
    // Nobody who types an option that is not there means a file of that name.
    said.remove(ContextKind::Suggested);
    if let Some(word) = stray(&said) {
        let tip = format!("one activation alone: `--only {word}`");
        said.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    let _ = said.print();
    if said.use_stderr() { Status::Wrong.code() } else { Status::Done.code() }
}

/// What stands behind a command that works on all activations: most likely the name of one.
fn stray(said: &clap::Error) -> Option<&str> {
    let ContextValue::String(word) = said.get(ContextKind::InvalidArg)? else { return None };
    let usage = said.get(ContextKind::Usage)?.to_string();
    let of_all = |command: &clap::Command| {
        usage.contains(&format!("sendoff {}", command.get_name()))
            && command.get_arguments().any(|argument| argument.get_id() == "only")
    };
    let is_word = said.kind() == ErrorKind::UnknownArgument && !word.starts_with('-');
    (is_word && Cli::command().get_subcommands().any(of_all)).then_some(word)
}

fn told(stop: &Stop, console: &Console, in_json: bool) -> u8 {
    match (stop, in_json) {
        (Stop::Problems(found, sources), true) => console.print(&json::problems(problems::json(found, sources))),
        (Stop::Problems(found, sources), false) => {
            console.problems(found, sources);
        }
        (Stop::Failure(failure), true) => console.print(&json::failure(failure)),
        (Stop::Failure(failure), false) => console.failure(failure),
    }
    match stop {
        Stop::Problems(found, _) => engine::status(found).max(Status::Wrong).code(),
        Stop::Failure(failure) => failure.status.code(),
    }
}

impl Command {
    fn act(self, context: &Context) -> Ended {
        match self {
            Command::Init(command) => command.act(context),
            Command::Fmt(command) => command.act(context),
            Command::Check(command) => command.act(context),
            Command::Test(command) => command.act(context),
            Command::Plan(command) => command.act(context),
            Command::Run(command) => command.act(context),
            Command::Settle(command) => command.act(context),
            Command::History(command) => command.act(context),
            Command::Rejected(command) => command.act(context),
            Command::Explain(command) => command.act(context),
            Command::Ledger(command) => command.act(context),
            Command::Retire(command) => command.act(context),
            Command::Destinations(command) => command.act(context),
            Command::Lsp(command) => command.act(context),
            Command::Sandbox(command) => command.act(context),
        }
    }

    /// What a program reads while the command runs.
    fn log(&self) -> Option<Log> {
        match self {
            Command::Run(command) => command.log,
            Command::Settle(command) => command.log,
            Command::Retire(command) => command.log,
            Command::Init(_) | Command::Fmt(_) | Command::Check(_) | Command::Test(_) | Command::Plan(_) => None,
            Command::History(_) | Command::Rejected(_) | Command::Explain(_) | Command::Ledger(_) => None,
            Command::Destinations(_) | Command::Lsp(_) | Command::Sandbox(_) => None,
        }
    }

    /// Whether a program reads what is said, failures included.
    fn speaks_json(&self) -> bool {
        match self {
            Command::Init(_) | Command::Fmt(_) | Command::Lsp(_) | Command::Sandbox(_) => false,
            Command::Check(command) => command.format == check::Format::Json,
            Command::Test(command) => command.format == test::Format::Json,
            Command::Plan(command) => command.format == plan::Format::Json,
            Command::Run(command) => command.view.json(),
            Command::Settle(command) => command.view.json(),
            Command::History(command) => command.past.view.json(),
            Command::Rejected(command) => command.past.view.json(),
            Command::Explain(command) => command.view.json(),
            Command::Ledger(command) => command.json(),
            Command::Retire(command) => command.view.json(),
            Command::Destinations(command) => command.view.json(),
        }
    }
}
