//! SQL of models: `var` and `ref` filled in.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use super::names::Names;
use super::scope::Scope;
use super::{Inputs, error, values, walk};
use crate::diag::{Problem, Problems};
use crate::ir::span::Span;
use crate::ir::written::Written;
use crate::template::{Part, TemplateError, render_sql};

/// Relations of the dbt manifest.
pub enum Relations {
    /// By the names `ref` may use: `name`, and `package.name`.
    Known(BTreeMap<String, String>),
    /// The manifest cannot be read, which has been told: any name is as good as another.
    Unread,
}

pub fn relations(inputs: &Inputs<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<Relations> {
    let bad = |cause: Option<&str>| {
        let span = walk::manifest_path(inputs.files, inputs.env).map(|(_, span)| span);
        error::bad_manifest(cause, span.or_else(|| names.project.map(|project| project.span)))
    };
    let manifest: Result<Json, Problem> = match inputs.dbt_manifest? {
        Ok(text) => serde_json::from_str(text).map_err(|_| bad(None)),
        Err(cause) => Err(bad(Some(cause))),
    };
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(problem) => {
            problems.push(problem);
            return Some(Relations::Unread);
        }
    };
    let nodes = manifest["nodes"].as_object().into_iter().flatten();
    Some(Relations::Known(nodes.flat_map(|(_, node)| relation(node)).collect()))
}

fn relation(node: &Json) -> Vec<(String, String)> {
    let (Some(name), Some(relation)) = (node["name"].as_str(), node["relation_name"].as_str()) else {
        return Vec::new();
    };
    let full = node["package_name"].as_str().map(|package| (format!("{package}.{name}"), relation.to_string()));
    full.into_iter().chain([(name.to_string(), relation.to_string())]).collect()
}

/// `query`: the template, as it is written.
pub fn render(scope: &Scope<'_>, query: &Written, problems: &mut Problems) -> Option<Written> {
    let text = query.text();
    let missing: RefCell<Option<(&'static str, String)>> = RefCell::new(None);
    let miss = |what: &'static str, name: &str| {
        *missing.borrow_mut() = Some((what, name.to_string()));
        None
    };
    let has_gap = Cell::new(false);
    let vars = |name: &str| {
        let unset = || scope.variable_may_be_unset(name).then(String::new);
        let found = values::variable_text(scope, name).or_else(unset).or_else(|| miss("var", name))?;
        has_gap.set(has_gap.get() || found.is_empty() && scope.variable_may_be_unset(name));
        Some(found)
    };
    let refs = |name: &str| {
        let unread = matches!(scope.relations, Some(Relations::Unread));
        let found = if unread { Some(String::new()) } else { known(scope).and_then(|known| known.get(name).cloned()) };
        found.or_else(|| miss("ref", name))
    };
    let rendered = render_sql(text, &vars, &refs);
    let missing = missing.borrow().clone();
    match (rendered, missing) {
        (Ok(parts), _) => Some(filled(query, &parts, has_gap.get())),
        (Err(cause), Some((what, name))) => {
            let span = place_of(&cause, query, &name);
            problems.push(if what == "var" {
                error::unset_variable(scope, &name, span)
            } else {
                error::unknown_ref(known(scope), &name, span)
            });
            None
        }
        (Err(cause), None) => {
            let span = place(query, cause.range.clone().unwrap_or(0..text.len()));
            problems.push(error::sql_template(&cause, span));
            None
        }
    }
}

fn known<'a>(scope: &'a Scope<'_>) -> Option<&'a BTreeMap<String, String>> {
    match scope.relations.as_ref()? {
        Relations::Known(known) => Some(known),
        Relations::Unread => None,
    }
}

/// What is literal keeps its place; what was filled in stands where the template has its tag.
fn filled(query: &Written, parts: &[Part], has_gap: bool) -> Written {
    let mut sql = Written::default();
    for part in parts {
        match part.literal {
            true => sql.append(&query.slice(part.from.clone())),
            false => sql.part(&part.text, place(query, part.from.clone()), true),
        }
    }
    sql.has_gap = has_gap;
    sql
}

fn place(query: &Written, range: Range<usize>) -> Span {
    let whole = || query.place(0..query.text().len());
    query.place(range.start..range.end.max(range.start + 1)).or_else(whole).unwrap_or_default()
}

/// The argument itself where the text names it, else what minijinja points at.
fn place_of(cause: &TemplateError, query: &Written, name: &str) -> Span {
    let text = query.text();
    let start = cause.range.as_ref().map_or(0, |range| range.start).min(text.len());
    let from = text.get(start..).and_then(|rest| rest.find(name)).map(|at| start + at);
    match from.or_else(|| text.find(name)) {
        Some(at) => place(query, at..at + name.len()),
        None => place(query, 0..text.len()),
    }
}

/// What writes, in any database.
const WRITES: [&str; 13] = [
    "insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "grant", "revoke", "copy", "set",
    "attach",
];

/// Whether it is a query at all. `span`: where it stands, or is named.
pub fn reads(sql: &Written, span: Span, problems: &mut Problems) -> bool {
    let text = sql.text();
    let start = beginning(text);
    let word = text[start..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if text[start..].trim_matches(|c: char| c == ';' || c.is_whitespace()).is_empty() {
        problems.push(error::no_query(span));
        return false;
    }
    if WRITES.iter().any(|other| word.eq_ignore_ascii_case(other)) {
        problems.push(error::query_writes(word, sql.word(start).unwrap_or(span)));
        return false;
    }
    true
}

/// Where a query begins, behind comments.
fn beginning(text: &str) -> usize {
    let rest = text.trim_start();
    let at = text.len() - rest.len();
    let end = match () {
        () if rest.starts_with("--") => rest.find('\n'),
        () if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2),
        () => return at,
    };
    end.map_or(text.len(), |end| at + end + beginning(&rest[end..]))
}
