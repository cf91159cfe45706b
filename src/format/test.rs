//! Tests as entries to lay out; the columns of their tables stand below one another.

use super::entry::{Body, Entry, Written, leaf};
use crate::ir::ast::{Cell, Expect, Expected, Given, GivenInput, HeadCell, Table, Test, TestEntry};
use crate::ir::span::Span;

/// The widest cell that those below it are moved for, in characters.
const WIDEST_ALIGNED: usize = 40;

impl Written<'_> {
    pub(super) fn test(self, test: &Test) -> Entry {
        let entries = test.entries.iter().map(|entry| self.test_entry(entry)).collect();
        self.braced(test.span, format!("test {} of {}", test.name.value, test.of.value), entries)
    }

    fn test_entry(self, entry: &TestEntry) -> Entry {
        match entry {
            TestEntry::Environment { span, name } => leaf(*span, format!("environment {}", name.value)),
            TestEntry::Vars { span, block } => self.with_block(*span, "vars".into(), Some(block)),
            TestEntry::Before(given) => self.given("before", given),
            TestEntry::Rows(given) => self.given("rows", given),
            TestEntry::Expect(expect) => self.expect(expect),
        }
    }

    fn given(self, word: &str, given: &Given) -> Entry {
        match &given.input {
            GivenInput::File { path, options } => {
                self.with_block(given.span, format!("{word} file {}", self.copy(path.span)), options.as_ref())
            }
            GivenInput::Sql { text } => leaf(given.span, format!("{word} sql {}", self.copy(text.span))),
            GivenInput::Table(table) => self.with_table(given.span, word.into(), table),
        }
    }

    fn expect(self, expect: &Expect) -> Entry {
        let span = expect.span;
        match &expect.what {
            Expected::Rows { word, table } => self.with_table(span, format!("expect {}", word.value), table),
            Expected::Count { word, number } => leaf(span, format!("expect {} {}", word.value, number.value)),
            Expected::Word(word) => leaf(span, format!("expect {}", word.value)),
            Expected::Error { text } => leaf(span, format!("expect error {}", self.copy(text.span))),
            Expected::Request { method, path, exactly, body } => {
                let exactly = if *exactly { " exactly" } else { "" };
                let body = body.as_ref().map(|body| format!(" {}", self.copy(body.span))).unwrap_or_default();
                leaf(span, format!("expect request {} {}{exactly}{body}", method.value, self.copy(path.span)))
            }
        }
    }

    fn with_table(self, span: Span, head: String, table: &Table) -> Entry {
        let body = Body { list: false, span: table.span, entries: self.lines(table) };
        Entry { body: Some(body), ..leaf(span, head) }
    }

    fn lines(self, table: &Table) -> Vec<Entry> {
        let heads: Vec<String> = table.head.iter().map(|cell| self.head_cell(cell)).collect();
        let first = table.head.first().zip(table.head.last()).map(|(first, last)| first.span.to(last.span));
        let mut lines: Vec<(Span, Vec<String>)> = first.map(|span| (span, heads)).into_iter().collect();
        lines.extend(table.rows.iter().map(|row| (row.span, row.cells.iter().map(|cell| self.cell(cell)).collect())));
        let widths = widths(&lines);
        lines.iter().map(|(span, cells)| leaf(*span, line(cells, &widths))).collect()
    }

    fn head_cell(self, cell: &HeadCell) -> String {
        let sql_type = cell.sql_type.as_ref().map(|sql_type| format!(" {}", self.copy(sql_type.span)));
        format!("{}{}", self.copy(cell.path.span), sql_type.unwrap_or_default())
    }

    fn cell(self, cell: &Cell) -> String {
        let value = cell.value.as_ref().map_or("", |value| self.copy(value.span));
        match &cell.old {
            Some(old) => format!("{} -> {value}", self.copy(old.span)),
            None => value.to_string(),
        }
    }
}

/// Of each column, the width that its cells are brought to.
fn widths(lines: &[(Span, Vec<String>)]) -> Vec<usize> {
    let columns = lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default();
    let of = |at: usize| lines.iter().filter_map(move |(_, cells)| cells.get(at)).filter_map(|cell| width(cell));
    (0..columns).map(|at| of(at).filter(|width| *width <= WIDEST_ALIGNED).max().unwrap_or_default()).collect()
}

/// None of a cell of several lines: what follows stands on its last one, which begins wherever its text does.
fn width(cell: &str) -> Option<usize> {
    (!cell.contains('\n')).then(|| cell.chars().count())
}

/// A comma stands right behind its cell, but for an empty one at the beginning of a line or after another: there the place it
/// takes is left free.
fn line(cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        out.push_str(cell);
        if at + 1 < cells.len() {
            let of_column = widths.get(at).copied().unwrap_or_default();
            let room = width(cell).map_or(0, |width| of_column.saturating_sub(width));
            out.push(',');
            out.push_str(&" ".repeat(room + 1));
        }
    }
    out.trim_end().to_string()
}
