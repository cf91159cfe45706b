//! Tests of activations, and the tables of rows in them.

use pest::iterators::Pair;

use super::recover::Place;
use super::{Reader, Rule, child, children, error};
use crate::ir::ast::{Cell, Expect, Expected, Given, GivenInput, HeadCell, Table, TableRow, Test, TestEntry};

/// A line of a table.
enum Line {
    Head(Vec<HeadCell>),
    Row(TableRow),
}

impl<'t> Reader<'t> {
    pub(super) fn test(&mut self, pair: &Pair<'t, Rule>) -> Option<Test> {
        let (name, of) = self.two_names(pair)?;
        let block = child(pair, Rule::test_block)?;
        let entries = self.entries(Place::Test, &block, Self::test_entry);
        Some(Test { span: self.span(pair), name, of, entries })
    }

    fn test_entry(&mut self, pair: &Pair<'t, Rule>) -> Option<TestEntry> {
        let span = self.span(pair);
        Some(match pair.as_rule() {
            Rule::choice => TestEntry::Environment { span, name: self.name_in(pair)? },
            Rule::vars => TestEntry::Vars { span, block: self.block_in(pair)? },
            Rule::before => TestEntry::Before(self.given(pair)?),
            Rule::rows => TestEntry::Rows(self.given(pair)?),
            _ => TestEntry::Expect(self.expect(pair)?),
        })
    }

    fn given(&mut self, pair: &Pair<'t, Rule>) -> Option<Given> {
        let input = match child(pair, Rule::table) {
            Some(table) => GivenInput::Table(self.table(&table)),
            None if child(pair, Rule::file_word).is_some() => {
                GivenInput::File { path: self.text_in(pair)?, options: self.block_in(pair) }
            }
            None => GivenInput::Sql { text: self.text_in(pair)? },
        };
        Some(Given { span: self.span(pair), input })
    }

    fn expect(&mut self, pair: &Pair<'t, Rule>) -> Option<Expect> {
        let span = self.span(pair);
        let what = if let Some(request) = child(pair, Rule::request) {
            self.request(&request)?
        } else if let Some(failure) = child(pair, Rule::failure) {
            Expected::Error { text: self.text_in(&failure)? }
        } else {
            let word = self.name_in(pair)?;
            match (child(pair, Rule::table), child(pair, Rule::number)) {
                (Some(table), _) => Expected::Rows { word, table: self.table(&table) },
                (_, Some(number)) => Expected::Count { word, number: self.spanned(&number) },
                _ => Expected::Word(word),
            }
        };
        Some(Expect { span, what })
    }

    /// The path stands in plain quotes, so that what stands in three is the body; in plain ones, too, the body comes second.
    fn request(&mut self, pair: &Pair<'t, Rule>) -> Option<Expected> {
        let texts = pair.clone().into_inner().filter(|inner| matches!(inner.as_rule(), Rule::text | Rule::triple_text));
        let texts: Vec<_> = texts.collect();
        let mut texts = texts.iter().map(|text| self.text_lit(text));
        let (path, body) = (texts.next()?, texts.next());
        let exactly = child(pair, Rule::exactly_word).is_some();
        Some(Expected::Request { method: self.name_in(pair)?, path, exactly, body })
    }

    fn table(&mut self, pair: &Pair<'t, Rule>) -> Table {
        let (mut head, mut rows) = (Vec::new(), Vec::new());
        for line in self.entries(Place::Table, pair, Self::line) {
            match line {
                Line::Head(cells) => head = cells,
                Line::Row(row) => rows.push(row),
            }
        }
        self.without_commas(&head, &rows);
        Table { span: self.span(pair), head, rows }
    }

    /// Columns without commas between: what follows the first was read as its type, and every row has a cell too many.
    fn without_commas(&mut self, head: &[HeadCell], rows: &[TableRow]) {
        let names = |cell: &&HeadCell| cell.sql_type.as_ref().is_some_and(|sql_type| is_names(&sql_type.text));
        let odd: Vec<&HeadCell> = head.iter().filter(names).collect();
        let (Some(first), Some(row), Some(last)) = (odd.first(), rows.first(), rows.last()) else { return };
        if rows.iter().all(|row| row.cells.len() > head.len()) {
            let written = &self.text[first.span.start..first.span.end];
            self.problems.push(error::head_without_commas(first.span, written));
            self.torn.push(row.span.to(last.span));
        }
    }

    fn line(&mut self, pair: &Pair<'t, Rule>) -> Option<Line> {
        if pair.as_rule() == Rule::head {
            let cells = children(pair, Rule::head_cell).filter_map(|cell| self.head_cell(&cell));
            return Some(Line::Head(cells.collect()));
        }
        let cells = pair.clone().into_inner().filter(|inner| matches!(inner.as_rule(), Rule::cell | Rule::empty));
        let cells = cells.map(|cell| self.cell(&cell)).collect();
        Some(Line::Row(TableRow { span: self.span(pair), cells }))
    }

    fn head_cell(&mut self, pair: &Pair<'t, Rule>) -> Option<HeadCell> {
        let path = self.path(&child(pair, Rule::path)?);
        let sql_type = child(pair, Rule::sql_type).map(|sql_type| self.expr(&sql_type));
        let sql_type = sql_type.map(|sql_type| self.without_semicolon(sql_type)).filter(|own| !own.text.is_empty());
        Some(HeadCell { span: self.span(pair), path, sql_type })
    }

    fn cell(&mut self, pair: &Pair<'t, Rule>) -> Cell {
        let exprs: Vec<_> = children(pair, Rule::expr).map(|expr| self.expr(&expr)).collect();
        let exprs: Vec<_> = exprs.into_iter().map(|expr| self.without_semicolon(expr)).collect();
        let mut exprs = exprs.into_iter().rev();
        let (value, old) = (exprs.next(), exprs.next());
        Cell { span: self.span(pair), old, value }
    }
}

/// Whether the type of a column is bare words, and none that begins a type.
fn is_names(sql_type: &str) -> bool {
    const TYPES: [&str; 17] = [
        "text",
        "varchar",
        "string",
        "integer",
        "int",
        "bigint",
        "smallint",
        "double",
        "float",
        "real",
        "decimal",
        "numeric",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "boolean",
    ];
    let first = sql_type.split_whitespace().next().unwrap_or_default().to_lowercase();
    sql_type.chars().all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace()) && !TYPES.contains(&first.as_str())
}
