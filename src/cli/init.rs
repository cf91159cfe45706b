//! `init`: a small project that works as it is.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::diag::list;
use crate::ir::run::Status;
use crate::world::reason;

use super::load::shown;
use super::{Context, Ended, Stop, usage};

/// The files of `starter/`, and what keeps ledgers out of git.
const STARTER: [(&str, &str); 5] = [
    ("connections.sendoff", include_str!("../../starter/connections.sendoff")),
    ("customers.sendoff", include_str!("../../starter/customers.sendoff")),
    ("tests.sendoff", include_str!("../../starter/tests.sendoff")),
    ("customers.csv", include_str!("../../starter/customers.csv")),
    (".gitignore", ".sendoff/\n"),
];

#[derive(Debug, clap::Args)]
pub struct Init {
    /// Where to [default: here]
    dir: Option<PathBuf>,
}

impl Init {
    pub fn act(self, context: &Context) -> Ended {
        let folder = self.dir.or(context.shared.project.clone()).unwrap_or_else(|| PathBuf::from("."));
        refuse_over_files(&folder, context)?;
        let mut said = String::new();
        for (name, text) in STARTER {
            let path = folder.join(name);
            // A `.gitignore` that is there already belongs to somebody; ledgers are then theirs to leave out.
            if context.world.read(&path).is_ok() {
                continue;
            }
            context.world.write(&path, text).map_err(|error| unwritable(&path, &error))?;
            said += &format!("  {}\n", shown(&path));
        }
        context.console.print(&format!("written:\n{said}\n{}", next(&folder)));
        Ok(Status::Done.code())
    }
}

/// Nothing is written where something is there, not even beside it: half a starter is none.
fn refuse_over_files(folder: &Path, context: &Context) -> Result<(), Stop> {
    let there = |path: &Path| !matches!(context.world.read(path), Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory));
    let names = STARTER.iter().map(|(name, _)| *name).filter(|name| !name.starts_with('.'));
    let taken: Vec<String> =
        names.map(|name| folder.join(name)).filter(|path| there(path)).map(|path| shown(&path)).collect();
    let pipelines = context.world.files(folder).unwrap_or_default();
    let pipelines = pipelines.iter().filter(|name| name.ends_with(".sendoff"));
    let taken = match taken.is_empty() {
        true => pipelines.map(|name| shown(&folder.join(name))).collect(),
        false => taken,
    };
    if taken.is_empty() {
        return Ok(());
    }
    let verb = if taken.len() == 1 { "is" } else { "are" };
    Err(usage(
        "init::exists",
        format!("{} {verb} there already, and nothing is overwritten", list(&taken)),
        "`sendoff init DIR` writes to another folder",
    ))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let message = format!("`{}` cannot be written: {}", path.display(), reason(error));
    usage("init::write", message, "the folder must be writable")
}

fn next(folder: &Path) -> String {
    let enter = match shown(folder).as_str() {
        "" => String::new(),
        folder => format!("  cd {folder}\n"),
    };
    format!(
        "next:\n{enter}\
         \x20 sendoff check --no-env    is everything right? offline, no secrets needed\n\
         \x20 sendoff test              do a few rows come to what they should?\n\
         \x20 sendoff plan --sandbox    what would be sent, and why\n\
         \x20 sendoff run --sandbox     the whole way, into a local stand-in for the destination\n\
         \x20 sendoff run --sandbox     once more: nothing changed, so nothing is sent\n"
    )
}
