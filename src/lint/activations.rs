//! Activations, and what they are to one another.

use std::collections::BTreeMap;

use super::{Project, Rule};
use crate::diag::{Fix, Problem};
use crate::ir::ident::DestinationName;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, Metric};

pub const MISSING_AFTER: Rule = Rule {
    code: "lint::missing_after",
    look: |project| {
        let in_one = |all: Vec<&Activation>| {
            let creating: Vec<&Activation> = all.iter().filter(|other| other.mode.creates()).copied().collect();
            let found = all
                .into_iter()
                .filter(|one| joins(one))
                .flat_map(|one| creating.iter().filter_map(|other| unordered(project, one, other)).collect::<Vec<_>>());
            found.collect::<Vec<_>>()
        };
        by_connection(project).into_values().flat_map(in_one).collect()
    },
};

/// Members are looked up among the contacts that are there: those created a moment later wait for another run.
fn unordered(project: &Project<'_>, one: &Activation, other: &Activation) -> Option<Problem> {
    let ordered = one.after.contains(&other.name) || other.after.contains(&one.name);
    let message = format!("`{}` adds members before `{}` has created them", one.name, other.name);
    let problem = || MISSING_AFTER.finds(message, one.mode_span).help(format!("add `after {}`", other.name));
    (!ordered).then(|| Problem { fix: order(project, one, other).map(Box::new), ..problem() })
}

/// A line before that of the mode, where one is written.
fn order(project: &Project<'_>, one: &Activation, other: &Activation) -> Option<Fix> {
    let text = project.sources.text(one.mode_span.file);
    let written = text.get(one.mode_span.start..one.mode_span.end) == Some(one.mode.name());
    let start = text[..one.mode_span.start].rfind('\n')? + 1;
    let text = format!("  after {}\n", other.name);
    let title = format!("Add `after {}`", other.name);
    written.then_some(Fix { title, span: Span { start, end: start, ..one.mode_span }, text })
}

pub const UNGUARDED: Rule = Rule {
    code: "lint::unguarded_removals",
    look: |project| {
        let guarded = |one: &Activation| one.guards.iter().any(|guard| guard.metric == Metric::Removed);
        let open = project.spec.activations.iter().filter(|one| joins(one) && one.takes_out && !guarded(one));
        let told = |one: &Activation| {
            let message = format!("nothing limits how many members `{}` may take out at once", one.name);
            let help = "a source that is half there looks like members who left: add `stop when removed > 10%`";
            UNGUARDED.finds(message, one.mode_span).help(help)
        };
        open.map(told).collect()
    },
};

fn joins(activation: &Activation) -> bool {
    activation.mode == Mode::Membership
}

/// Activations that meet at one destination. There may be hundreds: who looks at pairs of them looks at few.
pub fn by_connection<'a>(project: &Project<'a>) -> BTreeMap<&'a DestinationName, Vec<&'a Activation>> {
    let mut all: BTreeMap<&DestinationName, Vec<&Activation>> = BTreeMap::new();
    for one in &project.spec.activations {
        all.entry(&one.connection).or_default().push(one);
    }
    all
}
