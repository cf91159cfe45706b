//! What stands behind `from`.

use super::short;
use crate::diag::Problem;
use crate::ir::span::Span;

/// The rows come from a source, though what was read of it names a model.
pub(in crate::parse) const INPUT_FORM: &str = "parse::input_form";

pub(in crate::parse) fn input_form(span: Span, word: &str) -> Problem {
    let (message, help) = match word {
        "sql" => ("`sql` is not followed by text in double quotes", "written `sql \"...\"` or `sql file \"PATH\"`"),
        _ => ("`table` is not followed by the name of a table", "written `table SCHEMA.TABLE`"),
    };
    Problem::error(INPUT_FORM, message).at(span).help(help)
}

/// `from csv "customers.csv"`, or SQL in the place of the path.
pub(in crate::parse) fn input_word(span: Span, word: &str, text: &str) -> Problem {
    if word == "sql" {
        let problem = Problem::error(INPUT_FORM, "no source before `sql`").at(span);
        return problem.help("written `from SOURCE sql \"...\"`");
    }
    if text.trim_matches('"').trim().contains(char::is_whitespace) {
        let problem = Problem::error(INPUT_FORM, format!("no `sql` between `{word}` and its text")).at(span);
        return problem.help(format!("written `from {word} sql \"...\"`"));
    }
    Problem::error(INPUT_FORM, format!("`{word}` where `file` is due")).at(span).help("did you mean `file`?")
}

/// `from lake tabel customers`
pub(in crate::parse) fn misspelt_input(span: Span, word: &str, due: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, format!("`{word}` where `{due}` is due")).at(span);
    problem.help(format!("did you mean `{due}`?"))
}

/// `from lake.sql "..."`
pub(in crate::parse) fn input_with_dot(span: Span, source: &str, word: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, format!("a dot between `{source}` and `{word}`")).at(span);
    problem.help(format!("written `from {source} {word} ...`")).mended(span, format!("{source} {word}"))
}

/// `from segment vips`
pub(in crate::parse) fn kind_before(span: Span, name: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, "no word stands before the name of a model or segment").at(span);
    problem.help(format!("written `from {name}`")).mended(span, name)
}

/// `from lake file "queries/visits.sql"`
pub(in crate::parse) fn sql_file(span: Span, source: &str, path: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, format!("`file` behind the source `{source}`")).at(span);
    problem.help(format!("SQL of it in a file is written `from {source} sql file {}`", short(path)))
}

/// `from "customers.csv"`
pub(in crate::parse) fn no_file_word(span: Span, path: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, "a path without `file` before it").at(span);
    problem.help(format!("written `from file {}`", short(path))).mended(span, format!("file {path}"))
}

/// `from file customers.csv`
pub(in crate::parse) fn bare_path(span: Span, path: &str) -> Problem {
    let problem = Problem::error(INPUT_FORM, "`file` is not followed by a path in double quotes").at(span);
    let meant = format!("file \"{}\"", if path.is_empty() { "PATH" } else { path });
    problem.help(format!("written `from {}`", short(&meant)))
}

/// `from customers.csv`, or `from marts.customers`
pub(in crate::parse) fn bare_input(span: Span, text: &str) -> Problem {
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    if text.contains('/') || ["csv", "tsv", "parquet", "json", "jsonl", "ndjson", "gz"].contains(&ending) {
        let problem = Problem::error(INPUT_FORM, format!("`{text}` is a path without `file` and quotes")).at(span);
        return problem.help(format!("did you mean `file \"{text}\"`?"));
    }
    let problem = Problem::error(INPUT_FORM, format!("`{text}` is no model or segment")).at(span);
    problem.help(format!("a table of a source is written `from SOURCE table {text}`"))
}
