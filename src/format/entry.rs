//! The tree as entries to lay out: what stands before, inside and after the brackets of each.

use crate::ir::ast::{
    Activation, ActivationEntry, Block, Comment, Connection, Expr, From, Input, Item, Key, Mapping, Model, ModelEntry,
    Setting, TextLit, Value,
};
use crate::ir::span::Span;

/// `head { body } tail`
pub(super) struct Entry {
    pub span: Span,
    pub head: String,
    /// Where in `head` the arrow of a mapping begins, if it may be moved to stand below another one.
    pub arrow: Option<usize>,
    pub body: Option<Body>,
    pub tail: String,
}

pub(super) struct Body {
    pub list: bool,
    /// With its brackets; empty where none were written.
    pub span: Span,
    pub entries: Vec<Entry>,
}

/// What is needed besides the tree: the text, for what is copied from it, and where comments are.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    text: &'a str,
    comments: &'a [Comment],
}

pub(super) fn item(item: &Item, text: &str, comments: &[Comment]) -> Entry {
    let from = Written { text, comments };
    match item {
        Item::Project(project) => from.with_settings(project.span, "project".into(), &project.settings),
        Item::Environment(environment) => {
            let head = format!("environment {}", environment.name.value);
            from.with_settings(environment.span, head, &environment.settings)
        }
        Item::Source(connection) => from.connection("source", connection),
        Item::Destination(connection) => from.connection("destination", connection),
        Item::Model(model) => from.model(model),
        Item::Segment(segment) => {
            let head = format!("segment {} of {}", segment.name.value, segment.of.value);
            Entry { tail: from.filter(segment.filter.as_ref()), ..leaf(segment.span, head) }
        }
        Item::Activation(activation) => from.activation(activation),
        Item::Test(test) => from.test(test),
    }
}

pub(super) fn leaf(span: Span, head: String) -> Entry {
    Entry { span, head, arrow: None, body: None, tail: String::new() }
}

impl<'a> Written<'a> {
    pub(super) fn copy(self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// Copied where a comment stands inside, since it could stand nowhere else.
    fn or_copy(self, span: Span, plain: String) -> String {
        let first = self.comments.partition_point(|comment| comment.span.start < span.start);
        let inside = self.comments.get(first).is_some_and(|comment| comment.span.start < span.end);
        if inside { self.copy(span).to_string() } else { plain }
    }

    /// An entry whose span ends with its braces; `head` has none.
    pub(super) fn braced(self, span: Span, head: String, entries: Vec<Entry>) -> Entry {
        let open = self.copy(span).find('{').map_or(span.end, |at| span.start + at);
        let body = Body { list: false, span: Span { start: open, ..span }, entries };
        Entry { body: Some(body), ..leaf(span, head) }
    }

    fn with_settings(self, span: Span, head: String, settings: &[Setting]) -> Entry {
        self.braced(span, head, settings.iter().map(|setting| self.setting(setting)).collect())
    }

    fn connection(self, keyword: &str, connection: &Connection) -> Entry {
        let head = format!("{keyword} {} = {}", connection.name.value, connection.kind.value);
        self.with_settings(connection.span, head, &connection.settings)
    }

    fn model(self, model: &Model) -> Entry {
        let entries = model.entries.iter().map(|entry| match entry {
            ModelEntry::From(from) => self.from(from),
            ModelEntry::Key(key) => self.key(key),
        });
        self.braced(model.span, format!("model {}", model.name.value), entries.collect())
    }

    fn activation(self, activation: &Activation) -> Entry {
        let entries = activation.entries.iter().map(|entry| self.entry(entry)).collect();
        self.braced(activation.span, format!("activation {}", activation.name.value), entries)
    }

    fn entry(self, entry: &ActivationEntry) -> Entry {
        match entry {
            ActivationEntry::From(from) => self.from(from),
            ActivationEntry::Key(key) => self.key(key),
            ActivationEntry::To(to) => {
                let service = to.service.as_ref().map(|service| format!(".{}", service.value)).unwrap_or_default();
                self.with_block(to.span, format!("to {}{service}", to.destination.value), to.settings.as_ref())
            }
            ActivationEntry::Mode(mode) => {
                self.with_block(mode.span, format!("mode {}", mode.name.value), mode.options.as_ref())
            }
            ActivationEntry::After(after) => {
                let names: Vec<&str> = after.names.iter().map(|name| name.value.as_str()).collect();
                leaf(after.span, format!("after {}", names.join(", ")))
            }
            ActivationEntry::Identify(identify) => {
                let head = if identify.all { "identify all" } else { "identify" };
                self.with_mappings(identify.span, head, &identify.mappings)
            }
            ActivationEntry::Map(block) => self.with_mappings(block.span, "map", &block.mappings),
            ActivationEntry::Custom(block) => self.with_mappings(block.span, "custom", &block.mappings),
            ActivationEntry::Guard(guard) => {
                let word = if guard.stop { "stop" } else { "warn" };
                let head = format!("{word} when {} {} {}", guard.metric.value, guard.op.value, guard.value.value);
                leaf(guard.span, head)
            }
        }
    }

    fn from(self, from: &From) -> Entry {
        let head = match &from.input {
            Input::Named(name) => format!("from {}", name.value),
            Input::Table { source, table } => format!("from {} table {}", source.value, self.copy(table.span)),
            Input::Sql { source, text } => format!("from {} sql {}", source.value, self.copy(text.span)),
            Input::SqlFile { source, path } => format!("from {} sql file {}", source.value, self.copy(path.span)),
            Input::File { path } => format!("from file {}", self.copy(path.span)),
        };
        let entry = self.with_block(from.span, head, from.options.as_ref());
        Entry { tail: self.filter(from.filter.as_ref()), ..entry }
    }

    fn filter(self, filter: Option<&Expr>) -> String {
        filter.map(|filter| format!(" where {}", self.copy(filter.span))).unwrap_or_default()
    }

    fn key(self, key: &Key) -> Entry {
        let columns: Vec<&str> = key.columns.iter().map(|column| self.copy(column.span)).collect();
        let plain = match columns[..] {
            [one] => format!("key {one}"),
            _ => format!("key ({})", columns.join(", ")),
        };
        leaf(key.span, self.or_copy(key.span, plain))
    }

    fn with_mappings(self, span: Span, head: &str, mappings: &[Mapping]) -> Entry {
        let entries = mappings.iter().map(|mapping| self.mapping(mapping)).collect();
        self.braced(span, head.to_string(), entries)
    }

    fn mapping(self, mapping: &Mapping) -> Entry {
        let expr = self.copy(mapping.expr.span);
        let head = match &mapping.target {
            Some(target) => format!("{expr} -> {}", self.copy(target.span)),
            None => expr.to_string(),
        };
        let arrow = mapping.target.as_ref().map(|_| expr.len()).filter(|_| !expr.contains('\n'));
        Entry { arrow, ..self.with_block(mapping.span, head, mapping.options.as_ref()) }
    }

    pub(super) fn with_block(self, span: Span, head: String, block: Option<&Block>) -> Entry {
        Entry { body: block.map(|block| self.block(block)), ..leaf(span, head) }
    }

    pub(super) fn block(self, block: &Block) -> Body {
        let entries = block.settings.iter().map(|setting| self.setting(setting)).collect();
        Body { list: false, span: block.span, entries }
    }

    fn setting(self, setting: &Setting) -> Entry {
        let key = self.copy(setting.key.span);
        let value = self.value(&setting.value);
        let head = match &setting.value {
            Value::Block(_) => key.to_string(),
            Value::List { .. } => format!("{key} ="),
            _ => format!("{key} = {}", value.head),
        };
        Entry { span: setting.span, head, ..value }
    }

    fn value(self, value: &Value) -> Entry {
        let span = value.span();
        match value {
            Value::List { span, items } => {
                let entries = items.iter().map(|item| self.value(item)).collect();
                Entry { body: Some(Body { list: true, span: *span, entries }), ..leaf(*span, String::new()) }
            }
            Value::Block(block) => self.with_block(span, String::new(), Some(block)),
            Value::Env { name, default, .. } => leaf(span, self.call("env", span, name, default.as_ref())),
            Value::Var { name, default, .. } => leaf(span, self.call("var", span, name, default.as_ref())),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Word(_) => leaf(span, self.copy(span).into()),
        }
    }

    fn call(self, function: &str, span: Span, name: &TextLit, default: Option<&TextLit>) -> String {
        let name = self.copy(name.span);
        let plain = match default {
            Some(default) => format!("{function}({name}, {})", self.copy(default.span)),
            None => format!("{function}({name})"),
        };
        self.or_copy(span, plain)
    }
}
