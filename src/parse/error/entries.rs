//! Items of a file and entries of models and activations.

use super::super::recover::{Piece, Place};
use super::{ENTRIES, ITEMS, instead, known_words, ours, owner, short, with_form};
use crate::diag::{Problem, list, nearest};
use crate::ir::ast::Column;
use crate::ir::span::{Span, Spanned};

pub(in crate::parse) fn unknown_item(span: Span, word: &str) -> Problem {
    let problem = Problem::error("parse::unknown_word", format!("`{word}` begins no item of a file")).at(span);
    match ours(Place::File, word) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if word == "where" => {
            problem.help("`where` stands on the line of its `segment` or `from`; use parentheses for more lines")
        }
        None if goes_on(word) => problem.help(PARENTHESES),
        None if nearest(word, ITEMS).is_none() && instead(word).is_some() => {
            problem.help(instead(word).unwrap_or_default())
        }
        None if nearest(word, ITEMS).is_none() && ENTRIES.contains(&word) => {
            problem.help(format!("`{word}` stands inside an `activation`: is a `}}` too many before it?"))
        }
        None => problem.suggest(word, ITEMS),
    }
}

pub(in crate::parse) fn no_item(span: Span, text: &str) -> Problem {
    if text.starts_with('{') {
        return loose_block(span);
    }
    let problem = Problem::error("parse::unknown_word", format!("`{}` begins no item of a file", short(text))).at(span);
    problem.help(format!("known here: {}", list(&ITEMS)))
}

pub(in crate::parse) fn no_name(keyword: &Piece<'_>, next: Option<&Piece<'_>>) -> Problem {
    let quoted = next.filter(|piece| piece.text.starts_with(['"', '\'']));
    let problem = match quoted {
        Some(piece) => Problem::error(NAME, format!("a quoted name after `{}`", keyword.text)).at(piece.span),
        None => Problem::error(NAME, format!("no name after `{}`", keyword.text)).at(keyword.span),
    };
    match quoted {
        Some(piece) => {
            let (bare, help) =
                (piece.text.trim_matches(['"', '\'']), "a name is one word of letters, digits and `_`, without quotes");
            let is_name = bare.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !bare.starts_with(|c: char| c.is_ascii_digit());
            if is_name { problem.help(help).mended(piece.span, bare) } else { problem.help(help) }
        }
        None => with_form(problem, keyword.text),
    }
}

/// `pieces`: the name's, and what follows.
pub(in crate::parse) fn odd_name(span: Span, pieces: &[Piece<'_>]) -> Problem {
    let within = || pieces.iter().take_while(|piece| piece.span.end <= span.end);
    let text: String = within().map(|piece| piece.text).collect();
    let fit: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let problem = Problem::error(NAME, format!("`{}` is no name", short(&text))).at(span);
    problem.help(match fit.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("a name begins with a letter or `_`: `_{}`", short(&fit)),
        false => format!("a name is one word of letters, digits and `_`: `{}`", short(&fit)),
    })
}

pub(in crate::parse) const NAME: &str = "parse::name";
pub(in crate::parse) const COMMENT: &str = "parse::comment";
pub(in crate::parse) const LEFT_OVER: &str = "parse::left_over";

/// Another language's, all of it.
pub(in crate::parse) fn comment(span: Span, text: &str) -> Problem {
    let sign = ["--", "//", "/*"].into_iter().find(|sign| text.starts_with(sign)).unwrap_or(";");
    let problem = Problem::error(COMMENT, format!("a comment that begins with `{sign}`")).at(span);
    let problem = problem.help("comments begin with `#`");
    match text.strip_suffix("*/") {
        _ if sign != "/*" => problem.mended(span.part(0, sign.len()), "#"),
        Some(inner) if !inner.contains('\n') => {
            problem.mended(span, format!("# {}", inner.trim_start_matches(['/', '*']).trim()))
        }
        _ => problem,
    }
}

pub(in crate::parse) const NO_BLOCK: &str = "parse::no_block";
pub(in crate::parse) const MALFORMED: &str = "parse::malformed";

pub(in crate::parse) fn no_block(span: Span, keyword: &str) -> Problem {
    let problem = Problem::error(NO_BLOCK, format!("no `{{` on the line of `{keyword}`")).at(span);
    with_form(problem, keyword)
}

pub(in crate::parse) fn missing_word(span: Span, word: &str, keyword: &str) -> Problem {
    let what = match word {
        "NAME" => "no model or segment after `of`".to_string(),
        "ACTIVATION" => "no activation after `of`".to_string(),
        "KIND" => "no kind after `=`".to_string(),
        word => format!("no `{word}` after the name of the {keyword}"),
    };
    with_form(Problem::error(MALFORMED, what).at(span), keyword)
}

/// `segment vips from customers`, `stop if changed > 30%`, `switch country_code`
pub(in crate::parse) fn word_due(span: Span, word: &str, due: &str) -> Problem {
    let problem = Problem::error(MALFORMED, format!("`{word}` where `{due}` is due")).at(span);
    problem.help(format!("did you mean `{due}`?"))
}

pub(in crate::parse) fn unknown_entry(span: Span, word: &str, place: Place) -> Problem {
    let message = format!("`{word}` begins no entry of {}", owner(place));
    let problem = Problem::error("parse::unknown_word", message).at(span);
    if goes_on(word) {
        return problem.help(PARENTHESES);
    }
    if place != Place::Test && word == "file" {
        return problem.help("did you mean `from file`?");
    }
    if let Some(meant) = ours(place, word) {
        return problem.help(format!("did you mean `{meant}`?"));
    }
    if ITEMS.contains(&word) && !known_words(place).contains(&word) {
        return stands_outside(span, word, place);
    }
    match instead(word) {
        Some(help) if place != Place::Test => problem.help(help),
        _ => problem.suggest(word, known_words(place).iter().copied()),
    }
}

pub(in crate::parse) fn stands_outside(span: Span, word: &str, place: Place) -> Problem {
    let message = format!("`{word}` begins no entry of {}", owner(place));
    let problem = Problem::error("parse::unknown_word", message).at(span);
    problem.help(format!("`{word}` stands outside: is a `}}` missing before it?"))
}

/// The entry as it should be, where only signs or quotes are odd about its words.
pub(in crate::parse) fn plain_form(keyword: &str, rest: &str, span: Span) -> Option<Problem> {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_';
    if rest.contains(|c: char| !is_plain(c) && !" =:./\"'".contains(c)) {
        return None;
    }
    let words: Vec<&str> = rest.split(|c| !is_plain(c)).filter(|word| !word.is_empty()).collect();
    let meant = match (keyword, &words[..]) {
        ("mode" | "key" | "environment", [name]) => format!("{keyword} {name}"),
        ("to", [destination, service]) => format!("to {destination}.{service}"),
        _ => return None,
    };
    let message = match rest.trim_start().chars().next() {
        Some(sign @ ('=' | ':')) => format!("`{keyword}` takes no `{sign}`"),
        _ if keyword == "to" => "`to` is not followed by DESTINATION.SERVICE".into(),
        _ => format!("`{keyword}` is not followed by a bare name"),
    };
    let problem = Problem::error(MALFORMED, message).at(span);
    Some(problem.help(format!("written `{meant}`")).mended(span, meant))
}

/// `environment staging = { ... }`
pub(in crate::parse) fn item_sign(span: Span, keyword: &str, sign: &str) -> Problem {
    with_form(Problem::error(MALFORMED, format!("`{keyword}` takes no `{sign}` here")).at(span), keyword)
}

/// `project shop { ... }`
pub(in crate::parse) fn named_project(span: Span, name: &str) -> Problem {
    with_form(Problem::error(NAME, format!("a project has no name: `{}`", short(name))).at(span), "project")
}

/// `destination crm = "batch" { ... }`
pub(in crate::parse) fn quoted_kind(span: Span, kind: &str) -> Problem {
    let problem = Problem::error(MALFORMED, format!("a kind in quotes: `{}`", short(kind))).at(span);
    let bare = kind.trim_matches('"');
    problem.help(format!("written without them: `{}`", short(bare))).mended(span, bare)
}

/// `key lower(email)`
pub(in crate::parse) fn key_expression(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::key", format!("`{}` is no column", short(text))).at(span);
    problem.help("a key is columns of the rows as they come: `key COLUMN`, or `key (COLUMN, COLUMN)`")
}

fn loose_block(span: Span) -> Problem {
    let problem = Problem::error(NO_BLOCK, "a `{` on a line of its own").at(span.part(0, 1));
    problem.help("a block begins on the line of its name")
}

pub(in crate::parse) fn no_entry(span: Span, text: &str, place: Place) -> Problem {
    if text.starts_with('{') {
        return loose_block(span);
    }
    let message = format!("`{}` begins no entry of {}", short(text), owner(place));
    let problem = Problem::error("parse::unknown_word", message).at(span);
    problem.help(match text.starts_with(|sign: char| sign.is_ascii_digit()) {
        true => "numbers have no comma: `1000`, and before their fraction a point: `0.5`".to_string(),
        false => format!("known here: {}", list(known_words(place))),
    })
}

pub(in crate::parse) fn mapping_outside(span: Span) -> Problem {
    let problem = Problem::error("parse::mapping_outside", "a mapping outside of `map`, `custom` and `identify`");
    problem.at(span).help("written `map { EXPRESSION -> FIELD }`")
}

pub(in crate::parse) const WHERE: &str = "parse::where";
const PARENTHESES: &str = "a condition over several lines stands in parentheses";

/// Whether a line that begins so can only be more of a condition.
pub(in crate::parse) fn goes_on(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a condition that ends so is not at its end.
pub(in crate::parse) fn awaits_more(last: &str) -> bool {
    goes_on(last) || last.ends_with(['=', '<', '>', '+', '/', '|', '-'])
}

/// `last`: the word or sign at its end, behind which more is due.
pub(in crate::parse) fn open_condition(span: Span, last: &str) -> Problem {
    Problem::error(WHERE, format!("a condition that ends with `{last}`")).at(span).help(PARENTHESES)
}

pub(in crate::parse) fn where_line(span: Span) -> Problem {
    let problem = Problem::error(WHERE, "a `where` on a line of its own").at(span);
    problem.help("`where` stands on the line of its `from`; a condition over several lines stands in parentheses")
}

pub(in crate::parse) fn no_condition(span: Span) -> Problem {
    let problem = Problem::error(WHERE, "a `where` without a condition").at(span);
    problem.help("the condition begins on the line of its `where`; use parentheses for more lines")
}

pub(in crate::parse) fn options_behind(span: Span) -> Problem {
    let problem = Problem::error(WHERE, "options behind a condition").at(span);
    problem.help("written `from MODEL { allow_empty = true } where CONDITION`")
}

pub(in crate::parse) fn comma_in_where(span: Span) -> Problem {
    let problem = Problem::error(WHERE, "a comma in a condition").at(span);
    problem.help("`where` runs to the end of its line: the next entry needs a line of its own")
}

pub(in crate::parse) fn json_arrow_in_where(span: Span) -> Problem {
    let problem = Problem::error("parse::json_arrow", "a JSON `->` outside parentheses").at(span);
    problem.help("written `(payload -> '$.path')`")
}

pub(in crate::parse) fn entry_sign(span: Span, keyword: &str, sign: &str) -> Problem {
    with_form(Problem::error(MALFORMED, format!("`{keyword}` takes no `{sign}`")).at(span), keyword)
}

pub(in crate::parse) fn malformed(span: Span, keyword: &str) -> Problem {
    let message = match keyword {
        "from" => "`from` is not followed by a model, a segment, a source or `file \"PATH\"`",
        "key" => "`key` is not followed by a column",
        "to" => "`to` is not followed by DESTINATION.SERVICE",
        "mode" => "`mode` is not followed by the name of a mode",
        "after" => "`after` is not followed by the name of an activation",
        "identify" => "`identify` is not followed by a block of mappings",
        "map" => "`map` is not followed by a block of mappings",
        "custom" => "`custom` is not followed by a block of mappings",
        "environment" => "`environment` is not followed by the name of one",
        "vars" => "`vars` is not followed by a block of variables",
        "before" => "`before` is not followed by rows",
        "rows" => "`rows` is not followed by rows",
        "expect" => "`expect` is not followed by what is expected",
        _ => "a guard without its `when`, metric, comparison or number",
    };
    with_form(Problem::error(MALFORMED, message).at(span), keyword)
}

/// `source lake = duckdb("lake.duckdb")`
pub(in crate::parse) fn settings_in_parentheses(span: Span, head: &str) -> Problem {
    let problem = Problem::error(MALFORMED, "settings in parentheses").at(span);
    problem.help(format!("written `{head} {{ KEY = VALUE }}`"))
}

pub(in crate::parse) fn odd_kind(span: Span, text: &str) -> Problem {
    let problem = Problem::error(MALFORMED, format!("`{text}` is the name of no kind")).at(span);
    match text.split_once('.') {
        Some((kind, _)) => problem.help(format!("did you mean `{kind}`?")),
        None => problem.help("a name is one word of letters, digits and `_`"),
    }
}

pub(in crate::parse) fn left_over(span: Span, text: &str, keyword: &str) -> Problem {
    let message = format!("`{}` is left over on the line of `{keyword}`", short(text));
    with_form(Problem::error(LEFT_OVER, message).at(span), keyword)
}

pub(in crate::parse) fn bad_row(span: Span) -> Problem {
    let problem = Problem::error("parse::row", "a line of a table that is no row").at(span);
    problem.help(
        "a row is DuckDB values with commas between: `'c-1', 10.5, NULL, '2026-01-31'::date`; what changes, `'old' -> 'new'`",
    )
}

pub(in crate::parse) fn no_comma(span: Span) -> Problem {
    let problem = Problem::error("parse::no_comma", "two entries on one line without a comma");
    problem.label(span, "the second begins here").help("a comma or a new line goes between entries")
}

pub(in crate::parse) fn comma_too_many(span: Span) -> Problem {
    let problem = Problem::error(LEFT_OVER, "a comma with no entry before it").at(span);
    problem.help("entries end with one comma, or with a new line: take it out").mended(span, "")
}

pub(in crate::parse) fn loose_key(span: Span, columns: &[Column]) -> Problem {
    let names: Vec<String> = columns
        .iter()
        .map(|column| if column.quoted { format!("\"{}\"", column.name) } else { column.name.clone() })
        .collect();
    let problem = Problem::error("parse::key", "a key of several columns without parentheses").at(span);
    problem.help(format!("written `key ({})`", names.join(", ")))
}

pub(in crate::parse) fn key_list(span: Span, text: &str) -> Problem {
    let problem = Problem::error("parse::key", format!("`{}` is no list of columns", short(text))).at(span);
    problem.help("written `key (COLUMN, COLUMN)`")
}

pub(in crate::parse) fn guard_op(op: &Spanned<String>) -> Problem {
    let problem = Problem::error("parse::guard", format!("`{}` is no comparison of a guard", op.value)).at(op.span);
    match op.value.as_str() {
        "=>" | "≥" => problem.help("did you mean `>=`?"),
        "=<" | "≤" => problem.help("did you mean `<=`?"),
        _ => problem.help("known here: `>`, `>=`, `<` and `<=`"),
    }
}

pub(in crate::parse) fn guard_value(value: &Spanned<String>) -> Problem {
    let message = format!("`{}` is neither a count nor a percentage", value.value);
    Problem::error("parse::guard", message).at(value.span).help("written `100` or `2.5%`")
}
