//! `fmt`: all files in the one style.

use std::path::{Path, PathBuf};

use crate::diag::{Problems, Sources, count};
use crate::ir::run::Status;
use crate::ir::span::FileId;
use crate::report::difference;
use crate::world::reason;
use crate::{format, parse, project};

use super::{Context, Ended, Stop, usage};

#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Change nothing; show what would change, and end with 1 where something would
    #[arg(long)]
    check: bool,
    /// Files or folders [default: the whole project]
    paths: Vec<PathBuf>,
}

/// A file that is not in the style.
struct Unlike {
    file: FileId,
    formatted: String,
}

impl Fmt {
    pub fn act(self, context: &Context) -> Ended {
        let (sources, files) = self.files(context)?;
        let (unlike, problems) = compare(&sources, &files);
        if !problems.is_empty() {
            // A file that cannot be read whole would lose what could not be read.
            return Err(Stop::Problems(problems, sources));
        }
        match self.check {
            true => Ok(show(&unlike, &sources, context)),
            false => write(&unlike, &sources, context),
        }
    }

    fn files(&self, context: &Context) -> Result<(Sources, Vec<FileId>), Stop> {
        if self.paths.is_empty() {
            return whole(&context.root(), context);
        }
        let mut sources = Sources::default();
        let mut files = Vec::new();
        for path in &self.paths {
            match context.world.read(path) {
                Ok(text) => files.push(sources.add(path.to_string_lossy(), text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let message = format!("`{}` cannot be read: {}", path.display(), reason(&error));
                    return Err(usage("project::file", message, "paths are told from here, and not from the project"));
                }
                Err(_) => {
                    let (below, ids) = whole(path, context)?;
                    files.extend(ids.into_iter().map(|id| sources.add(below.name(id), below.text(id))));
                }
            }
        }
        Ok((sources, files))
    }
}

fn whole(root: &Path, context: &Context) -> Result<(Sources, Vec<FileId>), Stop> {
    let (files, problems) = project::read(context.world.as_ref(), root);
    match problems.is_empty() {
        true => Ok((files.sources, files.pipelines)),
        false => Err(Stop::Problems(problems, files.sources)),
    }
}

fn compare(sources: &Sources, files: &[FileId]) -> (Vec<Unlike>, Problems) {
    let (mut unlike, mut found) = (Vec::new(), Problems::default());
    for &file in files {
        let text = sources.text(file);
        let (tree, problems) = parse::parse(file, text);
        if problems.any_error() {
            found.extend(problems);
            continue;
        }
        let formatted = format::format(&tree, text);
        if formatted != text {
            unlike.push(Unlike { file, formatted });
        }
    }
    (unlike, found)
}

fn show(unlike: &[Unlike], sources: &Sources, context: &Context) -> u8 {
    for Unlike { file, formatted } in unlike {
        let (name, text) = (sources.name(*file), sources.text(*file));
        context.console.print(&difference::unified((name, "formatted"), text, formatted, context.console.paint));
    }
    if unlike.is_empty() {
        return Status::Done.code();
    }
    context.console.tell(&format!("{} not in the style: `sendoff fmt` brings them into it\n", files(unlike)));
    Status::Wrong.code()
}

fn write(unlike: &[Unlike], sources: &Sources, context: &Context) -> Ended {
    for Unlike { file, formatted } in unlike {
        let name = sources.name(*file);
        context.world.write(Path::new(name), formatted).map_err(|error| {
            usage("fmt::write", format!("`{name}` cannot be written: {}", reason(&error)), "the file must be writable")
        })?;
        context.console.print(&format!("{name}\n"));
    }
    let said = if unlike.is_empty() { "nothing to format".into() } else { format!("{} formatted", files(unlike)) };
    context.console.tell(&format!("{said}\n"));
    Ok(Status::Done.code())
}

fn files(unlike: &[Unlike]) -> String {
    count(unlike.len() as u64, "file")
}
