//! Sources that cannot be had, and queries they refuse.

use super::{Loader, Refused};
use crate::diag::{Problem, list, nearest};
use crate::ir::secret::MASK;
use crate::ir::span::Span;
use crate::ir::spec::{Model, Query, Source};
use crate::store::{StoreError, StoreErrorKind, candidates, plain, short_of_arguments};

/// Problems of this code mean that something outside was not there: exit code 5, not 1.
pub const UNREACHABLE: &str = "load::unreachable";

pub fn no_file(source: &Source, path: &str) -> Problem {
    Problem::error(UNREACHABLE, format!("the source `{}` names `{path}`, and there is no such file", source.name))
        .at(source.span)
        .help("paths are relative to the project's folder")
}

/// A file of rows, by its name.
pub fn no_database(source: &Source, path: &str) -> Problem {
    let message = format!("the file of source `{}` is not a database of its kind", source.name);
    Problem::error(UNREACHABLE, message)
        .at(source.span)
        .help(format!("files need no source: write `from file \"{path}\"` in the model"))
}

pub fn no_extension(source: &Source, extension: &str, error: &StoreError) -> Problem {
    let package = extension.replace('_', "-");
    Problem::error("load::extension", format!("the source `{}` needs DuckDB's extension `{extension}`", source.name))
        .because(
            source.span,
            if error.message.contains("not found") { String::new() } else { first_words(&error.message) },
        )
        .help(format!(
            "either `project {{ autoinstall = true }}`, which fetches it from DuckDB's repository, or the file \
             `{extension}.duckdb_extension` in the folder that `project {{ extension_directory = \"...\" }}` or \
             SENDOFF_EXTENSIONS names (the Python package `duckdb-extension-{package}` holds it)"
        ))
}

pub fn attaching(loader: &Loader<'_>, source: &Source, error: StoreError) -> Problem {
    let said = loader.redactor.scrub(&error.message);
    let said = without_parameters(&said);
    let lower = said.to_lowercase();
    if matches!(error.kind, StoreErrorKind::OutOfMemory) {
        return Problem::error(
            "load::memory",
            format!("DuckDB may use too little memory for the source `{}`", source.name),
        )
        .because(source.span, first_words(said))
        .help("raise `--memory-limit`");
    }
    let (message, help) = if REFUSALS.iter().any(|words| lower.contains(words)) {
        (format!("the source `{}` refused the login", source.name), "check the user and the password in its url")
    } else if matches!(error.kind, StoreErrorKind::Locked { .. }) {
        (
            format!("the file of source `{}` is in use by another process", source.name),
            "let that process close it first",
        )
    } else if matches!(error.kind, StoreErrorKind::Damaged) {
        (format!("the file of source `{}` is not a database of its kind", source.name), "check the path and the kind")
    } else {
        (format!("the source `{}` cannot be reached", source.name), "check that it runs and that the address is right")
    };
    Problem::error(UNREACHABLE, message).because(source.span, first_words(said)).help(help)
}

/// How servers say that a login is not good enough.
const REFUSALS: [&str; 4] = ["authentication", "no password supplied", "access denied", "role \""];

/// The MySQL scanner repeats the whole connection before it says what went wrong.
fn without_parameters(said: &str) -> &str {
    said.split_once("with parameters ").and_then(|(_, rest)| rest.rsplit_once("\": ")).map_or(said, |(_, cause)| cause)
}

pub fn missing_file(model: &Model) -> Problem {
    let message = format!("`{}` reads a file that is not there", model.name);
    Problem::error(UNREACHABLE, message).at(place(model)).help("paths are relative to the project's folder")
}

pub fn same_columns(model: &Model, column: &str, written: &[String]) -> Problem {
    let written: Vec<String> = written.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("`{column}` could be any of the columns {} of `{}`", written.join(" and "), model.name);
    Problem::error("load::same_columns", message)
        .at(place(model))
        .help("names that differ only in case are one name here: rename one of them in the file")
}

pub fn reading(loader: &Loader<'_>, model: &Model, refused: &Refused) -> Problem {
    let error = &refused.error;
    let said = loader.redactor.scrub(&error.message);
    let at = pointed(model, refused, &said);
    let name = &model.name;
    let problem = match error.kind {
        _ if no_files(loader, model, &said) => return missing_file(model),
        _ if said.contains("do not exist in the CSV File") => return untyped(model, at, &said),
        StoreErrorKind::MissingTable => {
            Problem::error("load::missing_table", format!("`{name}` reads a table that is not there"))
                .help("check the name, its schema, and what the login may see")
        }
        StoreErrorKind::MissingColumn => {
            Problem::error("load::missing_column", format!("`{name}` names a column that is not there"))
        }
        StoreErrorKind::Syntax => Problem::error("load::syntax", format!("the query of `{name}` is no valid SQL"))
            .help("the source runs it as it is written, in its own SQL, once `{{ ... }}` is filled in"),
        StoreErrorKind::Connection => Problem::error(UNREACHABLE, format!("the source of `{name}` cannot be reached")),
        StoreErrorKind::Permission => Problem::error("load::permission", format!("`{name}` reads what it may not"))
            .help("a query reads its own source, and files that some model names"),
        StoreErrorKind::OutOfMemory => {
            Problem::error("load::memory", format!("`{name}` does not fit into the memory DuckDB may use"))
                .help("raise `--memory-limit`, or select fewer columns")
        }
        _ if matches!(model.query, Query::Given { .. }) => {
            Problem::error("load::failed", format!("the rows of the test cannot stand in for those of `{name}`"))
        }
        _ => Problem::error("load::failed", format!("`{name}` cannot be read")),
    };
    let (told, candidates) = candidates(&said);
    let plain = plain(told);
    let cause = plain.as_ref().map_or_else(|| first_words(told), |plain| plain.what.clone());
    let cause = refused.literal.iter().fold(cause, |cause, literal| unmasked(&cause, literal));
    let problem = problem.because(at, cause);
    let problem = plain.and_then(|plain| plain.help).into_iter().fold(problem, Problem::help);
    let same = |name: &str| candidates.iter().copied().find(|one| one.rsplit('.').next() == Some(name));
    match named(&said).and_then(|name| same(name).or_else(|| nearest(name, candidates.iter().copied()))) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => match named(&said).filter(|name| refused.literal == Some(format!("\"{name}\""))) {
            Some(name) => problem.help(format!("`\"{name}\"` is a column; text stands in single quotes: `'{name}'`")),
            None => problem,
        },
    }
}

/// A text of the file itself is no row's, and may be told.
fn unmasked(cause: &str, literal: &str) -> String {
    match literal.starts_with('\'') {
        true => {
            cause.replace("this text", &format!("`{literal}`")).replace(&format!("'{MASK}'"), &format!("`{literal}`"))
        }
        false => cause.to_string(),
    }
}

/// A line that is one name, and several by another delimiter.
pub fn delimiter(model: &Model, meant: char) -> Problem {
    let option = match &model.query {
        Query::File { named, .. } => named.iter().find(|one| one.value == "delimiter").map(|one| one.span),
        _ => None,
    };
    let written = if meant == '\t' { "\\t".to_string() } else { meant.to_string() };
    let message = format!("the file of `{}` has one column, and its first line several names", model.name);
    Problem::error("load::delimiter", message)
        .at(option.unwrap_or_else(|| place(model)))
        .help(format!("they seem to be parted by `{{ delimiter = \"{written}\" }}`"))
}

/// Types are given to columns that a file has not.
fn untyped(model: &Model, at: Span, said: &str) -> Problem {
    let names: Vec<&str> = said.split('"').skip(1).step_by(2).collect();
    let what = match names.as_slice() {
        [name] => format!("the column `{name}`, which its file does not name"),
        names => format!("the columns {}, which its file does not name", list(names)),
    };
    Problem::error("load::types", format!("`{}` gives a type to {what}", model.name))
        .at(at)
        .help("check the names; `header = true` says that the first line holds them, where that is not plain")
}

/// Where it is wrong: DuckDB says so, or names what it is about.
fn pointed(model: &Model, refused: &Refused, said: &str) -> Span {
    let name = named(said).map(|name| name.rsplit('.').next().unwrap_or(name));
    let found = match &model.query {
        Query::File { named: known, .. } => {
            let known = known.iter().find(|one| Some(one.value.as_str()) == name);
            known.map(|one| one.span).or(refused.place)
        }
        Query::Sql { text, .. } | Query::Given { sql: text, .. } => {
            let near = |at: Span| name.and_then(|name| text.name_within(name, at)).unwrap_or(at);
            let named = || name.and_then(|name| text.name(name, 0..text.text().len()));
            refused.place.map(near).or_else(named).or_else(|| text.name(unplaced(said)?, 0..text.text().len()))
        }
        Query::Table { .. } => refused.place,
    };
    // What the rows of a test lack is not wrong where the model reads it.
    let in_filter = |found: &Span| model.filter.as_ref().is_some_and(|filter| filter.span.contains(*found));
    let found = found.filter(|found| !(matches!(model.query, Query::Given { .. }) && in_filter(found)));
    found.unwrap_or_else(|| place(model))
}

/// What a message is about that DuckDB tells no place of.
fn unplaced(said: &str) -> Option<&str> {
    short_of_arguments(said).or(said.contains("but none were supplied").then_some("$"))
}

/// The first name that a message quotes, or that it calls by its kind.
fn named(said: &str) -> Option<&str> {
    // Of a table's column the table is named first.
    let quoted = said.split('"').nth(if said.contains("\" does not have a column named \"") { 3 } else { 1 });
    let kind =
        ["Schema with name ", "Table with name ", "Type with name "].iter().find_map(|kind| said.split_once(kind));
    let unquoted = said.split_once("column ").filter(|(_, rest)| rest.contains("must appear in the GROUP BY"));
    let kind = kind.or(unquoted);
    let by_kind = kind.and_then(|(_, rest)| rest.split_whitespace().next());
    by_kind.map(|name| name.trim_matches('"')).or(quoted).filter(|name| !name.is_empty())
}

/// Behind locked doors DuckDB takes a missing file for a forbidden one.
fn no_files(loader: &Loader<'_>, model: &Model, said: &str) -> bool {
    let Query::File { path, .. } = &model.query else { return false };
    let plain = path.find(['*', '?', '[']).is_none();
    said.contains("No files found") || plain && !path.contains("://") && !loader.root.join(path).exists()
}

fn place(model: &Model) -> Span {
    match &model.query {
        Query::Table { span, .. } | Query::File { span, .. } | Query::Sql { span, .. } | Query::Given { span, .. } => {
            *span
        }
    }
}

/// The most that is told of a driver's message.
const WORDS: usize = 240;

/// Enough of a driver's message to be told, up to its advice.
fn first_words(message: &str) -> String {
    let text = message.split_once("Error: ").map_or(message, |(_, rest)| rest);
    let advice = [" Possible ", " The search space", " Column ", " * "].iter().filter_map(|mark| text.find(mark)).min();
    let text = &text[..advice.unwrap_or(text.len())];
    let kept: String = text.chars().take(WORDS).collect();
    match kept.len() < text.len() {
        true => format!("{} ...", kept.rsplit_once(' ').map_or(kept.as_str(), |(kept, _)| kept)),
        false => kept.trim_end_matches('.').to_string(),
    }
}
