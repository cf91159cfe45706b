//! A file as written: every part with its span, nothing resolved. Comments stand beside the tree, so that only `format`
//! needs to care about them.

use super::span::{Span, Spanned};
pub use super::written::{Escapes, TextLit};

pub type Name = Spanned<String>;

#[derive(Clone, Debug, Default)]
pub struct File {
    pub items: Vec<Item>,
    pub comments: Vec<Comment>,
    /// Settings whose value could not be read: given all the same.
    pub unread: Vec<Name>,
    /// Entries that were read in part, and lines with a quote that nothing closes, or all lines where it took brackets with it:
    /// what seems wrong there, or missing, is nobody's mistake.
    pub torn: Vec<Span>,
}

/// `text` has its `#`; `own_line` tells a comment that stands alone from one behind an entry.
#[derive(Clone, Debug)]
pub struct Comment {
    pub span: Span,
    pub text: String,
    pub own_line: bool,
}

#[derive(Clone, Debug)]
pub enum Item {
    Project(Project),
    Environment(Environment),
    Source(Connection),
    Destination(Connection),
    Model(Model),
    Segment(Segment),
    Activation(Box<Activation>),
    Test(Test),
}

impl Item {
    pub fn span(&self) -> Span {
        match self {
            Item::Project(item) => item.span,
            Item::Environment(item) => item.span,
            Item::Source(item) | Item::Destination(item) => item.span,
            Item::Model(item) => item.span,
            Item::Segment(item) => item.span,
            Item::Activation(item) => item.span,
            Item::Test(item) => item.span,
        }
    }
}

/// `project { ... }`
#[derive(Clone, Debug)]
pub struct Project {
    pub span: Span,
    pub settings: Vec<Setting>,
}

/// `environment NAME { ... }`
#[derive(Clone, Debug)]
pub struct Environment {
    pub span: Span,
    pub name: Name,
    pub settings: Vec<Setting>,
}

/// `source NAME = KIND { ... }` and `destination NAME = KIND { ... }`
#[derive(Clone, Debug)]
pub struct Connection {
    pub span: Span,
    pub name: Name,
    pub kind: Name,
    pub settings: Vec<Setting>,
}

/// `model NAME { from ... key ... }`
#[derive(Clone, Debug)]
pub struct Model {
    pub span: Span,
    pub name: Name,
    pub entries: Vec<ModelEntry>,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a project has a handful, and boxes would be in every pattern's way")]
pub enum ModelEntry {
    From(From),
    Key(Key),
}

/// `segment NAME of PARENT where EXPR`
#[derive(Clone, Debug)]
pub struct Segment {
    pub span: Span,
    pub name: Name,
    pub of: Name,
    pub filter: Option<Expr>,
}

/// `activation NAME { ... }`: its entries in the order written; what is missing or doubled is `check`'s to say.
#[derive(Clone, Debug)]
pub struct Activation {
    pub span: Span,
    pub name: Name,
    pub entries: Vec<ActivationEntry>,
}

#[derive(Clone, Debug)]
pub enum ActivationEntry {
    From(From),
    Key(Key),
    To(To),
    Mode(ModeEntry),
    After(After),
    Identify(Identify),
    Map(MapBlock),
    Custom(MapBlock),
    Guard(Guard),
}

/// `test NAME of ACTIVATION { ... }`
#[derive(Clone, Debug)]
pub struct Test {
    pub span: Span,
    pub name: Name,
    pub of: Name,
    pub entries: Vec<TestEntry>,
}

#[derive(Clone, Debug)]
pub enum TestEntry {
    /// `environment NAME`
    Environment {
        span: Span,
        name: Name,
    },
    /// `vars { NAME = VALUE }`
    Vars {
        span: Span,
        block: Block,
    },
    /// `before ...`: the rows of an earlier run, all of them acknowledged.
    Before(Given),
    /// `rows ...`: what the model holds now.
    Rows(Given),
    Expect(Expect),
}

/// Rows in place of those that a model reads.
#[derive(Clone, Debug)]
pub struct Given {
    pub span: Span,
    pub input: GivenInput,
}

#[derive(Clone, Debug)]
pub enum GivenInput {
    /// `file "tests/customers.csv" { options }`
    File { path: TextLit, options: Option<Block> },
    /// `sql """..."""`
    Sql { text: TextLit },
    /// `{ ... }`
    Table(Table),
}

/// Rows written out, with a line that names their columns before them.
#[derive(Clone, Debug)]
pub struct Table {
    /// With its braces.
    pub span: Span,
    pub head: Vec<HeadCell>,
    pub rows: Vec<TableRow>,
}

/// `NAME` or `NAME TYPE`
#[derive(Clone, Debug)]
pub struct HeadCell {
    pub span: Span,
    pub path: Path,
    pub sql_type: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct TableRow {
    pub span: Span,
    pub cells: Vec<Cell>,
}

/// `VALUE`, `OLD -> NEW` or nothing.
#[derive(Clone, Debug)]
pub struct Cell {
    pub span: Span,
    pub old: Option<Expr>,
    pub value: Option<Expr>,
}

/// `expect WHAT ...`
#[derive(Clone, Debug)]
pub struct Expect {
    pub span: Span,
    pub what: Expected,
}

#[derive(Clone, Debug)]
pub enum Expected {
    /// `added { ... }`
    Rows { word: Name, table: Table },
    /// `unchanged 2`
    Count { word: Name, number: Spanned<String> },
    /// `nothing`
    Word(Name),
    /// `request METHOD "PATH" exactly "BODY"`
    Request { method: Name, path: TextLit, exactly: bool, body: Option<TextLit> },
    /// `error "TEXT"`
    Error { text: TextLit },
}

/// `from INPUT where EXPR { options }`
#[derive(Clone, Debug)]
pub struct From {
    pub span: Span,
    pub input: Input,
    pub options: Option<Block>,
    pub filter: Option<Expr>,
}

#[derive(Clone, Debug)]
pub enum Input {
    /// `customers`: a model or segment.
    Named(Name),
    /// `lake table marts.customers`
    Table { source: Name, table: Path },
    /// `lake sql """..."""`
    Sql { source: Name, text: TextLit },
    /// `lake sql file "queries/customers.sql"`
    SqlFile { source: Name, path: TextLit },
    /// `file "data/*.parquet"`
    File { path: TextLit },
}

/// Names joined by dots; each part bare, quoted or a number.
#[derive(Clone, Debug)]
pub struct Path {
    pub span: Span,
    pub parts: Vec<PathPart>,
}

#[derive(Clone, Debug)]
pub struct PathPart {
    pub span: Span,
    pub name: String,
    pub quoted: bool,
}

/// `key NAME` or `key (A, B)`
#[derive(Clone, Debug)]
pub struct Key {
    pub span: Span,
    pub columns: Vec<Column>,
}

/// A column: a bare word or a name in double quotes.
#[derive(Clone, Debug)]
pub struct Column {
    pub span: Span,
    pub name: String,
    pub quoted: bool,
}

/// `to DESTINATION.SERVICE { settings }`
#[derive(Clone, Debug)]
pub struct To {
    pub span: Span,
    pub destination: Name,
    pub service: Option<Name>,
    pub settings: Option<Block>,
}

/// `mode NAME { options }`
#[derive(Clone, Debug)]
pub struct ModeEntry {
    pub span: Span,
    pub name: Name,
    pub options: Option<Block>,
}

/// `after NAME, NAME`
#[derive(Clone, Debug)]
pub struct After {
    pub span: Span,
    pub names: Vec<Name>,
}

/// `identify { ... }` or `identify all { ... }`
#[derive(Clone, Debug)]
pub struct Identify {
    pub span: Span,
    pub all: bool,
    pub mappings: Vec<Mapping>,
}

/// `map { ... }` or `custom { ... }`
#[derive(Clone, Debug)]
pub struct MapBlock {
    pub span: Span,
    pub mappings: Vec<Mapping>,
}

/// `EXPR -> TARGET { options }`, or a lone column with options.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub span: Span,
    pub expr: Expr,
    /// `None` in the short form, where the column's name is the target's.
    pub target: Option<Path>,
    /// The lone column of the short form.
    pub column: Option<Column>,
    pub options: Option<Block>,
}

/// A DuckDB expression, text untouched: `span` covers exactly `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub text: String,
    pub span: Span,
}

/// `warn when METRIC OP VALUE` or `stop when METRIC OP VALUE`
#[derive(Clone, Debug)]
pub struct Guard {
    pub span: Span,
    pub stop: bool,
    pub metric: Name,
    pub op: Spanned<String>,
    /// The number as written, with its `%` where it has one.
    pub value: Spanned<String>,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub span: Span,
    pub settings: Vec<Setting>,
}

/// `KEY = VALUE`, or `KEY { ... }` (then `value` is a `Value::Block`).
#[derive(Clone, Debug)]
pub struct Setting {
    pub span: Span,
    pub key: Name,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Text(TextLit),
    Number(Spanned<String>),
    Bool(Spanned<bool>),
    Word(Name),
    List {
        span: Span,
        items: Vec<Value>,
    },
    Block(Block),
    /// `env("NAME")` or `env("NAME", "default")`
    Env {
        span: Span,
        name: TextLit,
        default: Option<TextLit>,
    },
    /// `var("NAME")` or `var("NAME", "default")`
    Var {
        span: Span,
        name: TextLit,
        default: Option<TextLit>,
    },
}

impl Value {
    pub fn span(&self) -> Span {
        match self {
            Value::Text(text) => text.span,
            Value::Number(number) => number.span,
            Value::Bool(bool) => bool.span,
            Value::Word(word) => word.span,
            Value::Block(block) => block.span,
            Value::List { span, .. } | Value::Env { span, .. } | Value::Var { span, .. } => *span,
        }
    }
}
