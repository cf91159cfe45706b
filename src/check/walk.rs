//! What the files mention, for those who fetch it before the check: expressions, query files, the manifest.

use crate::ir::ast::{
    Activation, ActivationEntry, Block, Expected, Expr, File, From, GivenInput, Input, Item, Mapping, Model,
    ModelEntry, Setting, Table, Test, TestEntry, Value,
};
use crate::ir::span::Span;

/// Every expression of the files: conditions, the left sides of mappings, the cells of tests.
pub fn expressions(files: &[File]) -> Vec<&Expr> {
    files.iter().flat_map(|file| &file.items).flat_map(item_expressions).collect()
}

fn item_expressions(item: &Item) -> Vec<&Expr> {
    match item {
        Item::Model(model) => model_from(model).into_iter().filter_map(|from| from.filter.as_ref()).collect(),
        Item::Segment(segment) => segment.filter.iter().collect(),
        Item::Activation(activation) => activation.entries.iter().flat_map(entry_expressions).collect(),
        Item::Test(test) => cells(test),
        Item::Project(_) | Item::Environment(_) | Item::Source(_) | Item::Destination(_) => Vec::new(),
    }
}

fn cells(test: &Test) -> Vec<&Expr> {
    let rows = tables(test).into_iter().flat_map(|table| &table.rows);
    rows.flat_map(|row| &row.cells).flat_map(|cell| cell.old.iter().chain(&cell.value)).collect()
}

fn tables(test: &Test) -> Vec<&Table> {
    fn table(entry: &TestEntry) -> Option<&Table> {
        match entry {
            TestEntry::Before(given) | TestEntry::Rows(given) => match &given.input {
                GivenInput::Table(table) => Some(table),
                GivenInput::File { .. } | GivenInput::Sql { .. } => None,
            },
            TestEntry::Expect(expect) => match &expect.what {
                Expected::Rows { table, .. } => Some(table),
                _ => None,
            },
            TestEntry::Environment { .. } | TestEntry::Vars { .. } => None,
        }
    }
    test.entries.iter().filter_map(table).collect()
}

fn entry_expressions(entry: &ActivationEntry) -> Vec<&Expr> {
    match entry {
        ActivationEntry::From(from) => from.filter.iter().collect(),
        ActivationEntry::Identify(identify) => identify.mappings.iter().map(|mapping| &mapping.expr).collect(),
        ActivationEntry::Map(block) | ActivationEntry::Custom(block) => {
            block.mappings.iter().map(|mapping| &mapping.expr).collect()
        }
        ActivationEntry::Key(_)
        | ActivationEntry::To(_)
        | ActivationEntry::Mode(_)
        | ActivationEntry::After(_)
        | ActivationEntry::Guard(_) => Vec::new(),
    }
}

/// The files that `sql file "..."` names, and where each is named.
pub fn query_paths(files: &[File]) -> Vec<(String, Span)> {
    let froms = files.iter().flat_map(|file| &file.items).flat_map(item_froms);
    froms
        .filter_map(|from| match &from.input {
            Input::SqlFile { path, .. } => Some((path.value.clone(), path.span)),
            Input::Named(_) | Input::Table { .. } | Input::Sql { .. } | Input::File { .. } => None,
        })
        .collect()
}

/// The path after `dbt_manifest`, where the project names one.
pub fn manifest_path(files: &[File], env: &dyn Fn(&str) -> Option<String>) -> Option<(String, Span)> {
    let setting = files.iter().flat_map(|file| &file.items).find_map(|item| match item {
        Item::Project(project) => project.settings.iter().find(|setting| setting.key.value == "dbt_manifest"),
        _ => None,
    })?;
    let path = match &setting.value {
        Value::Text(text) => text.value.clone(),
        Value::Env { name, default, .. } => {
            env(&name.value).filter(|text| !text.is_empty()).or_else(|| Some(default.as_ref()?.value.clone()))?
        }
        _ => return None,
    };
    Some((path, setting.value.span()))
}

fn item_froms(item: &Item) -> Vec<&From> {
    match item {
        Item::Model(model) => model_from(model),
        Item::Activation(activation) => activation_from(activation),
        Item::Project(_)
        | Item::Environment(_)
        | Item::Source(_)
        | Item::Destination(_)
        | Item::Segment(_)
        | Item::Test(_) => Vec::new(),
    }
}

fn model_from(model: &Model) -> Vec<&From> {
    let entries = model.entries.iter();
    entries
        .filter_map(|entry| match entry {
            ModelEntry::From(from) => Some(from),
            ModelEntry::Key(_) => None,
        })
        .collect()
}

fn activation_from(activation: &Activation) -> Vec<&From> {
    let entries = activation.entries.iter();
    entries
        .filter_map(|entry| match entry {
            ActivationEntry::From(from) => Some(from),
            _ => None,
        })
        .collect()
}

pub fn model_settings(model: &Model) -> Vec<&Setting> {
    model_from(model).into_iter().flat_map(|from| block_settings(from.options.as_ref())).collect()
}

pub fn activation_settings(activation: &Activation) -> Vec<&Setting> {
    activation.entries.iter().flat_map(entry_settings).collect()
}

fn entry_settings(entry: &ActivationEntry) -> Vec<&Setting> {
    match entry {
        ActivationEntry::From(from) => block_settings(from.options.as_ref()),
        ActivationEntry::To(to) => block_settings(to.settings.as_ref()),
        ActivationEntry::Mode(mode) => block_settings(mode.options.as_ref()),
        ActivationEntry::Identify(identify) => mapping_settings(&identify.mappings),
        ActivationEntry::Map(block) | ActivationEntry::Custom(block) => mapping_settings(&block.mappings),
        ActivationEntry::Key(_) | ActivationEntry::After(_) | ActivationEntry::Guard(_) => Vec::new(),
    }
}

fn mapping_settings(mappings: &[Mapping]) -> Vec<&Setting> {
    mappings.iter().flat_map(|mapping| block_settings(mapping.options.as_ref())).collect()
}

pub fn block_settings(block: Option<&Block>) -> Vec<&Setting> {
    block.into_iter().flat_map(|block| &block.settings).collect()
}
