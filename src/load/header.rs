//! The first line of a CSV file, where it names a column twice: DuckDB takes names that differ only in case for one, and
//! calls the second `ID_1` without a word.

use std::collections::BTreeSet;

use super::{Loader, Refused};
use crate::ir::facts::ColumnFacts;
use crate::ir::plan::Sql;
use crate::ir::spec::{FileFormat, FileOption, Model, Query};
use crate::ir::value::Value;
use crate::ir::written::Written;
use crate::store::{StoreError, StoreErrorKind};

/// A name that is used and that several columns could be meant by: the name, and the columns as the file has them.
pub type Doubled = (String, Vec<String>);

/// Options that say what the columns are, which the first line is not to be read by.
const OF_COLUMNS: [&str; 5] = ["header", "types", "columns", "all_varchar", "dateformat"];

impl Loader<'_> {
    pub(super) fn doubled(
        &self,
        model: &Model,
        there: &[ColumnFacts],
        needed: &BTreeSet<String>,
    ) -> Result<Option<Doubled>, StoreError> {
        let Query::File { path, format: FileFormat::Csv, options, .. } = &model.query else { return Ok(None) };
        if options.iter().any(|(name, value)| name == "header" && *value == FileOption::Bool(false)) {
            return Ok(None);
        }
        let names: Vec<String> = there.iter().map(|column| column.name.clone()).collect();
        if !names.iter().any(|name| looks_renamed(name, &names)) {
            return Ok(None);
        }
        let mut bare: Vec<_> =
            options.iter().filter(|(name, _)| !OF_COLUMNS.contains(&name.as_str())).cloned().collect();
        bare.push(("header".into(), FileOption::Bool(false)));
        bare.push(("all_varchar".into(), FileOption::Bool(true)));
        let written = self
            .store
            .row(&format!("SELECT * FROM {} LIMIT 1", super::file(self.root, path, FileFormat::Csv, &bare)))?;
        let written: Vec<String> = written.into_iter().filter_map(text).collect();
        Ok(needed.iter().chain(&model.key).find_map(|name| ambiguous(name, &written)))
    }
}

/// What parts the cells of a line, most often.
const DELIMITERS: [char; 4] = [';', ',', '\t', '|'];

impl Loader<'_> {
    /// The delimiter that the first line seems to have, where all of it is taken for the name of one column, and the model is keyed
    /// by another.
    pub(super) fn misparted(&self, model: &Model) -> Option<char> {
        let Query::File { path, format: FileFormat::Csv, options, .. } = &model.query else { return None };
        let bare: Vec<_> = options.iter().filter(|(name, _)| !OF_COLUMNS.contains(&name.as_str())).cloned().collect();
        let query = format!("SELECT * FROM {}", super::file(self.root, path, FileFormat::Csv, &bare));
        let columns = self.store.describe(&query).ok()?;
        let [whole] = columns.as_slice() else { return None };
        let parts = |delimiter: &char| {
            let mut names = whole.name.split(*delimiter).map(|name| name.trim_matches([' ', '"']));
            names.any(|name| model.key.iter().any(|key| key.eq_ignore_ascii_case(name)))
                && whole.name.contains(*delimiter)
        };
        DELIMITERS.into_iter().find(parts)
    }
}

fn text(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

/// `ID_1` beside `id`.
fn looks_renamed(name: &str, names: &[String]) -> bool {
    let Some((stem, number)) = name.rsplit_once('_') else { return false };
    number.chars().all(|c| c.is_ascii_digit()) && names.iter().any(|other| other.eq_ignore_ascii_case(stem))
}

/// The first column of that name is the one that is read: right where it alone is written just so.
fn ambiguous(name: &str, written: &[String]) -> Option<Doubled> {
    let same: Vec<String> = written.iter().filter(|other| other.eq_ignore_ascii_case(name)).cloned().collect();
    let alone = same.iter().filter(|other| *other == name).count() == 1;
    let right = same.len() < 2 || (alone && same.first().is_some_and(|first| first == name));
    if right { None } else { Some((name.to_string(), same)) }
}

/// Whether DuckDB reads the text as one query. Only what its parser refuses counts: some statements it reads cannot be told
/// apart further.
pub fn one_query(loader: &Loader<'_>, query: &Written) -> Result<(), Refused> {
    let text = query.text();
    let row = loader.store.row(&format!(
        "SELECT json_extract_string(said, '$.error_type'), json_extract_string(said, '$.error_message'), \
         json_extract_string(said, '$.position') FROM (SELECT json_serialize_sql({}) AS said)",
        Sql::text(text)
    ))?;
    match row.as_slice() {
        [Value::Text(kind), Value::Text(message), position] if kind == "parser" => {
            // It counts characters.
            let at = self::text(position.clone()).and_then(|position| position.parse().ok());
            let offset = at.and_then(|at: usize| text.char_indices().nth(at)).map(|(offset, _)| offset);
            let offset = if message.contains("end of input") { Some(last_word(text)) } else { offset };
            Err(Refused::by(StoreError { kind: StoreErrorKind::Syntax, message: message.clone(), offset }, query))
        }
        _ => Ok(()),
    }
}

/// Where a query ends, nothing can be pointed at but what stands before.
fn last_word(text: &str) -> usize {
    let text = text.trim_end();
    text.rfind(char::is_whitespace).map_or(0, |at| at + 1)
}
