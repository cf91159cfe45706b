//! `# allow(rule): reason`, behind an entry or on a line of its own before it.

use super::rule::short;
use super::{Project, RULES};
use crate::diag::{Problem, Problems};
use crate::ir::ast::{Comment, File};
use crate::ir::span::{FileId, Span};

/// A comment that allows something, and the line that it speaks of, from 1.
struct Allowed {
    rule: String,
    reason: bool,
    span: Span,
    line: usize,
}

/// Takes out what is allowed. An `allow` without a reason, of no rule, or of nothing that is found, is told itself.
pub fn applied(project: &Project<'_>, found: Vec<Problem>) -> Problems {
    let allowed = project.files.iter().flat_map(|file| in_file(project, file));
    let mut allowed: Vec<(Allowed, bool)> = allowed.map(|one| (one, false)).collect();
    let mut left = Problems::default();
    for problem in found {
        let silences = |one: &Allowed| one.rule == short(problem.code) && stands_there(project, one, &problem);
        match allowed.iter_mut().find(|(one, _)| silences(one)) {
            Some((_, used)) => *used = true,
            None => left.push(problem),
        }
    }
    left.extend(Problems(allowed.iter().filter_map(|(one, used)| odd(project, one, *used)).collect()));
    left
}

fn in_file(project: &Project<'_>, file: &File) -> Vec<Allowed> {
    let one = |comment: &Comment| {
        let (rule, rest) = comment.text.strip_prefix('#')?.trim_start().strip_prefix("allow(")?.split_once(')')?;
        let (line, _) = project.sources.position(comment.span);
        let lines: Vec<&str> = project.sources.text(comment.span.file).lines().collect();
        let is_comment = |line: &&&str| line.trim_start().starts_with('#');
        // Several comments may stand above one entry.
        let below = lines.get(line..).unwrap_or_default().iter().take_while(is_comment).count();
        let line = if comment.own_line { line + 1 + below } else { line };
        let reason = rest.strip_prefix(':').is_some_and(|reason| !reason.trim().is_empty());
        Some(Allowed { rule: short(rule.trim()).to_string(), reason, span: comment.span, line })
    };
    file.comments.iter().filter_map(one).collect()
}

fn stands_there(project: &Project<'_>, allowed: &Allowed, problem: &Problem) -> bool {
    let Some((span, _)) = problem.labels.first() else { return false };
    let same = |file: FileId| file == allowed.span.file;
    same(span.file) && project.sources.position(*span).0 == allowed.line
}

/// The comment with the blanks before it, and its line where it has one of its own.
fn without(project: &Project<'_>, span: Span) -> Span {
    let before = project.sources.text(span.file)[..span.start].trim_end_matches([' ', '\t']);
    Span { start: before.strip_suffix('\n').unwrap_or(before).len(), ..span }
}

fn odd(project: &Project<'_>, allowed: &Allowed, used: bool) -> Option<Problem> {
    let known = || RULES.iter().map(|rule| short(rule.code));
    let told = |code, message: String| Problem::warning(code, message).at(allowed.span);
    if !known().any(|rule| rule == allowed.rule) {
        let problem = told("lint::unknown_rule", format!("`{}` is no rule that could be allowed", allowed.rule));
        return Some(problem.suggest(&allowed.rule, known()));
    }
    if !used {
        let problem = told("lint::unused_allow", format!("`allow({})` allows nothing here", allowed.rule));
        let problem = problem.help("take it out; it speaks of its own line, or of the one below");
        return Some(problem.mended(without(project, allowed.span), ""));
    }
    let problem = told("lint::no_reason", format!("`allow({})` gives no reason", allowed.rule));
    (!allowed.reason).then(|| problem.help(format!("written `# allow({}): why it is right here`", allowed.rule)))
}
