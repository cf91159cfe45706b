//! The wording of what is wrong with a text. Each function is one kind of mistake; codes are `parse::...`.

use super::recover::{Piece, Place};
use crate::diag::{Problem, list, nearest, suggestion};
use crate::ir::ast::{Column, Name};
use crate::ir::span::{Span, Spanned};

const ITEMS: [&str; 7] = ["project", "environment", "source", "destination", "model", "segment", "activation"];
const MODEL_ENTRIES: [&str; 2] = ["from", "key"];
const ENTRIES: [&str; 10] = ["from", "key", "to", "mode", "after", "identify", "map", "custom", "warn", "stop"];

/// The words that begin an entry there.
pub(super) fn known_words(place: Place) -> &'static [&'static str] {
    match place {
        Place::File => &ITEMS,
        Place::Model => &MODEL_ENTRIES,
        Place::Activation => &ENTRIES,
        Place::Settings | Place::Mappings | Place::List => &[],
    }
}

/// How the entries and items that begin with a word are written.
fn form(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "project" => "project { ledger = \"state/{env}\" }",
        "environment" => "environment NAME { KEY = VALUE }",
        "source" => "source NAME = KIND { KEY = VALUE }",
        "destination" => "destination NAME = KIND { KEY = VALUE }",
        "model" => "model NAME { from ... key ... }",
        "segment" => "segment NAME of MODEL where CONDITION",
        "activation" => "activation NAME { from ... to ... identify { ... } }",
        "from" => "from MODEL where CONDITION, from SOURCE table NAME, from SOURCE sql \"...\", from file \"PATH\"",
        "key" => "key COLUMN, or key (COLUMN, COLUMN)",
        "to" => "to DESTINATION.SERVICE { KEY = VALUE }",
        "mode" => "mode NAME { KEY = VALUE }",
        "after" => "after ACTIVATION, ACTIVATION",
        "identify" => "identify { COLUMN -> IDENTIFIER }, or identify all { ... }",
        "map" => "map { EXPRESSION -> FIELD }",
        "custom" => "custom { EXPRESSION -> ATTRIBUTE }",
        "warn" => "warn when METRIC > NUMBER, or NUMBER%",
        "stop" => "stop when METRIC > NUMBER, or NUMBER%",
        _ => return None,
    })
}

fn with_form(problem: Problem, keyword: &str) -> Problem {
    match form(keyword) {
        Some(form) => problem.help(format!("written `{form}`")),
        None => problem,
    }
}

/// At most forty characters of the first line, for a message.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_string(),
    }
}

pub(super) fn unreadable(at: Span) -> Problem {
    Problem::error("parse::unreadable", "brackets nested too deep to be read").at(at)
}

// -- quotes and brackets

pub(super) fn unclosed_quote(span: Span, text: &str) -> Problem {
    let (quote, help) = match text {
        _ if text.starts_with("\"\"\"") => ("\"\"\"", "text over several lines ends with `\"\"\"`"),
        _ if text.starts_with("$$") => ("$$", "text in dollar quotes ends with `$$`"),
        _ if text.starts_with('"') => ("\"", "text ends on its line; text over several lines stands between `\"\"\"`"),
        _ => ("'", "a quote that belongs to the text is doubled: `'it''s'`"),
    };
    let problem = Problem::error("parse::unclosed", format!("a `{quote}` that nothing closes"));
    let len = text.find(quote).unwrap_or_default() + quote.len();
    problem.label(span.part(0, len), "opened here").help(help)
}

pub(super) fn unclosed_bracket(span: Span, text: &str) -> Problem {
    let (sign, closing) = if text.starts_with('[') { ('[', ']') } else { ('(', ')') };
    let problem = Problem::error("parse::unclosed", format!("a `{sign}` that nothing closes"));
    problem.label(span.part(0, 1), "opened here").help(format!("`{closing}` is missing"))
}

pub(super) fn unclosed_block(span: Span, sign: char) -> Problem {
    let (what, closing) = if sign == '[' { ("list", ']') } else { ("block", '}') };
    let problem = Problem::error("parse::unclosed", format!("a {what} that nothing closes"));
    problem.label(span, "opened here").help(format!("`{closing}` is missing"))
}

pub(super) fn stray_close(span: Span) -> Problem {
    Problem::error("parse::stray_bracket", "a `}` that closes nothing").at(span)
}

pub(super) fn stray_bracket(span: Span) -> Problem {
    Problem::error("parse::stray_bracket", "a closing bracket that closes nothing").at(span)
}

pub(super) fn case_without_end(span: Span) -> Problem {
    let problem = Problem::error("parse::unclosed", "a `case` without its `end`").label(span, "begins here");
    problem.help("written `case when CONDITION then VALUE else VALUE end -> FIELD`")
}

// -- items

pub(super) fn unknown_item(span: Span, word: &str) -> Problem {
    let problem = Problem::error("parse::unknown_word", format!("`{word}` begins no item of a file")).at(span);
    match word {
        "where" => {
            problem.help("`where` stands on the line of its `segment` or `from`; use parentheses for more lines")
        }
        _ if nearest(word, ITEMS).is_none() && ENTRIES.contains(&word) => {
            problem.help(format!("`{word}` stands inside an `activation`: is a `}}` too many before it?"))
        }
        _ => problem.suggest(word, ITEMS),
    }
}

pub(super) fn no_item(span: Span, text: &str) -> Problem {
    if text.starts_with('{') {
        let problem = Problem::error("parse::no_block", "a `{` on a line of its own").at(span.part(0, 1));
        return problem.help("a block begins on the line of its name");
    }
    let problem = Problem::error("parse::unknown_word", format!("`{}` begins no item of a file", short(text))).at(span);
    problem.help(format!("known here: {}", list(&ITEMS)))
}

pub(super) fn no_name(keyword: &Piece<'_>, next: Option<&Piece<'_>>) -> Problem {
    let quoted = next.filter(|piece| piece.text.starts_with(['"', '\'']));
    let problem = match quoted {
        Some(piece) => Problem::error("parse::name", format!("a quoted name after `{}`", keyword.text)).at(piece.span),
        None => Problem::error("parse::name", format!("no name after `{}`", keyword.text)).at(keyword.span),
    };
    match quoted {
        Some(_) => problem.help("a name is one word of letters, digits and `_`, without quotes"),
        None => with_form(problem, keyword.text),
    }
}

pub(super) fn no_block(span: Span, keyword: &str) -> Problem {
    let problem = Problem::error("parse::no_block", format!("no `{{` on the line of `{keyword}`")).at(span);
    with_form(problem, keyword)
}

pub(super) fn missing_word(span: Span, word: &str, keyword: &str) -> Problem {
    let what = match word {
        "NAME" => "no model or segment after `of`".to_string(),
        "KIND" => "no kind after `=`".to_string(),
        word => format!("no `{word}` after the name of the {keyword}"),
    };
    with_form(Problem::error("parse::malformed", what).at(span), keyword)
}

// -- entries

pub(super) fn unknown_entry(span: Span, word: &str, place: Place) -> Problem {
    let what = if place == Place::Model { "a model" } else { "an activation" };
    let message = format!("`{word}` begins no entry of {what}");
    let problem = Problem::error("parse::unknown_word", message).at(span);
    if ITEMS.contains(&word) {
        return problem.help(format!("`{word}` stands outside: is a `}}` missing before it?"));
    }
    problem.suggest(word, known_words(place).iter().copied())
}

pub(super) fn no_entry(span: Span, text: &str, place: Place) -> Problem {
    let what = if place == Place::Model { "a model" } else { "an activation" };
    let message = format!("`{}` begins no entry of {what}", short(text));
    Problem::error("parse::unknown_word", message).at(span).help(format!("known here: {}", list(known_words(place))))
}

pub(super) fn mapping_outside(span: Span) -> Problem {
    let problem = Problem::error("parse::mapping_outside", "a mapping outside of `map`, `custom` and `identify`");
    problem.at(span).help("written `map { EXPRESSION -> FIELD }`")
}

pub(super) fn where_line(span: Span) -> Problem {
    let problem = Problem::error("parse::where", "a `where` on a line of its own").at(span);
    problem.help("`where` stands on the line of its `from`; a condition over several lines stands in parentheses")
}

pub(super) fn no_condition(span: Span) -> Problem {
    let problem = Problem::error("parse::where", "a `where` without a condition").at(span);
    problem.help("the condition begins on the line of its `where`; use parentheses for more lines")
}

pub(super) fn options_behind(span: Span) -> Problem {
    let problem = Problem::error("parse::where", "options behind a condition").at(span);
    problem.help("written `from MODEL { allow_empty = true } where CONDITION`")
}

pub(super) fn comma_in_where(span: Span) -> Problem {
    let problem = Problem::error("parse::where", "a comma in a condition").at(span);
    problem.help("`where` runs to the end of its line: the next entry needs a line of its own")
}

pub(super) fn json_arrow_in_where(span: Span) -> Problem {
    let problem = Problem::error("parse::json_arrow", "a JSON `->` outside parentheses").at(span);
    problem.help("written `(payload -> '$.path')`")
}

pub(super) fn entry_equals(span: Span, keyword: &str) -> Problem {
    with_form(Problem::error("parse::malformed", format!("`{keyword}` takes no `=`")).at(span), keyword)
}

pub(super) fn malformed(span: Span, keyword: &str) -> Problem {
    let message = match keyword {
        "from" => "`from` is not followed by a model, a segment, a source or `file \"PATH\"`",
        "key" => "`key` is not followed by a column",
        "to" => "`to` is not followed by DESTINATION.SERVICE",
        "mode" => "`mode` is not followed by the name of a mode",
        "after" => "`after` is not followed by the name of an activation",
        "identify" => "`identify` is not followed by a block of mappings",
        "map" => "`map` is not followed by a block of mappings",
        "custom" => "`custom` is not followed by a block of mappings",
        _ => "a guard without its `when`, metric, comparison or number",
    };
    with_form(Problem::error("parse::malformed", message).at(span), keyword)
}

pub(super) fn input_form(span: Span, word: &str) -> Problem {
    let (message, help) = match word {
        "sql" => ("`sql` is not followed by text in double quotes", "written `sql \"...\"` or `sql file \"PATH\"`"),
        _ => ("`table` is not followed by the name of a table", "written `table SCHEMA.TABLE`"),
    };
    Problem::error("parse::malformed", message).at(span).help(help)
}

pub(super) fn left_over(span: Span, text: &str, keyword: &str) -> Problem {
    let message = format!("`{}` is left over on the line of `{keyword}`", short(text));
    with_form(Problem::error("parse::left_over", message).at(span), keyword)
}

pub(super) fn no_comma(span: Span) -> Problem {
    let problem = Problem::error("parse::no_comma", "two entries on one line without a comma");
    problem.label(span, "the second begins here").help("a comma or a new line goes between entries")
}

pub(super) fn loose_key(span: Span, columns: &[Column]) -> Problem {
    let names: Vec<String> = columns
        .iter()
        .map(|column| if column.quoted { format!("\"{}\"", column.name) } else { column.name.clone() })
        .collect();
    let problem = Problem::error("parse::key", "a key of several columns without parentheses").at(span);
    problem.help(format!("written `key ({})`", names.join(", ")))
}

pub(super) fn key_list(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::key", format!("`{}` is no list of columns", short(text))).at(span);
    problem.help("written `key (COLUMN, COLUMN)`")
}

pub(super) fn guard_op(op: &Spanned<String>) -> Problem {
    let problem = Problem::error("parse::guard", format!("`{}` is no comparison of a guard", op.value)).at(op.span);
    match op.value.as_str() {
        "=>" | "≥" => problem.help("did you mean `>=`?"),
        "=<" | "≤" => problem.help("did you mean `<=`?"),
        _ => problem.help("known here: `>`, `>=`, `<` and `<=`"),
    }
}

pub(super) fn guard_value(value: &Spanned<String>) -> Problem {
    let message = format!("`{}` is neither a count nor a percentage", value.value);
    Problem::error("parse::guard", message).at(value.span).help("written `100` or `2.5%`")
}

// -- mappings

pub(super) fn no_arrow(span: Span, written: &str, meant: &str) -> Problem {
    let problem = Problem::error("parse::no_arrow", format!("no `->` in the mapping `{}`", short(written))).at(span);
    problem.help(format!("did you mean `{}`?", short(meant)))
}

pub(super) fn wrong_arrow(span: Span, sign: &str) -> Problem {
    let problem = Problem::error("parse::no_arrow", format!("a `{sign}` in place of `->`")).at(span);
    problem.help("written `EXPRESSION -> FIELD`")
}

pub(super) fn no_expression(span: Span) -> Problem {
    Problem::error("parse::no_expression", "nothing before the `->`").at(span).help("written `EXPRESSION -> FIELD`")
}

pub(super) fn no_target(span: Span) -> Problem {
    Problem::error("parse::no_target", "no field after the `->`").at(span).help("written `EXPRESSION -> FIELD`")
}

pub(super) fn text_target(span: Span, written: &str) -> Problem {
    let problem = Problem::error("parse::json_arrow", "text where the name of a field is due").at(span);
    problem.help(format!("a JSON `->` needs parentheses: `({written}) -> FIELD`; names take double quotes"))
}

pub(super) fn options_before(span: Span) -> Problem {
    let problem = Problem::error("parse::options", "options before the `->`").at(span);
    problem.help("written `EXPRESSION -> FIELD { null = clear }`")
}

pub(super) fn options_alone(span: Span) -> Problem {
    let problem = Problem::error("parse::options", "options behind an expression that has no `->`").at(span);
    problem.help("written `EXPRESSION -> FIELD { null = clear }`")
}

/// `written` has two arrows or more: all but the last belong to the expression.
pub(super) fn json_arrow(span: Span, written: &str) -> Problem {
    let problem = Problem::error("parse::json_arrow", "a JSON `->` outside parentheses").at(span);
    match written.rsplit_once("->") {
        Some((expr, target)) => problem.help(format!("did you mean `({}) -> {}`?", expr.trim(), target.trim())),
        None => problem,
    }
}

pub(super) fn quoted_name(span: Span, text: &str) -> Problem {
    let name = &text[span.start..span.end];
    let problem = Problem::error("parse::target", format!("`{}` is no bare name", short(name))).at(span);
    problem.help(format!("other names than of letters, digits and `_` take quotes: `\"{}\"`", short(name)))
}

pub(super) fn after_target(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::left_over", format!("`{}` is left over after the target", short(text)));
    problem.at(span).help("a name of several words takes double quotes; the next mapping needs a comma or a new line")
}

// -- settings

pub(super) fn no_setting(span: Span, text: &str) -> Problem {
    let message = format!("`{}` where the name of a setting is due", short(text));
    Problem::error("parse::setting", message).at(span).help("written `KEY = VALUE`")
}

pub(super) fn no_value(span: Span, key: &str) -> Problem {
    let problem = Problem::error("parse::setting", format!("no value for `{key}`")).at(span);
    problem.help(format!("written `{key} = VALUE`"))
}

pub(super) fn no_equals(span: Span, key: &str) -> Problem {
    let problem = Problem::error("parse::no_equals", format!("no `=` after `{key}`")).at(span);
    problem.help(format!("written `{key} = VALUE`"))
}

pub(super) fn wrong_equals(span: Span, sign: &str) -> Problem {
    let problem = Problem::error("parse::no_equals", format!("a `{sign}` in place of `=`")).at(span);
    problem.help("written `KEY = VALUE`")
}

pub(super) fn not_a_value(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::value", format!("`{}` is no value", short(text))).at(span);
    problem.help(
        "values are text in double quotes, numbers, `true`, `false`, words, lists, blocks, `env(..)` and `var(..)`",
    )
}

pub(super) fn single_quotes(span: Span, text: &str) -> Problem {
    let inner = text.trim_matches('\'').replace("''", "'");
    let problem = Problem::error("parse::single_quotes", format!("text in single quotes: `{}`", short(text))).at(span);
    problem.help(format!("text takes double quotes here: `\"{}\"`", short(&inner)))
}

pub(super) fn quoted_text(span: Span, text: &str) -> Problem {
    let value = &text[span.start..span.end];
    let problem = Problem::error("parse::value", format!("`{}` is no value without quotes", short(value))).at(span);
    problem.help(format!("did you mean `\"{}\"`?", short(value)))
}

pub(super) fn after_value(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::left_over", format!("`{}` is left over after the value", short(text)));
    problem.at(span).help("text takes double quotes; the next setting needs a comma or a new line")
}

pub(super) fn foreign_call(name: &Name, span: Span, text: &str) -> Problem {
    let known = matches!(name.value.as_str(), "env" | "var");
    if known {
        let problem = Problem::error("parse::value", format!("`{}` is not given text in double quotes", short(text)));
        let argument = text[name.value.len()..].trim_matches([' ', '\t', '(', ')', '\'', '"']);
        return problem
            .at(span)
            .help(format!("written `{0}(\"{1}\")` or `{0}(\"{1}\", \"DEFAULT\")`", name.value, argument));
    }
    let problem = Problem::error("parse::value", format!("`{}` is no function of settings", name.value)).at(name.span);
    match suggestion(&name.value, ["env", "var"]) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

pub(super) fn escape(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::escape", format!("`{text}` is no escape")).at(span);
    problem.help("a backslash is written `\\\\`; known are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{..}`")
}
