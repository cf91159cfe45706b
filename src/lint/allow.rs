//! `# allow(rule): reason`, behind an entry or on a line of its own before it.

use super::rule::short;
use super::{Project, RULES};
use crate::diag::{Problem, Problems};
use crate::ir::ast::{Comment, File};
use crate::ir::span::{FileId, Span};

/// A comment that allows something, and the line that it speaks of, from 1.
struct Allowed {
    rule: String,
    /// Whether one is given; `None` where the comment is not written as it must be.
    reason: Option<bool>,
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
    let mut odd = Problems(allowed.iter().filter_map(|(one, used)| odd(project, one, *used)).collect());
    odd.once();
    left.extend(odd);
    left
}

fn in_file(project: &Project<'_>, file: &File) -> Vec<Allowed> {
    let of = |comment: &'_ Comment| -> Vec<Allowed> {
        let (rules, reason) = match formed(&comment.text) {
            Some((rule, reason)) => (vec![rule], Some(reason.contains(char::is_alphabetic))),
            None => (named(&comment.text).unwrap_or_default(), None),
        };
        let (span, line) = (comment.span, line(project, comment));
        rules.into_iter().map(|rule| Allowed { rule: short(rule).to_string(), reason, span, line }).collect()
    };
    file.comments.iter().flat_map(of).collect()
}

/// The line that a comment speaks of: its own, or the next; several comments may stand above one entry.
fn line(project: &Project<'_>, comment: &Comment) -> usize {
    let (line, _) = project.sources.position(comment.span);
    let lines: Vec<&str> = project.sources.text(comment.span.file).lines().collect();
    let is_comment = |line: &&&str| line.trim_start().starts_with('#');
    let below = lines.get(line..).unwrap_or_default().iter().take_while(is_comment).count();
    if comment.own_line { line + 1 + below } else { line }
}

/// The rule and the reason of `# allow(RULE): REASON`.
fn formed(comment: &str) -> Option<(&str, &str)> {
    let (rule, rest) = comment.strip_prefix('#')?.trim_start().strip_prefix("allow(")?.split_once(')')?;
    (!rule.contains(',')).then(|| (rule.trim(), rest.strip_prefix(':').unwrap_or_default()))
}

/// The rules of a comment that means to allow them and is written otherwise.
fn named(comment: &str) -> Option<Vec<&str>> {
    let (word, rest) = comment.strip_prefix('#')?.trim_start().split_at_checked("allow".len())?;
    let rest = rest.trim_start();
    let inside = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(inside, _)| inside);
    let known = |word: &&str| RULES.iter().any(|rule| short(rule.code) == *word);
    word.eq_ignore_ascii_case("allow").then(|| inside.split([' ', ',', ':']).filter(known).collect())
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
    let written = format!("written `# allow({}): why it is right here`", allowed.rule);
    let form = format!("one rule each, and a reason: `# allow({}): why it is right here`", allowed.rule);
    if allowed.reason.is_none() {
        return Some(told("lint::allow_form", "an `allow` in another form than its own".into()).help(form));
    }
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
    (allowed.reason == Some(false)).then(|| problem.help(written))
}
