//! A project as meant: every name resolved, every mode typed, every setting filled in. What stands here can run.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::Expr;
use super::catalog::{Destination, Placement, Service, Setting};
use super::ident::{ActivationName, DatasetName, DestinationName, FieldName};
use super::mode::Mode;
use super::secret::Secret;
use super::span::{Span, Spanned};
use super::test::Test;
use super::written::Written;

#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub project: Project,
    pub sources: BTreeMap<DatasetName, Source>,
    pub models: BTreeMap<DatasetName, Model>,
    pub connections: BTreeMap<DestinationName, Connection>,
    /// In the order they run: after what they come `after`, else as written.
    pub activations: Vec<Activation>,
    pub tests: Vec<Test>,
}

impl Spec {
    /// Activations that no test is of.
    pub fn untested(&self) -> impl Iterator<Item = &ActivationName> {
        let names = self.activations.iter().map(|activation| &activation.name);
        names.filter(|name| !self.tests.iter().any(|test| test.activation == **name))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Project {
    pub environment: Option<String>,
    /// Folder of the ledgers, relative to the project's root.
    pub ledger: String,
    pub extension_directory: Option<String>,
    pub autoinstall: bool,
    pub notify: Option<Secret>,
}

/// Where rows come from. Connection texts may hold passwords, so they are secret.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: DatasetName,
    pub span: Span,
    pub kind: SourceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    DuckDb { path: String },
    Postgres { url: Secret },
    MySql { url: Secret },
    Sqlite { path: String },
}

impl SourceKind {
    /// The DuckDB extension the kind needs.
    pub fn extension(&self) -> Option<&'static str> {
        match self {
            SourceKind::DuckDb { .. } => None,
            SourceKind::Postgres { .. } => Some("postgres_scanner"),
            SourceKind::MySql { .. } => Some("mysql_scanner"),
            SourceKind::Sqlite { .. } => Some("sqlite_scanner"),
        }
    }
}

/// A model, written as one or made of an activation's inline `from`.
#[derive(Clone, Debug)]
pub struct Model {
    pub name: DatasetName,
    pub span: Span,
    pub query: Query,
    pub filter: Option<Expr>,
    /// Columns, as written, and where.
    pub key: Vec<String>,
    pub key_spans: Vec<Span>,
}

#[derive(Clone, Debug)]
pub enum Query {
    /// Rows of a table: source, then schema and name.
    Table { source: DatasetName, parts: Vec<String>, span: Span },
    /// SQL, templates already filled in. `span` is the literal's inside, or the query file's mention.
    Sql { source: DatasetName, text: Written, span: Span },
    File {
        path: String,
        format: FileFormat,
        options: Vec<(String, FileOption)>,
        span: Span,
        /// Columns and types as the options name them, and options of one text, for messages that speak of one.
        named: Vec<Spanned<String>>,
    },
    /// Rows that a test gives, as a query of DuckDB's own.
    Given { sql: Written, span: Span },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    Csv,
    Parquet,
    JsonLines,
}

impl FileFormat {
    /// The format by the word of the option `format`, else by the name's ending, compression passed over.
    pub fn of(path: &str, written: Option<&str>) -> Option<FileFormat> {
        match written {
            Some("csv") => Some(FileFormat::Csv),
            Some("parquet") => Some(FileFormat::Parquet),
            Some("json") => Some(FileFormat::JsonLines),
            Some(_) => None,
            None => by_ending(path),
        }
    }
}

fn by_ending(path: &str) -> Option<FileFormat> {
    let lower = path.to_ascii_lowercase();
    let bare = [".gz", ".zst"].iter().find_map(|ending| lower.strip_suffix(ending)).unwrap_or(&lower);
    match bare.rsplit_once('.')?.1 {
        "csv" | "tsv" | "txt" => Some(FileFormat::Csv),
        "parquet" => Some(FileFormat::Parquet),
        "json" | "jsonl" | "ndjson" => Some(FileFormat::JsonLines),
        _ => None,
    }
}

/// A reading option, checked to be of a known name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOption {
    Text(String),
    Number(String),
    Bool(bool),
    List(Vec<String>),
    /// Column types: `types { zip = "varchar" }`
    Types(Vec<(String, String)>),
}

/// A destination with its settings filled in.
#[derive(Clone, Debug)]
pub struct Connection {
    pub name: DestinationName,
    pub span: Span,
    pub kind: Arc<Destination>,
    pub settings: Settings,
    /// `base_url = ...` of the pipeline, in place of the definition's.
    pub base_url: Option<String>,
}

/// Filled-in settings, by name.
#[derive(Clone, Debug, Default)]
pub struct Settings(pub BTreeMap<String, SettingValue>);

#[derive(Clone, Debug)]
pub enum SettingValue {
    Plain(serde_json::Value),
    Secret(Secret),
    /// An environment variable that is not set, where that is allowed (`--no-env`).
    Unset,
}

impl Settings {
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.values().filter_map(|value| match value {
            SettingValue::Secret(secret) => Some(secret),
            SettingValue::Plain(_) | SettingValue::Unset => None,
        })
    }

    /// Every declared setting for conditions that stand before any run: those not given are null, and of a secret no more is
    /// told than that it is there.
    pub fn known(&self, declared: &[Setting]) -> serde_json::Value {
        let value = |setting: &Setting| match self.0.get(&setting.name) {
            Some(SettingValue::Plain(value)) => value.clone(),
            Some(SettingValue::Secret(_)) => serde_json::Value::Bool(true),
            Some(SettingValue::Unset) => serde_json::Value::Null,
            None => setting.default.clone().unwrap_or_default(),
        };
        serde_json::Value::Object(declared.iter().map(|setting| (setting.name.clone(), value(setting))).collect())
    }

    pub fn plain(&self, name: &str) -> Option<&serde_json::Value> {
        match self.0.get(name) {
            Some(SettingValue::Plain(value)) => Some(value),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Activation {
    pub name: ActivationName,
    pub span: Span,
    pub dataset: Dataset,
    /// Columns of the key, as the model (or the inline `from`) names them.
    pub key: Vec<String>,
    pub key_spans: Vec<Span>,
    pub connection: DestinationName,
    pub destination: Arc<Destination>,
    pub service: Arc<Service>,
    /// Settings after `to NAME.SERVICE`.
    pub options: Settings,
    pub mode: Mode,
    pub mode_span: Span,
    /// `mode update`: hold rows that are new.
    pub hold_new_rows: bool,
    /// `mode insert { again = true }`
    pub insert_again: bool,
    /// Membership: who leaves is taken out.
    pub takes_out: bool,
    pub after: Vec<ActivationName>,
    pub identify_all: bool,
    pub identify: Vec<IdentifierMapping>,
    pub fields: Vec<FieldMapping>,
    pub guards: Vec<Guard>,
    /// A digest of what decides which rows are read and which values are wanted: another one explains a resend.
    pub mapping_digest: String,
}

/// Which rows: a model, narrowed by the conditions of segments and of `from ... where`, outermost last.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub model: DatasetName,
    /// The name written after `from`, for messages.
    pub name: String,
    pub span: Span,
    pub filters: Vec<Expr>,
    pub allow_empty: bool,
}

#[derive(Clone, Debug)]
pub struct IdentifierMapping {
    pub expr: Expr,
    /// The identifier's name in the service.
    pub name: String,
    pub span: Span,
}

/// A mapped field: what it is made of, where it goes, how NULL is meant.
#[derive(Clone, Debug)]
pub struct FieldMapping {
    pub expr: Expr,
    pub name: FieldName,
    pub span: Span,
    pub target: FieldTarget,
    pub clear: bool,
    pub shared: bool,
    /// `create = false`: a custom attribute that must exist already.
    pub create: bool,
    pub required_on_create: bool,
}

#[derive(Clone, Debug)]
pub enum FieldTarget {
    Known(Placement),
    /// A custom attribute whose type the mapping names.
    CustomTyped {
        word: String,
        placement: Placement,
    },
    /// A custom attribute whose placement follows from the column's type, known once the source was read.
    CustomByFamily,
    /// A field that only the account's own list knows: where and how it goes is known once that was read.
    Account,
}

impl FieldTarget {
    pub fn is_custom(&self) -> bool {
        match self {
            FieldTarget::CustomTyped { .. } | FieldTarget::CustomByFamily => true,
            FieldTarget::Known(_) | FieldTarget::Account => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    Rows,
    Added,
    Changed,
    Removed,
    Remapped,
    Rejected,
    Failed,
    Absent,
    Duplicates,
}

impl Metric {
    pub const ALL: [Metric; 9] = [
        Metric::Rows,
        Metric::Added,
        Metric::Changed,
        Metric::Removed,
        Metric::Remapped,
        Metric::Rejected,
        Metric::Failed,
        Metric::Absent,
        Metric::Duplicates,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Metric::Rows => "rows",
            Metric::Added => "added",
            Metric::Changed => "changed",
            Metric::Removed => "removed",
            Metric::Remapped => "remapped",
            Metric::Rejected => "rejected",
            Metric::Failed => "failed",
            Metric::Absent => "absent",
            Metric::Duplicates => "duplicates",
        }
    }

    /// Whether there can be more of it than of what it is a share of.
    pub fn may_exceed_all(self) -> bool {
        matches!(self, Metric::Rows | Metric::Added)
    }

    pub fn parse(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    pub fn parse(text: &str) -> Option<Compare> {
        Some(match text {
            "<" => Compare::Less,
            "<=" => Compare::LessOrEqual,
            ">" => Compare::Greater,
            ">=" => Compare::GreaterOrEqual,
            _ => return None,
        })
    }

    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Compare::Less => left < right,
            Compare::LessOrEqual => left <= right,
            Compare::Greater => left > right,
            Compare::GreaterOrEqual => left >= right,
        }
    }
}

/// The number of a guard, and whether it is a percentage. A count is whole and not negative; a percentage may have a fraction.
pub fn guard_number(text: &str) -> Option<(f64, bool)> {
    let text = text.replace('_', "");
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text.as_str(), false),
    };
    let digits = Some(digits).filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
    let number = digits?.parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|number| percent || number.fract() == 0.0).map(|number| (number, percent))
}

/// `warn` or `stop`, as written in `text` (`stop when removed > 10%`).
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    pub stop: bool,
    pub metric: Metric,
    pub compare: Compare,
    pub value: f64,
    pub percent: bool,
    pub text: String,
    pub span: Span,
}
