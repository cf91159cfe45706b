//! `before` and `rows`: tables of a test as queries.

use super::{Subject, named, same};
use crate::check::{error, file, settings};
use crate::diag::Problems;
use crate::ir::ast::{self, Expr, GivenInput, Table, TextLit};
use crate::ir::plan::Sql;
use crate::ir::span::Span;
use crate::ir::spec::{FileOption, Query};
use crate::ir::test::Given;
use crate::ir::vocabulary;
use crate::ir::written::Written;

/// A column of the tables.
struct Column {
    name: String,
    sql_type: Option<String>,
    /// Where the type is written, in one of the tables.
    typed_at: Option<Span>,
    /// Some cell of it holds a value.
    filled: bool,
}

impl Subject<'_> {
    /// `other`: the other table of the test, whose columns and types are these too.
    pub(super) fn given(
        &self,
        given: &ast::Given,
        other: Option<&ast::Given>,
        problems: &mut Problems,
    ) -> Option<Given> {
        let query = match &given.input {
            GivenInput::Table(table) => self.table(table, other.and_then(written), problems)?,
            GivenInput::Sql { text } => Query::Given { sql: text.into(), span: text.inner },
            GivenInput::File { path, options } => self.file(path, options.as_ref(), problems)?,
        };
        Some(Given { span: given.span, query })
    }

    fn file(&self, path: &TextLit, options: Option<&ast::Block>, problems: &mut Problems) -> Option<Query> {
        let written = options.map_or(&[][..], |block| &block.settings);
        let word =
            written.iter().find(|setting| setting.key.value == "format").and_then(|setting| match &setting.value {
                ast::Value::Text(text) => Some(text.value.as_str()),
                ast::Value::Word(word) => Some(word.value.as_str()),
                _ => None,
            });
        let format = file::format(path, word, problems);
        let place = settings::Place::options("the file", path.span);
        let declared = vocabulary::file_options(format);
        let filled = settings::fill(self.scope, &place, settings::Declared::plain(&declared), written, problems);
        let (named, options) = (file::named(options), file::options(&filled, path, problems));
        Some(Query::File { path: path.value.clone(), format: format?, options, span: path.span, named })
    }

    fn table(&self, table: &Table, other: Option<&Table>, problems: &mut Problems) -> Option<Query> {
        let before = problems.0.len();
        self.head(table, other.filter(|other| other.span.start < table.span.start), problems);
        super::expect::cells(self.scope, table, problems);
        for cell in table.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.old.is_some()) {
            problems.push(error::given_arrow(cell.span));
        }
        if problems.0.len() > before {
            return None;
        }
        let columns = self.columns(table, other);
        Some(Query::Given { sql: self.query(table, other, &columns), span: table.span })
    }

    /// `earlier`: the other table, where it stands before this one, and what is wrong with both has been told.
    fn head(&self, table: &Table, earlier: Option<&Table>, problems: &mut Problems) {
        if table.head.is_empty() && !table.rows.is_empty() {
            problems.push(error::no_head(table));
        }
        let read = self.read();
        for (at, cell) in table.head.iter().enumerate() {
            let (name, span) = named(cell);
            if table.head[..at].iter().any(|earlier| same(&named(earlier).0, &name)) {
                problems.push(error::test_column_twice(&name, span));
            } else if !read.iter().any(|known| same(known, &name))
                && earlier.is_none_or(|earlier| position(earlier, &name).is_none())
            {
                problems.push(match self.behind_a_dot(&name, table) {
                    Some((owner, place)) => error::given_behind_a_dot(&owner, &name, place, span),
                    None => error::unread_column(&name, span, self.activation.name.as_str(), &read),
                });
            }
        }
    }

    /// Where the activation reads `row.NAME`, and the table gives no `row`.
    fn behind_a_dot(&self, name: &str, table: &Table) -> Option<(String, Span)> {
        self.exprs().find_map(|expr| {
            let facts = self.scope.inputs.facts.of(expr)?;
            let mut parts = facts.parts.iter();
            let (owner, _, at) = parts.find(|(owner, part, _)| same(part, name) && position(table, owner).is_none())?;
            Some((owner.clone(), expr.span.part(*at, owner.len())))
        })
    }

    /// Conditions, identifiers and fields.
    fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let filters = self.model.filter.iter().chain(&self.activation.dataset.filters);
        let identifiers = self.activation.identify.iter().map(|one| &one.expr);
        filters.chain(identifiers).chain(self.activation.fields.iter().map(|field| &field.expr))
    }

    /// Columns that the activation reads, the key first.
    fn read(&self) -> Vec<String> {
        let mut read: Vec<String> = self.model.key.clone();
        for facts in self.exprs().filter_map(|expr| self.scope.inputs.facts.of(expr)) {
            for (name, _) in &facts.columns {
                if !read.iter().any(|known| same(known, name)) {
                    read.push(name.clone());
                }
            }
        }
        read
    }

    /// Those of this table, those of the other one, and those that neither names.
    fn columns(&self, table: &Table, other: Option<&Table>) -> Vec<Column> {
        let tables: Vec<&Table> = [Some(table), other].into_iter().flatten().collect();
        let mut names: Vec<String> = Vec::new();
        for name in tables.iter().flat_map(|table| &table.head).map(|cell| named(cell).0).chain(self.read()) {
            if !names.iter().any(|known| same(known, &name)) {
                names.push(name);
            }
        }
        let column = |name: String| Column {
            sql_type: typed(&tables, &name).map(|found| found.text.clone()).or_else(|| self.file_type(&name)),
            typed_at: typed(&tables, &name).map(|found| found.span),
            filled: tables.iter().any(|table| is_filled(table, &name)),
            name,
        };
        names.into_iter().map(column).collect()
    }

    /// The type that the model itself gives the column.
    fn file_type(&self, name: &str) -> Option<String> {
        let Query::File { options, .. } = &self.model.query else { return None };
        let types = options.iter().filter_map(|(_, option)| match option {
            FileOption::Types(types) => Some(types),
            _ => None,
        });
        types.flatten().find(|(column, _)| same(column, name)).map(|(_, sql_type)| sql_type.clone())
    }

    /// Both tables under one another, so that their types are the same, and of the other one no row.
    fn query(&self, table: &Table, other: Option<&Table>, columns: &[Column]) -> Written {
        let (filled, empty): (Vec<&Column>, Vec<&Column>) = columns.iter().partition(|column| column.filled);
        let nulls: String =
            empty.iter().map(|column| format!(", {} AS {}", self.null(column), Sql::name(&column.name))).collect();
        let mut sql = Written::from(format!("SELECT * EXCLUDE (\"(row)\"){nulls} FROM ("));
        lines(&mut sql, table, &filled);
        if let Some(other) = other.filter(|_| !filled.is_empty()) {
            sql.push(" UNION ALL (SELECT * FROM (");
            lines(&mut sql, other, &filled);
            sql.push(") LIMIT 0)");
        }
        sql.push(")");
        sql
    }

    /// A column without any value. As it stands it is text, which becomes whatever a field wants; inside an expression it has
    /// no type, and fits every function.
    fn null(&self, column: &Column) -> String {
        let alone = |expr: &Expr| same(expr.text.trim_matches('"'), &column.name);
        let mut exprs = self.activation.fields.iter().map(|field| &field.expr);
        match &column.sql_type {
            Some(sql_type) => format!("CAST(NULL AS {sql_type})"),
            None if exprs.any(alone) => "CAST(NULL AS VARCHAR)".into(),
            None => "NULL".into(),
        }
    }
}

fn written(given: &ast::Given) -> Option<&Table> {
    match &given.input {
        GivenInput::Table(table) => Some(table),
        GivenInput::File { .. } | GivenInput::Sql { .. } => None,
    }
}

fn position(table: &Table, name: &str) -> Option<usize> {
    table.head.iter().position(|cell| same(&named(cell).0, name))
}

/// The type that one of the tables gives the column.
fn typed<'a>(tables: &[&'a Table], name: &str) -> Option<&'a Expr> {
    tables.iter().find_map(|table| table.head[position(table, name)?].sql_type.as_ref())
}

fn is_filled(table: &Table, name: &str) -> bool {
    let Some(at) = position(table, name) else { return false };
    let mut cells = table.rows.iter().filter_map(|row| row.cells.get(at)?.value.as_ref());
    cells.any(|value| !is_null(value))
}

fn is_null(value: &Expr) -> bool {
    value.text.eq_ignore_ascii_case("null")
}

/// The rows of a table in these columns, behind one that is left out again: it makes DuckDB take the type of what is no text,
/// and say which text does not fit.
fn lines(sql: &mut Written, table: &Table, columns: &[&Column]) {
    sql.push("SELECT * FROM (VALUES (0");
    columns.iter().for_each(|column| cell(sql, plain(table, &column.name), column));
    for (number, row) in table.rows.iter().enumerate() {
        sql.push(&format!("), ({}", number + 1));
        let value = |column: &Column| row.cells.get(position(table, &column.name)?)?.value.as_ref();
        columns.iter().for_each(|column| cell(sql, value(column), column));
    }
    let names: String = columns.iter().map(|column| format!(", {}", Sql::name(&column.name))).collect();
    sql.push(&format!(")) AS given(\"(row)\"{names}) WHERE \"(row)\" > 0"));
}

/// The first value of a column that is no text.
fn plain<'a>(table: &'a Table, name: &str) -> Option<&'a Expr> {
    let at = position(table, name)?;
    let text = |value: &Expr| value.text.starts_with('\'') && value.text.ends_with('\'') || is_null(value);
    table.rows.iter().filter_map(|row| row.cells.get(at)?.value.as_ref()).find(|value| !text(value))
}

fn cell(sql: &mut Written, value: Option<&Expr>, column: &Column) {
    sql.push(", ");
    if let (Some(value), Some(_)) = (value, &column.sql_type) {
        // What the cast has to say is of the value.
        sql.part("CAST(", value.span, true);
    } else if column.sql_type.is_some() {
        sql.push("CAST(");
    }
    match value {
        Some(value) => sql.expr(value),
        None => sql.push("NULL"),
    }
    if let Some(sql_type) = &column.sql_type {
        sql.push(" AS ");
        match column.typed_at {
            Some(span) => sql.part(sql_type, span, false),
            None => sql.push(sql_type),
        }
        sql.push(")");
    }
}
