//! What a thing of a pipeline is, in a few lines of Markdown: for an editor's hover and beside its completions.

use crate::diag::{count, list};
use crate::ir::assist::Subject;
use crate::ir::ast::{From, Input, Item, ModelEntry};
use crate::ir::catalog::{Custom, CustomType, Destination, Service};
use crate::ir::facts::ColumnFacts;
use crate::ir::spec::Metric;

use super::destination::{rules, service};

/// Columns that are shown one by one.
const COLUMNS_MAX: usize = 30;

pub fn markdown(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Word(word) => told(&format!("`{}`", word.word), "", word.about),
        Subject::Kind(known) => told(&format!("`{}`: {}", known.kind, known.title), "", &known.about),
        Subject::Service(kind, known) => of_service(kind, known),
        Subject::Mode(mode, known) => told(&format!("mode `{}`", mode.name()), "", service::does(*mode, *known)),
        Subject::Setting(known) => told(&format!("`{}`", known.name), &rules::setting(known), &known.about),
        Subject::Field(owner, known) => row(rules::field(known), "field", owner),
        Subject::Identifier(owner, known) => row(rules::identifier(known), "identifier", owner),
        Subject::Custom(owner, known) => of_custom(owner, known),
        Subject::CustomType(known) => of_type(known),
        Subject::Metric(metric) => told(&format!("`{}`", metric.name()), "", measured(*metric)),
        Subject::Item(item, columns) => of_item(item, *columns),
        Subject::Column(column) => told(&format!("column `{}`", column.name), &column.sql_type.to_lowercase(), ""),
    }
}

/// A line that names it, one of rules, and what it is.
fn told(title: &str, rules: &str, about: &str) -> String {
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = [title, rules, about.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Name, form and words, as the documentation's tables have them.
fn row(cells: Vec<String>, what: &str, owner: &Service) -> String {
    let mut cells = cells.into_iter();
    let (name, form) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
    told(&format!("{what} {name} of {}", owner.title), &form, &cells.next().unwrap_or_default())
}

fn of_service(kind: &Destination, known: &Service) -> String {
    let mut text = told(&format!("`{}.{}`: {}", kind.kind, known.name, known.title), "", &known.about);
    text += &format!("\n\nmodes: {}", service::modes(known));
    let identifiers: Vec<&str> = known.identifiers.iter().map(|one| one.name.as_str()).collect();
    text += &format!("\n\nidentifiers: {}", identifiers.join(", ").replace('*', "any"));
    known.not_for.iter().for_each(|other| text += &format!("\n- {}", told("", "", other)));
    text
}

fn of_custom(owner: &Service, known: &Custom) -> String {
    let types: Vec<&str> = known.types.iter().map(|kind| kind.word.as_str()).collect();
    let mut rules = format!("names: {}", rules::names(known).trim_end_matches('.'));
    if !types.is_empty() {
        rules += &format!("; types: {}", types.join(", "));
    }
    told(&format!("custom attribute of {}", owner.title), &rules, service::created(known))
}

fn of_type(known: &CustomType) -> String {
    let families: Vec<&str> = known.families.iter().map(|family| family.name()).collect();
    let of = if known.ask { String::new() } else { format!("for columns of {}", families.join(", ")) };
    told(&format!("type `{}`", known.word), &rules::placement(&known.placement).join(", "), &of)
}

fn measured(metric: Metric) -> &'static str {
    match metric {
        Metric::Rows => "rows of the source; a percentage is of the rows of the last run",
        Metric::Duplicates => {
            "rows beyond the first that share a key or an identifier; a percentage is of the source's rows"
        }
        Metric::Added => "new rows; a percentage is of the ledger's entries before the run",
        Metric::Changed => "changed rows; a percentage is of the ledger's entries before the run",
        Metric::Removed => "rows that are gone; a percentage is of the ledger's entries before the run",
        Metric::Remapped => "rows changed by another mapping; a percentage is of the ledger's entries before the run",
        Metric::Rejected => "rows that the destination refused; a percentage is of the rows offered",
        Metric::Failed => "rows that could not be delivered; a percentage is of the rows offered",
        Metric::Absent => "rows that the destination does not know; a percentage is of the rows offered",
    }
}

fn of_item(item: &Item, columns: Option<&[ColumnFacts]>) -> String {
    let text = match item {
        Item::Project(_) => "`project`".to_string(),
        Item::Environment(item) => format!("environment `{}`", item.name.value),
        Item::Source(item) => format!("source `{}` = `{}`", item.name.value, item.kind.value),
        Item::Destination(item) => format!("destination `{}` = `{}`", item.name.value, item.kind.value),
        Item::Segment(item) => {
            let filter = item.filter.as_ref().map(|filter| format!(" where `{}`", one_line(&filter.text)));
            format!("segment `{}` of `{}`{}", item.name.value, item.of.value, filter.unwrap_or_default())
        }
        Item::Model(item) => {
            let mut text = format!("model `{}`", item.name.value);
            for entry in &item.entries {
                text += &match entry {
                    ModelEntry::From(from) => format!(" from {}", input(from)),
                    ModelEntry::Key(key) => {
                        let names: Vec<&str> = key.columns.iter().map(|column| column.name.as_str()).collect();
                        format!(", key {}", list(&names))
                    }
                };
            }
            text
        }
        Item::Activation(item) => format!("activation `{}`", item.name.value),
        Item::Test(item) => format!("test `{}` of `{}`", item.name.value, item.of.value),
    };
    match columns {
        Some(columns) => format!("{text}\n\n{}", table(columns)),
        None => text,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn input(from: &From) -> String {
    match &from.input {
        Input::Named(name) => format!("`{}`", name.value),
        Input::Table { source, table } => {
            let parts: Vec<&str> = table.parts.iter().map(|part| part.name.as_str()).collect();
            format!("`{} table {}`", source.value, parts.join("."))
        }
        Input::Sql { source, .. } => format!("a query of `{}`", source.value),
        Input::SqlFile { source, path } => format!("`{} sql file \"{}\"`", source.value, path.value),
        Input::File { path } => format!("`file \"{}\"`", path.value),
    }
}

fn table(columns: &[ColumnFacts]) -> String {
    let rows = columns.iter().take(COLUMNS_MAX).map(|column| {
        format!("| {} | {} |", column.name.replace('|', "\\|"), column.sql_type.to_lowercase().replace('|', "\\|"))
    });
    let more = columns.len().saturating_sub(COLUMNS_MAX);
    let more = if more > 0 { format!("\n\nand {}", count(more as u64, "more column")) } else { String::new() };
    format!("| column | type |\n| --- | --- |\n{}{more}", rows.collect::<Vec<_>>().join("\n"))
}
