//! Tests of activations as meant: rows in place of the model's, and what is expected to come of them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::ast::Expr;
use super::ident::ActivationName;
use super::mode::ChangeKind;
use super::span::Span;
use super::spec::Query;

#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    /// Of its name.
    pub span: Span,
    pub activation: ActivationName,
    pub environment: Option<String>,
    pub vars: BTreeMap<String, String>,
    /// Rows that an earlier run had acknowledged.
    pub before: Option<Given>,
    /// What the model holds now.
    pub rows: Given,
    pub expects: Vec<Expect>,
}

/// Rows in place of those that a model reads.
#[derive(Clone, Debug)]
pub struct Given {
    pub span: Span,
    pub query: Query,
}

#[derive(Clone, Debug)]
pub struct Expect {
    pub span: Span,
    pub what: Expected,
}

#[derive(Clone, Debug)]
pub enum Expected {
    /// All rows of a kind.
    Changes {
        kind: ChangeKind,
        rows: Rows,
    },
    /// All rows set aside, with the reasons.
    Aside(Rows),
    Count {
        what: Counted,
        number: u64,
    },
    /// No row is sent.
    Nothing,
    /// Among the requests.
    Request {
        method: String,
        path: String,
        exactly: bool,
        body: Option<Json>,
    },
    /// What stops the run; a part of its code or message.
    Error(String),
}

/// Of requests.
pub const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Codes of what stops a run before it sends, for `expect error`.
pub const STOPS: [&str; 6] = [
    "run::empty_model",
    "run::duplicate_keys",
    "run::guard",
    "run::first_trigger",
    "run::expression",
    "run::definition",
];

/// Rows as they are expected; every row has a cell for each column.
#[derive(Clone, Debug)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Column {
    /// As the destination, or the key, calls it.
    pub name: String,
    pub part: Part,
}

/// What of a row a column speaks of, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Key(usize),
    Identifier(usize),
    Field(usize),
    /// Why a row is set aside.
    Reason,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub span: Span,
    pub cells: Vec<Cell>,
}

/// An empty one says that nothing is sent there.
#[derive(Clone, Debug)]
pub struct Cell {
    pub span: Span,
    pub old: Option<Expr>,
    pub value: Option<Expr>,
}

/// Rows that can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Added,
    Changed,
    Removed,
    Aside,
    Unchanged,
    Held,
    Gone,
}

impl Counted {
    pub const ALL: [Counted; 7] = [
        Counted::Added,
        Counted::Changed,
        Counted::Removed,
        Counted::Aside,
        Counted::Unchanged,
        Counted::Held,
        Counted::Gone,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Counted::Added => "added",
            Counted::Changed => "changed",
            Counted::Removed => "removed",
            Counted::Aside => "aside",
            Counted::Unchanged => "unchanged",
            Counted::Held => "held",
            Counted::Gone => "gone",
        }
    }

    pub fn parse(name: &str) -> Option<Counted> {
        Counted::ALL.into_iter().find(|counted| counted.name() == name)
    }
}
