//! Tests of activations.

use super::meant;
use crate::diag::{Problem, count, list, nearest};
use crate::ir::ast::{Expr, Name, Table, TextLit};
use crate::ir::facts::ExprError;
use crate::ir::span::{Span, Spanned};
use crate::ir::test::{Counted, METHODS, STOPS};

pub fn tested_activation<'a>(name: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_activation", format!("unknown activation `{}`", name.value))
        .at(name.span)
        .help(meant(&name.value, known, "a test is of one activation: `test NAME of ACTIVATION { ... }`"))
}

pub fn tested_environment<'a>(name: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    super::unknown_environment(&name.value, known, "the project has no `environment`: take this line out").at(name.span)
}

pub fn tested_variable<'a>(name: &Name, read: impl Iterator<Item = &'a str>) -> Problem {
    let help = meant(&name.value, read, "a pipeline reads it with `var(\"NAME\")`");
    Problem::error("check::test_entry", format!("nothing reads the variable `{}`", name.value)).at(name.span).help(help)
}

pub fn no_rows(name: &Name) -> Problem {
    Problem::error("check::test_entry", format!("test `{}` has no `rows`", name.value))
        .at(name.span)
        .help("`rows { ... }` says what the model holds: a line of columns, then a line for each row")
}

pub fn no_expect(name: &Name) -> Problem {
    Problem::error("check::test_entry", format!("test `{}` expects nothing in particular", name.value))
        .at(name.span)
        .help("`expect added { ... }`, `expect unchanged 2` and the like say what is to come of the rows; `expect nothing`, that none is sent")
}

/// Where something in the table could not be read, that may be the line.
pub const NO_HEAD: &str = "a table without a line that names its columns";

pub fn no_head(table: &Table) -> Problem {
    let first = table.rows.first();
    let bars = first.and_then(|row| row.cells.first()?.value.as_ref()).is_some_and(|value| value.text.starts_with('|'));
    Problem::error("check::test_column", NO_HEAD).at(first.map_or(table.span, |row| row.span)).help(match bars {
        true => "commas part the cells here, and no bars: `customer_id, email`",
        false => "the first line names the columns, with commas between: `customer_id, email`",
    })
}

pub fn unread_column(name: &str, span: Span, activation: &str, read: &[String]) -> Problem {
    let problem = Problem::error("check::test_column", format!("`{activation}` reads no column `{name}`")).at(span);
    problem.help(match nearest(name, read.iter().map(String::as_str)) {
        Some(near) => format!("the activation reads `{near}`: one of the two is misspelt"),
        None => meant(name, read.iter().map(String::as_str), "leave it out: only what the activation reads counts"),
    })
}

/// `row.email -> email`, where a test gives an `email`.
pub fn given_behind_a_dot(owner: &str, name: &str, place: Span, given: Span) -> Problem {
    Problem::error("check::test_column", format!("`{owner}` would be a column, and no test gives it"))
        .at(place)
        .label(given, format!("`{name}` is given here"))
        .help(format!("a column stands by its own name: `{name}`"))
}

pub fn test_column_twice(name: &str, span: Span) -> Problem {
    Problem::error("check::test_column", format!("the table names `{name}` twice")).at(span)
}

pub fn expected_column<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    Problem::error("check::test_column", format!("`{name}` is nothing that can be expected here"))
        .at(span)
        .help(super::meant_of_all(name, known))
}

pub fn no_key_column(span: Span, keys: &[&str]) -> Problem {
    let column = if keys.len() == 1 { "column" } else { "columns" };
    Problem::error("check::test_column", format!("the table lacks the {column} {}", list(keys)))
        .at(span)
        .help("rows are told apart by it: let it be the first column")
}

pub fn expected_type(span: Span) -> Problem {
    Problem::error("check::test_column", "a type where something is expected")
        .at(span)
        .help("take it out: values are compared in the type that the destination gets")
}

pub fn row_width(span: Span, cells: usize, columns: usize) -> Problem {
    let (cells, columns) = (count(cells as u64, "cell"), count(columns as u64, "column"));
    Problem::error("check::test_cell", format!("a row of {cells} in a table of {columns}"))
        .at(span)
        .help("an empty cell keeps its comma; a value with a comma of its own stands in quotes or brackets")
}

pub fn cell_syntax(value: &Expr, found: &ExprError) -> Problem {
    let problem = super::sql_syntax(value, found);
    match found.help {
        Some(_) => problem,
        None => problem.help("a cell is one DuckDB value: `'c-1'`, `10.5`, `NULL`, `'2026-01-31'::date`"),
    }
}

pub fn cell_column(name: &str, span: Span, value: &Expr) -> Problem {
    let problem =
        Problem::error("check::test_cell", format!("`{name}` would be a column, and a cell is a value")).at(span);
    let text = value.text.trim_matches('"');
    problem.help(format!("text stands in single quotes: `'{}'`", text.replace('\'', "''")))
}

pub fn given_arrow(span: Span) -> Problem {
    Problem::error("check::test_cell", "a `->` in a row that is given")
        .at(span)
        .help("`OLD -> NEW` stands in `expect changed`; a JSON arrow stands in parentheses")
}

pub fn expected_arrow(span: Span) -> Problem {
    Problem::error("check::test_cell", "an old value where there is none")
        .at(span)
        .help("`OLD -> NEW` is for fields in `expect changed`; a JSON arrow stands in parentheses")
}

pub fn expect_word(word: &Name) -> Problem {
    let counted = Counted::ALL.map(Counted::name);
    let (message, help) = if counted.contains(&word.value.as_str()) {
        let help = format!("written `expect {0} {{ ... }}` or `expect {0} 2`", word.value);
        (format!("`expect {}` does not say which rows, or how many", word.value), help)
    } else {
        let wrong = if word.value == "none" { "nothing" } else { word.value.as_str() };
        let known = counted.into_iter().chain(["nothing", "request", "error"]);
        (format!("`{}` is nothing that can be expected", word.value), super::meant_of_all(wrong, known))
    };
    Problem::error("check::test_entry", message).at(word.span).help(help)
}

pub fn nothing_beside(word: &Name, nothing: Span) -> Problem {
    Problem::error(
        "check::test_entry",
        format!("`expect {}` and `expect nothing` leave no room for one another", word.value),
    )
    .label(word.span, "rows to send")
    .label(nothing, "no row to send")
    .help("take one of the two out")
}

pub fn unknown_method(method: &Name) -> Problem {
    let problem = Problem::error("check::test_entry", format!("HTTP has no method `{}`", method.value)).at(method.span);
    problem.help(super::meant_of_all(&method.value, METHODS))
}

pub fn unknown_code(text: &TextLit) -> Problem {
    let problem = Problem::error("check::test_entry", format!("nothing that stops a run is called `{}`", text.value));
    problem.at(text.inner).help(super::meant_of_all(&text.value, STOPS))
}

pub fn expect_count(word: &Name) -> Problem {
    Problem::error("check::test_entry", format!("rows that are {} can only be counted", word.value))
        .at(word.span)
        .help(format!("written `expect {} 2`", word.value))
}

pub fn expect_number(number: &Spanned<String>) -> Problem {
    Problem::error("check::test_entry", format!("`{}` is no number of rows", number.value))
        .at(number.span)
        .help("written `expect unchanged 2`")
}

pub fn body_json(span: Span, cause: &str) -> Problem {
    let cause = cause.rsplit_once(" at line ").map_or(cause, |(cause, _)| cause);
    Problem::error("check::test_body", format!("the body is not JSON: {cause}"))
        .at(span)
        .help("the body of an expected request is JSON, as `sendoff plan` shows it")
}
