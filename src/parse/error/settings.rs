//! Settings and their values.

use super::short;
use crate::diag::{Problem, suggestion};
use crate::ir::ast::Name;
use crate::ir::span::Span;

pub(in crate::parse) fn no_setting(span: Span, text: &str) -> Problem {
    let message = format!("`{}` where the name of a setting is due", short(text));
    Problem::error("parse::setting", message).at(span).help("written `KEY = VALUE`")
}

pub(in crate::parse) fn no_value(span: Span, key: &str) -> Problem {
    let problem = Problem::error("parse::setting", format!("no value for `{key}`")).at(span);
    problem.help(format!("written `{key} = VALUE`"))
}

pub(in crate::parse) fn no_equals(span: Span, key: &str) -> Problem {
    let problem = Problem::error("parse::no_equals", format!("no `=` after `{key}`")).at(span);
    problem.help(format!("written `{key} = VALUE`"))
}

pub(in crate::parse) fn wrong_equals(span: Span, sign: &str) -> Problem {
    let problem = Problem::error("parse::no_equals", format!("a `{sign}` in place of `=`")).at(span);
    problem.help("written `KEY = VALUE`")
}

/// Other languages end their lines so.
pub(in crate::parse) fn semicolon(span: Span) -> Problem {
    let problem = Problem::error("parse::left_over", "a `;` at the end of a line").at(span);
    problem.help("lines end without a sign: take it out").mended(span, "")
}

pub(in crate::parse) fn semicolon_between(span: Span) -> Problem {
    let problem = Problem::error("parse::left_over", "a `;` behind an entry").at(span);
    problem.help("a comma or a new line goes between entries, and comments begin with `#`")
}

/// `x-shop = "outdoor"`
pub(in crate::parse) fn dashed_key(span: Span, text: &str) -> Problem {
    let key = &text[span.start..span.end];
    Problem::error("parse::no_equals", format!("`{key}` is no name without quotes"))
        .at(span)
        .help(format!("names have letters, digits and `_`; any other stands in quotes: `\"{key}\" = VALUE`"))
}

pub(in crate::parse) fn not_a_value(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::value", format!("`{}` is no value", short(text))).at(span);
    if text.starts_with(['“', '”', '„', '‘', '’', '«']) {
        let problem = problem.help("text stands in straight double quotes: `\"text\"`");
        let inner = text.trim_matches(super::is_bent);
        let whole = text.ends_with(super::is_bent) && !inner.contains(super::is_bent) && !inner.contains(['"', '\\']);
        return if whole { problem.mended(span, format!("\"{inner}\"")) } else { problem };
    }
    if let Some(name) = text.strip_prefix('$') {
        let name = name.trim_matches(['{', '}', '(', ')', ' ']);
        if !is_variable(name) {
            return problem.help("a variable of the environment is `env(\"NAME\")`");
        }
        let meant = format!("env(\"{name}\")");
        return problem.help(format!("a variable of the environment is `{meant}`")).mended(span, meant);
    }
    problem.help(
        "values are text in double quotes, numbers, `true`, `false`, words, lists, blocks, `env(..)` and `var(..)`",
    )
}

pub(in crate::parse) fn single_quotes(span: Span, text: &str) -> Problem {
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text).replace("''", "'");
    let problem = Problem::error("parse::single_quotes", format!("text in single quotes: `{}`", short(text))).at(span);
    let escaped = inner.replace('\\', "\\\\").replace('"', "\\\"");
    problem
        .help(format!("text takes double quotes here: `\"{}\"`", short(&escaped)))
        .mended(span, format!("\"{escaped}\""))
}

pub(in crate::parse) fn quoted_text(span: Span, text: &str) -> Problem {
    let value = &text[span.start..span.end];
    if let Some(before) = value.strip_suffix(';') {
        return semicolon(Span { start: span.start + before.len(), ..span });
    }
    if value.chars().all(|c| c.is_ascii_digit() || "._-".contains(c)) && value.starts_with(|c: char| c.is_ascii_digit())
    {
        let problem = Problem::error("parse::value", format!("`{}` is no number", short(value))).at(span);
        return problem.help("a number has one point at most, before its fraction: `1000`, `0.5`; text takes quotes");
    }
    let problem = Problem::error("parse::value", format!("`{}` is no value without quotes", short(value))).at(span);
    problem.help(format!("did you mean `\"{}\"`?", short(value)))
}

pub(in crate::parse) fn after_value(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::left_over", format!("`{}` is left over after the value", short(text)));
    problem.at(span).help("text takes double quotes; the next setting needs a comma or a new line")
}

pub(in crate::parse) fn foreign_call(name: &Name, span: Span, text: &str) -> Problem {
    if matches!(name.value.as_str(), "env" | "var") {
        return variable_call(&name.value, span, &text[name.value.len()..]);
    }
    let problem = Problem::error("parse::value", format!("`{}` is no function of settings", name.value)).at(name.span);
    match suggestion(&name.value, ["env", "var"]) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// `{{ env_var('NAME') }}` in place of a value.
pub(in crate::parse) fn template_as_value(span: Span, text: &str) -> Problem {
    let problem =
        Problem::error("parse::value", format!("`{}` is no value: templates stand in SQL", short(text))).at(span);
    let function = if text.contains("env") { "env" } else { "var" };
    match text.split(['\'', '"']).nth(1).filter(|name| is_variable(name)) {
        Some(name) => problem.help(form(function, name)).mended(span, format!("{function}(\"{name}\")")),
        None => problem.help(form(function, "NAME")),
    }
}

/// `given`: what stands behind `env` or `var`, parentheses and all.
fn variable_call(function: &str, span: Span, given: &str) -> Problem {
    let given = given.trim_matches([' ', '\t', '(', ')']);
    let told = |message: String| Problem::error("parse::value", message).at(span);
    if given.is_empty() {
        return told(format!("`{function}()` names no variable")).help(form(function, "NAME"));
    }
    if let ["", first, between, second, ""] = given.split('"').collect::<Vec<_>>()[..]
        && between.trim().is_empty()
    {
        let meant = format!("{function}(\"{first}\", \"{second}\")");
        let problem = told(format!("no comma between the name and the default of `{function}`"));
        return problem.help(format!("written `{meant}`")).mended(span, meant);
    }
    let problem = told(format!("`{function}({})` is not given text in double quotes", short(given)));
    let name = given.trim_matches(['\'', '"']);
    match is_variable(name) {
        true => problem.help(form(function, name)).mended(span, format!("{function}(\"{name}\")")),
        false => problem.help(form(function, "NAME")),
    }
}

/// How a variable is read.
fn form(function: &str, name: &str) -> String {
    format!("written `{function}(\"{name}\")` or `{function}(\"{name}\", \"DEFAULT\")`")
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `env("API_KEY`, or with its quote and no parenthesis.
pub(in crate::parse) fn unclosed_call(span: Span, function: &str, given: &str) -> Problem {
    let name = given.trim_matches(['(', ' ', '\t', '"', '\'']);
    let problem = Problem::error("parse::unclosed", format!("an `{function}(` that nothing closes"));
    let problem = problem.label(span, "opened here");
    match is_variable(name) {
        true => problem.help(format!("written `{function}(\"{name}\")`")),
        false => problem.help(form(function, "NAME")),
    }
}

pub(in crate::parse) fn escape(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::escape", format!("`{text}` is no escape")).at(span);
    problem.help("a backslash is written `\\\\`; known are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{..}`")
}
