//! Mappings: arrows, targets, options.

use super::short;
use crate::diag::Problem;
use crate::ir::span::Span;

pub(in crate::parse) fn no_arrow(span: Span, written: &str, meant: &str) -> Problem {
    let problem = Problem::error("parse::no_arrow", format!("no `->` in the mapping `{}`", short(written))).at(span);
    problem.help(format!("did you mean `{}`?", short(meant)))
}

/// Where quotes of a word processor stand outside of text, with what is between two of them.
pub(in crate::parse) fn bent(text: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if is_bent(c) => {
                let rest = &text[at + c.len_utf8()..];
                let close = rest.char_indices().find(|(_, c)| is_bent(*c));
                let len = close.map_or(0, |(at, close)| at + close.len_utf8());
                return Some((at, at + c.len_utf8() + len));
            }
            None => {}
        }
    }
    None
}

pub(in crate::parse) fn is_bent(c: char) -> bool {
    matches!(c, '‘' | '’' | '‚' | '“' | '”' | '„')
}

pub(in crate::parse) fn bent_quotes(span: Span, written: &str) -> Problem {
    let problem =
        Problem::error("parse::quotes", format!("`{}` stands in typographic quotes", short(written))).at(span);
    let meant = format!("'{}'", written.trim_matches(is_bent).replace('\'', "''"));
    let problem = problem.help(format!("text in SQL takes straight single quotes: `{}`", short(&meant)));
    let double = written.starts_with(['“', '”', '„']);
    // Double ones may be a column's.
    if double || written.chars().filter(|c| is_bent(*c)).count() < 2 { problem } else { problem.mended(span, meant) }
}

/// `case ... end timezone`
pub(in crate::parse) fn no_arrow_behind(span: Span, target: &str) -> Problem {
    let problem = Problem::error("parse::no_arrow", format!("no `->` between `end` and `{target}`")).at(span);
    problem.help(format!("written `end -> {target}`")).mended(span, format!("-> {target}"))
}

pub(in crate::parse) fn wrong_arrow(span: Span, sign: &str) -> Problem {
    let problem = Problem::error("parse::no_arrow", format!("a `{sign}` in place of `->`")).at(span);
    let problem = problem.help("written `EXPRESSION -> FIELD`");
    match sign {
        // These may have the field on their left.
        "=" | ":" => problem,
        _ => problem.mended(span, "->"),
    }
}

/// Arrows that text programs make of `->`, and others that look like it.
pub(in crate::parse) fn is_arrow(sign: &str) -> bool {
    matches!(sign, "→" | "⇒" | "➔" | "➜" | "➝" | "⟶" | "⟹" | "↦")
}

pub(in crate::parse) fn all_columns(span: Span) -> Problem {
    let problem = Problem::error("parse::no_arrow", "a `*` where a mapping is due").at(span);
    problem.help("columns are mapped one by one: `COLUMN`, or `EXPRESSION -> FIELD`")
}

pub(in crate::parse) fn no_expression(span: Span) -> Problem {
    Problem::error("parse::no_expression", "nothing before the `->`").at(span).help("written `EXPRESSION -> FIELD`")
}

pub(in crate::parse) fn no_target(span: Span) -> Problem {
    Problem::error("parse::no_target", "no field after the `->`").at(span).help("written `EXPRESSION -> FIELD`")
}

pub(in crate::parse) fn text_target(span: Span, written: &str) -> Problem {
    let problem = Problem::error("parse::json_arrow", "text where the name of a field is due").at(span);
    problem.help(format!("a JSON `->` needs parentheses: `({written}) -> FIELD`; names take double quotes"))
}

pub(in crate::parse) fn options_before(span: Span) -> Problem {
    let problem = Problem::error("parse::options", "options before the `->`").at(span);
    problem.help("written `EXPRESSION -> FIELD { null = clear }`")
}

pub(in crate::parse) fn options_alone(span: Span) -> Problem {
    let problem = Problem::error("parse::options", "options behind an expression that has no `->`").at(span);
    problem.help("written `EXPRESSION -> FIELD { null = clear }`")
}

/// `written` has two arrows or more: all but the last belong to the expression.
pub(in crate::parse) fn json_arrow(span: Span, written: &str) -> Problem {
    let problem = Problem::error("parse::json_arrow", "a JSON `->` outside parentheses").at(span);
    match written.rsplit_once("->") {
        Some((expr, _)) if expr.trim_end().ends_with("->") => {
            Problem::error("parse::no_arrow", "two `->` in one mapping").at(span).help("written `EXPRESSION -> FIELD`")
        }
        Some((expr, target)) => problem.help(format!("did you mean `({}) -> {}`?", expr.trim(), target.trim())),
        None => problem,
    }
}

pub(in crate::parse) fn quoted_name(span: Span, text: &str) -> Problem {
    let name = &text[span.start..span.end];
    if let Some(before) = name.strip_suffix(';') {
        return super::semicolon(Span { start: span.start + before.len(), ..span });
    }
    let problem = Problem::error("parse::target", format!("`{}` is no bare name", short(name))).at(span);
    problem.help(format!("other names than of letters, digits and `_` take quotes: `\"{}\"`", short(name)))
}

pub(in crate::parse) fn after_target(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::left_over", format!("`{}` is left over after the target", short(text)));
    problem.at(span).help("a name of several words takes double quotes; the next mapping needs a comma or a new line")
}
