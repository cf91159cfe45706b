//! Quotes, brackets and `case` that are not closed, or close nothing.

use crate::diag::Problem;
use crate::ir::span::Span;

pub(in crate::parse) fn unclosed_quote(span: Span, text: &str) -> Problem {
    if text.starts_with("'''") {
        let problem = Problem::error("parse::single_quotes", "text between `'''`").at(span.part(0, 3));
        return widened(problem.help("text over several lines stands between `\"\"\"`"), span.part(0, 3), text);
    }
    let (quote, help) = match text {
        _ if text.starts_with("\"\"\"") => ("\"\"\"", "text over several lines ends with `\"\"\"`"),
        _ if text.starts_with("$$") => ("$$", "text in dollar quotes ends with `$$`"),
        _ if text.starts_with('"') => ("\"", "text ends on its line; text over several lines stands between `\"\"\"`"),
        _ => ("'", "a quote that belongs to the text is doubled: `'it''s'`"),
    };
    let problem = Problem::error("parse::unclosed", format!("a `{quote}` that nothing closes"));
    let len = text.find(quote).unwrap_or_default() + quote.len();
    widened(problem.label(span.part(0, len), "opened here").help(help), span.part(0, len), text)
}

/// The opening quote made three, where three close the text.
fn widened(problem: Problem, open: Span, text: &str) -> Problem {
    let closed = !text.starts_with("\"\"\"") && text.contains('\n') && text.ends_with("\"\"\"");
    if closed { problem.mended(open, "\"\"\"") } else { problem }
}

pub(in crate::parse) fn unclosed_bracket(span: Span, text: &str) -> Problem {
    let (sign, closing) = if text.starts_with('[') { ('[', ']') } else { ('(', ')') };
    let problem = Problem::error("parse::unclosed", format!("a `{sign}` that nothing closes"));
    problem.label(span.part(0, 1), "opened here").help(format!("`{closing}` is missing"))
}

pub(in crate::parse) fn unclosed_block(span: Span, sign: char) -> Problem {
    let (what, closing) = if sign == '[' { ("list", ']') } else { ("block", '}') };
    let problem = Problem::error("parse::unclosed", format!("a {what} that nothing closes"));
    problem.label(span, "opened here").help(format!("`{closing}` is missing"))
}

pub(in crate::parse) fn stray_close(span: Span) -> Problem {
    Problem::error("parse::stray_bracket", "a `}` that closes nothing")
        .at(span)
        .help("take it out, or open its block with a `{`")
}

pub(in crate::parse) fn stray_bracket(span: Span, sign: &str) -> Problem {
    let opening = if sign == "]" { '[' } else { '(' };
    let problem = Problem::error("parse::stray_bracket", format!("a `{sign}` that closes nothing")).at(span);
    problem.help(format!("take it out, or open it with a `{opening}`"))
}

pub(in crate::parse) fn case_without_end(span: Span) -> Problem {
    let problem = Problem::error("parse::unclosed", "a `case` without its `end`").label(span, "begins here");
    problem.help("written `case when CONDITION then VALUE else VALUE end -> FIELD`")
}

/// The brace that ends an item, while more of it follows.
pub(in crate::parse) fn close_too_many(span: Span, next: Span, keyword: &str) -> Problem {
    let problem = Problem::error("parse::stray_bracket", format!("a `}}` too many ends the {keyword}"));
    problem.label(span, "it ends here").label(next, "and goes on here").help("take the `}` out")
}

/// `identify { email -> email ]`
pub(in crate::parse) fn wrong_close(span: Span, sign: &str, open: Span) -> Problem {
    let problem = Problem::error("parse::stray_bracket", format!("a `{sign}` in place of `}}`"));
    let problem = problem.at(span).label(open, "opened here");
    problem.help("a block stands between `{` and `}`").mended(span, "}")
}

/// `identify [ email -> email }`
pub(in crate::parse) fn wrong_open(span: Span, sign: &str) -> Problem {
    let problem = Problem::error("parse::stray_bracket", format!("a `{sign}` in place of `{{`")).at(span);
    problem.help("a block stands between `{` and `}`").mended(span, "{")
}

pub(in crate::parse) fn nested_item(span: Span, keyword: &str, outer: Span) -> Problem {
    let problem = Problem::error("parse::nested", format!("`{keyword}` inside of another item")).at(span);
    problem.label(outer, "which begins here").help("items stand beside one another: close the one before it first")
}

pub(in crate::parse) fn nested_block(span: Span, keyword: &str) -> Problem {
    let problem = Problem::error("parse::nested", format!("`{keyword}` inside of another block of mappings")).at(span);
    problem.help("`identify`, `map` and `custom` stand beside one another in an activation")
}
