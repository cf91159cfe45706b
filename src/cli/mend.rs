//! `check --fix`: what has one way to be right is put right, and taken back where that leads to another mistake there.

use std::path::Path;

use crate::diag::{Fix, Placed, Problem, Severity, Sources, fixed, slip};
use crate::engine::Checked;
use crate::ir::run::{Failure, Status};
use crate::ir::span::Span;
use crate::report::difference;
use crate::world::reason;

use super::{Context, Stop};

/// Rounds of mending at most: what was put right may uncover more.
const ROUNDS: usize = 5;

/// The project after all that can be mended was. `again` checks it as it lies there.
pub(super) fn mended(checked: Checked, context: &Context, again: impl Fn() -> Checked) -> Result<Checked, Stop> {
    let mut checked = checked;
    let mut vain = Vec::new();
    for _ in 0..ROUNDS {
        let Some((round, after)) = round(&checked, context, &again, &mut vain)? else { break };
        for file in &round {
            let change = difference::unified((&file.name, "mended"), &file.before, &file.after, context.console.paint);
            context.console.tell(&change);
        }
        checked = after;
    }
    vain.iter().for_each(|vain| context.console.tell(&vain.told));
    Ok(checked)
}

/// The files with all the fixes that help, and what is said of the project then. None where none does.
fn round(
    checked: &Checked,
    context: &Context,
    again: &impl Fn() -> Checked,
    vain: &mut Vec<Vain>,
) -> Result<Option<(Vec<File>, Checked)>, Stop> {
    loop {
        let files = files(checked, context, vain);
        if files.is_empty() {
            return Ok(None);
        }
        files.iter().try_for_each(|file| file.write(&file.after, context))?;
        let after = again();
        let worse: Vec<Vain> = files.iter().flat_map(|file| file.vain(checked, &after)).collect();
        if worse.is_empty() {
            return Ok(Some((files, after)));
        }
        files.iter().try_for_each(|file| file.write(&file.before, context))?;
        vain.extend(worse);
    }
}

/// A fix that is not tried again.
struct Vain {
    file: String,
    message: String,
    told: String,
}

/// A file in which something can be mended.
struct File {
    name: String,
    before: String,
    after: String,
    mended: Vec<Mended>,
}

struct Mended {
    problem: Problem,
    fix: Fix,
    place: Placed,
}

fn files(checked: &Checked, context: &Context, vain: &[Vain]) -> Vec<File> {
    let sources = &checked.sources;
    let known =
        |name: &str, problem: &Problem| vain.iter().any(|one| one.file == name && one.message == problem.message);
    let fixes: Vec<(&Problem, Fix)> = checked
        .problems
        .0
        .iter()
        .filter_map(|one| Some((one, one.fix(sources).filter(|fix| is_sure(one, fix, sources))?)))
        .collect();
    let mended = sources.ids().map(|id| {
        let (name, before) = (sources.name(id).to_string(), sources.text(id).to_string());
        let own = fixes.iter().filter(|(problem, fix)| fix.span.file == id && !known(&name, problem));
        let (problems, fixes): (Vec<&Problem>, Vec<&Fix>) = own.map(|(problem, fix)| (*problem, fix)).unzip();
        let (after, placed) = fixed(&before, &fixes);
        let mended = placed.into_iter().map(|place| {
            let (problem, fix) = (problems[place.fix].clone(), fixes[place.fix].clone());
            Mended { problem, fix, place }
        });
        let mended = mended.collect();
        File { name, before, after, mended }
    });
    // Files are named as they are reached from here.
    mended.filter(|file| file.before != file.after && context.world.read(Path::new(&file.name)).is_ok()).collect()
}

/// Names that the project gave. One that is merely like another may be missing: `vip_customers` are not `customers`.
const NAMED: [&str; 5] = [
    "check::unknown_activation",
    "check::unknown_column",
    "check::unknown_destination",
    "check::unknown_model",
    "check::unknown_source",
];

/// Whether nobody needs to look at it: of names that the project gave, only a slip of the finger is put right.
fn is_sure(problem: &Problem, fix: &Fix, sources: &Sources) -> bool {
    let written = sources.text(fix.span.file).get(fix.span.start..fix.span.end).unwrap_or_default();
    let bare = |text: &str| text.trim_matches('"').to_string();
    !NAMED.contains(&problem.code) || slip(&bare(written), [bare(&fix.text).as_str()]).is_some()
}

impl File {
    fn write(&self, text: &str, context: &Context) -> Result<(), Stop> {
        context.world.write(Path::new(&self.name), text).map_err(|error| unwritten(&self.name, &error))
    }

    /// The fixes that led to nothing better: where they are, the same is wrong, or something else that has no fix.
    fn vain(&self, before: &Checked, after: &Checked) -> Vec<Vain> {
        let new = |problem: &&Problem| {
            problem.severity != Severity::Advice
                && problem.fix(&after.sources).is_none()
                && !before.problems.0.iter().any(|old| said(old) == said(problem))
        };
        let vain = self.mended.iter().filter_map(|mended| {
            let mut there =
                after.problems.0.iter().filter(|problem| self.is_at(problem, &mended.place, &after.sources));
            let worse = there.find(|problem| said(problem) == said(&mended.problem) || new(problem))?;
            let (line, column) = before.sources.position(mended.fix.span);
            let told = format!(
                "not kept in {}:{line}:{column}: {}, which leads to: {}\n",
                self.name,
                lower_first(&mended.fix.title),
                worse.message
            );
            Some(Vain { file: self.name.clone(), message: mended.problem.message.clone(), told })
        });
        vain.collect()
    }

    fn is_at(&self, problem: &Problem, placed: &Placed, sources: &Sources) -> bool {
        let touches = |span: &Span| span.start < placed.end.max(placed.start + 1) && placed.start < span.end;
        problem.labels.first().is_some_and(|(span, _)| sources.name(span.file) == self.name && touches(span))
    }
}

/// A title within a sentence.
fn lower_first(title: &str) -> String {
    title.chars().take(1).flat_map(char::to_lowercase).chain(title.chars().skip(1)).collect()
}

fn said(problem: &Problem) -> (&str, &str) {
    (problem.code, &problem.message)
}

fn unwritten(name: &str, error: &std::io::Error) -> Stop {
    Stop::Failure(Failure {
        status: Status::Unreachable,
        code: "check::write".into(),
        message: format!("`{name}` cannot be written: {}", reason(error)),
        help: "nothing in it was changed".into(),
    })
}
