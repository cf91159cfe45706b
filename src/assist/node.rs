//! What of the tree stands at a place.

use crate::ir::ast::{
    Activation, ActivationEntry, Block, Column, Expected, Expr, File, From, GivenInput, Input, Item, Mapping, Model,
    ModelEntry, Name, Path, Segment, Setting, Test, TestEntry, TextLit, Value,
};
use crate::ir::span::Span;

/// A name or word of the tree, with what it is to be understood by.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// The name an item is given.
    Defined(&'a Item, &'a Name),
    /// Rows by name: a model or segment.
    Dataset(&'a Name),
    Source(&'a Name),
    Destination(&'a Name),
    SourceKind,
    DestinationKind(&'a Name),
    Service(&'a Activation),
    Mode(&'a Activation, &'a Name),
    After(&'a Name),
    Metric(&'a Name),
    /// The name of a setting or option, with the way that leads to it.
    Setting(Owner<'a>, &'a Setting),
    /// What a mapping writes to.
    Target(&'a Activation, Targets, &'a Mapping),
    Expr(&'a Item, &'a Expr),
    Column(&'a Item, &'a Column),
    /// A column of rows that a test gives.
    Given(&'a Item, &'a Path),
    /// What a test expects something of: a field, an identifier, a part of the key.
    Expected(&'a Test, &'a Path),
    Variable(&'a TextLit),
    /// A file that is read: a query, or data.
    Path(&'a TextLit),
}

/// Which names a block's targets are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    Identifiers,
    Fields,
    Custom,
}

/// Whose settings they are.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    Item(&'a Item),
    From(&'a Item, &'a From),
    /// A file of a test.
    File(&'a TextLit, Option<&'a Block>),
    To(&'a Activation),
    Mode(&'a Activation),
    Mapping(Targets),
}

pub fn holds(span: Span, offset: usize) -> bool {
    span.start <= offset && offset <= span.end
}

/// The smallest node that covers a place, and what it covers.
pub fn at(file: &File, offset: usize) -> Option<(Span, Node<'_>)> {
    let item = file.items.iter().find(|item| holds(item.span(), offset))?;
    let mut found = Vec::new();
    nodes(item, &mut |span, node| {
        if holds(span, offset) {
            found.push((span, node));
        }
    });
    found.into_iter().min_by_key(|(span, _)| span.end - span.start)
}

type Visit<'v, 'a> = &'v mut dyn FnMut(Span, Node<'a>);

/// Every name and word of an item.
pub fn nodes<'a>(item: &'a Item, visit: Visit<'_, 'a>) {
    match item {
        Item::Project(project) => settings(Owner::Item(item), &project.settings, visit),
        Item::Environment(environment) => {
            named(item, &environment.name, visit);
            environment.settings.iter().for_each(|setting| value(&setting.value, visit));
        }
        Item::Source(source) => {
            named(item, &source.name, visit);
            visit(source.kind.span, Node::SourceKind);
            settings(Owner::Item(item), &source.settings, visit);
        }
        Item::Destination(destination) => {
            named(item, &destination.name, visit);
            visit(destination.kind.span, Node::DestinationKind(&destination.kind));
            settings(Owner::Item(item), &destination.settings, visit);
        }
        Item::Model(model) => in_model(item, model, visit),
        Item::Segment(segment) => in_segment(item, segment, visit),
        Item::Activation(activation) => {
            named(item, &activation.name, visit);
            activation.entries.iter().for_each(|entry| in_activation(item, activation, entry, visit));
        }
        Item::Test(test) => {
            named(item, &test.name, visit);
            visit(test.of.span, Node::After(&test.of));
            test.entries.iter().for_each(|entry| in_test(item, test, entry, visit));
        }
    }
}

fn in_test<'a>(item: &'a Item, test: &'a Test, entry: &'a TestEntry, visit: Visit<'_, 'a>) {
    match entry {
        TestEntry::Before(given) | TestEntry::Rows(given) => match &given.input {
            GivenInput::File { path, options } => {
                visit(path.span, Node::Path(path));
                block(Owner::File(path, options.as_ref()), options.as_ref(), visit);
            }
            GivenInput::Table(table) => {
                table.head.iter().for_each(|cell| visit(cell.path.span, Node::Given(item, &cell.path)));
            }
            GivenInput::Sql { .. } => {}
        },
        TestEntry::Expect(expect) => {
            if let Expected::Rows { table, .. } = &expect.what {
                table.head.iter().for_each(|cell| visit(cell.path.span, Node::Expected(test, &cell.path)));
            }
        }
        TestEntry::Environment { .. } | TestEntry::Vars { .. } => {}
    }
}

fn named<'a>(item: &'a Item, name: &'a Name, visit: Visit<'_, 'a>) {
    visit(name.span, Node::Defined(item, name));
}

fn in_model<'a>(item: &'a Item, model: &'a Model, visit: Visit<'_, 'a>) {
    named(item, &model.name, visit);
    for entry in &model.entries {
        match entry {
            ModelEntry::From(entry) => from(item, entry, visit),
            ModelEntry::Key(key) => columns(item, &key.columns, visit),
        }
    }
}

fn in_segment<'a>(item: &'a Item, segment: &'a Segment, visit: Visit<'_, 'a>) {
    named(item, &segment.name, visit);
    visit(segment.of.span, Node::Dataset(&segment.of));
    segment.filter.iter().for_each(|filter| visit(filter.span, Node::Expr(item, filter)));
}

fn in_activation<'a>(item: &'a Item, activation: &'a Activation, entry: &'a ActivationEntry, visit: Visit<'_, 'a>) {
    let mut mapped = |targets, mappings: &'a [Mapping]| {
        mappings.iter().for_each(|mapping| in_mapping(item, activation, targets, mapping, visit));
    };
    match entry {
        ActivationEntry::Identify(identify) => mapped(Targets::Identifiers, &identify.mappings),
        ActivationEntry::Map(block) => mapped(Targets::Fields, &block.mappings),
        ActivationEntry::Custom(block) => mapped(Targets::Custom, &block.mappings),
        ActivationEntry::From(entry) => from(item, entry, visit),
        ActivationEntry::Key(key) => columns(item, &key.columns, visit),
        ActivationEntry::To(to) => {
            visit(to.destination.span, Node::Destination(&to.destination));
            to.service.iter().for_each(|service| visit(service.span, Node::Service(activation)));
            block(Owner::To(activation), to.settings.as_ref(), visit);
        }
        ActivationEntry::Mode(mode) => {
            visit(mode.name.span, Node::Mode(activation, &mode.name));
            block(Owner::Mode(activation), mode.options.as_ref(), visit);
        }
        ActivationEntry::After(after) => after.names.iter().for_each(|name| visit(name.span, Node::After(name))),
        ActivationEntry::Guard(guard) => visit(guard.metric.span, Node::Metric(&guard.metric)),
    }
}

fn in_mapping<'a>(
    item: &'a Item,
    activation: &'a Activation,
    targets: Targets,
    mapping: &'a Mapping,
    visit: Visit<'_, 'a>,
) {
    // In the short form the column is the target's name, too, and the target has more to say.
    let target = mapping.target.as_ref().map(|path| path.span);
    let target = target.or_else(|| mapping.column.as_ref().map(|column| column.span));
    target.iter().for_each(|span| visit(*span, Node::Target(activation, targets, mapping)));
    visit(mapping.expr.span, Node::Expr(item, &mapping.expr));
    block(Owner::Mapping(targets), mapping.options.as_ref(), visit);
}

fn from<'a>(item: &'a Item, from: &'a From, visit: Visit<'_, 'a>) {
    match &from.input {
        Input::Named(name) => visit(name.span, Node::Dataset(name)),
        Input::Table { source, .. } | Input::Sql { source, .. } => visit(source.span, Node::Source(source)),
        Input::SqlFile { source, path } => {
            visit(source.span, Node::Source(source));
            visit(path.span, Node::Path(path));
        }
        Input::File { path } => visit(path.span, Node::Path(path)),
    }
    block(Owner::From(item, from), from.options.as_ref(), visit);
    from.filter.iter().for_each(|filter| visit(filter.span, Node::Expr(item, filter)));
}

fn columns<'a>(item: &'a Item, columns: &'a [Column], visit: Visit<'_, 'a>) {
    columns.iter().for_each(|column| visit(column.span, Node::Column(item, column)));
}

fn block<'a>(owner: Owner<'a>, block: Option<&'a Block>, visit: Visit<'_, 'a>) {
    block.iter().for_each(|block| settings(owner, &block.settings, visit));
}

fn settings<'a>(owner: Owner<'a>, settings: &'a [Setting], visit: Visit<'_, 'a>) {
    for setting in settings {
        visit(setting.key.span, Node::Setting(owner, setting));
        if let Value::Word(word) = &setting.value {
            visit(word.span, Node::Setting(owner, setting));
        }
        value(&setting.value, visit);
    }
}

fn value<'a>(value: &'a Value, visit: Visit<'_, 'a>) {
    match value {
        Value::Var { name, .. } => visit(name.span, Node::Variable(name)),
        Value::List { items, .. } => items.iter().for_each(|item| self::value(item, visit)),
        Value::Block(block) => block.settings.iter().for_each(|setting| self::value(&setting.value, visit)),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Word(_) | Value::Env { .. } => {}
    }
}
