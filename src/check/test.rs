//! `test NAME of ACTIVATION { ... }`: rows in place of the model's, and what is expected of them.

use std::collections::BTreeMap;

use super::scope::Scope;
use super::{error, model, values};
use crate::diag::Problems;
use crate::ir::ast::{self, Block, Name, TestEntry};
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, Model};
use crate::ir::test::Test;

mod expect;
mod given;

pub fn resolve_all(
    scope: &Scope<'_>,
    models: &BTreeMap<DatasetName, Model>,
    activations: &[Activation],
    problems: &mut Problems,
) -> Vec<Test> {
    let subject = |name: &str| {
        let activation = activations.iter().find(|activation| activation.name.as_str() == name)?;
        Some(Subject { scope, activation, model: models.get(&activation.dataset.model)? })
    };
    let mut tests = Vec::new();
    for written in &scope.names.tests {
        let entries = Entries::of(written, problems);
        complete(scope, written, &entries, problems);
        // Of an activation that has come to nothing, or is not right, no more can be said.
        let subject = subject(&written.of.value).filter(|subject| !subject.is_wrong(problems));
        tests.extend(subject.and_then(|subject| resolve(&subject, written, &entries, problems)));
    }
    tests
}

/// What is tested.
struct Subject<'a> {
    scope: &'a Scope<'a>,
    activation: &'a Activation,
    model: &'a Model,
}

impl Subject<'_> {
    /// Whether something is wrong with it, the text included: then its fields and columns may be others than it seems.
    fn is_wrong(&self, problems: &Problems) -> bool {
        let parts = [self.activation.span, self.model.span];
        let within = |place: Span| parts.iter().any(|part| part.contains(place));
        let mut errors = problems.0.iter().filter(|problem| problem.is_error());
        parts.iter().any(|part| self.scope.lost_in(*part))
            || errors.any(|problem| problem.labels.first().is_some_and(|(place, _)| within(*place)))
    }
}

#[derive(Default)]
struct Entries<'a> {
    environment: Option<&'a Name>,
    vars: Option<&'a Block>,
    before: Option<&'a ast::Given>,
    rows: Option<&'a ast::Given>,
    expects: Vec<&'a ast::Expect>,
}

impl<'a> Entries<'a> {
    fn of(test: &'a ast::Test, problems: &mut Problems) -> Entries<'a> {
        let mut all = Entries::default();
        for entry in &test.entries {
            match entry {
                TestEntry::Environment { span, name } => {
                    model::once(&mut all.environment, name, "environment", *span, |first| first.span, problems);
                }
                TestEntry::Vars { span, block } => {
                    model::once(&mut all.vars, block, "vars", *span, |first| first.span, problems);
                }
                TestEntry::Before(given) => {
                    model::once(&mut all.before, given, "before", given.span, |first| first.span, problems);
                }
                TestEntry::Rows(given) => {
                    model::once(&mut all.rows, given, "rows", given.span, |first| first.span, problems);
                }
                TestEntry::Expect(expect) => all.expects.push(expect),
            }
        }
        all
    }
}

/// What can be told whatever becomes of the activation.
fn complete(scope: &Scope<'_>, test: &ast::Test, entries: &Entries<'_>, problems: &mut Problems) {
    if scope.names.activation(&test.of.value).is_none() {
        let known = scope.names.activations.iter().map(|activation| activation.name.value.as_str());
        problems.push(error::tested_activation(&test.of, known));
    }
    if let Some(name) = entries.environment.filter(|name| !scope.names.environments.contains_key(name.value.as_str())) {
        problems.push(error::tested_environment(name, scope.names.environments.keys().copied()));
    }
    if let Some(vars) = entries.vars {
        unread_variables(scope, vars, problems);
    }
    if entries.rows.is_none() && !scope.is_unread("rows", test.span) {
        problems.push(error::no_rows(&test.name));
    }
    expect::beside(&entries.expects, problems);
    if entries.expects.is_empty() && !scope.is_unread("expect", test.span) {
        problems.push(error::no_expect(&test.name));
    }
}

/// Variables of a test that nothing reads.
fn unread_variables(scope: &Scope<'_>, vars: &Block, problems: &mut Problems) {
    let read = scope.read_variables();
    for name in vars.settings.iter().map(|setting| &setting.key).filter(|name| !read.contains(&name.value)) {
        problems.push(error::tested_variable(name, read.iter().map(String::as_str)));
    }
}

fn resolve(subject: &Subject<'_>, written: &ast::Test, entries: &Entries<'_>, problems: &mut Problems) -> Option<Test> {
    let before = entries.before.map(|before| subject.given(before, entries.rows, problems));
    let rows = entries.rows.map(|rows| subject.given(rows, entries.before, problems));
    let expects = entries.expects.iter().filter_map(|expect| subject.expect(expect, problems)).collect();
    Some(Test {
        name: written.name.value.clone(),
        span: written.name.span,
        activation: subject.activation.name.clone(),
        environment: entries.environment.map(|name| name.value.clone()),
        vars: entries.vars.map(|block| vars(subject.scope, block, problems)).unwrap_or_default(),
        before: before.unwrap_or_default(),
        rows: rows.flatten()?,
        expects,
    })
}

fn vars(scope: &Scope<'_>, block: &Block, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    for setting in &block.settings {
        if let Some(values::Given::Written(json)) = values::evaluate(scope, &setting.value, problems) {
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_string);
            vars.insert(setting.key.value.clone(), text);
        }
    }
    vars
}

/// Names that columns are told apart by, without regard to case as DuckDB does.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A column's name as one text, and where it stands.
fn named(cell: &ast::HeadCell) -> (String, Span) {
    let parts: Vec<&str> = cell.path.parts.iter().map(|part| part.name.as_str()).collect();
    (parts.join("."), cell.path.span)
}
