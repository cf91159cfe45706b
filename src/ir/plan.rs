//! What will be done for one activation, in terms DuckDB understands: which relation, key, identifiers, values.

use super::catalog::{Normalise, Placement};
use super::ident::ActivationName;
use super::mode::Mode;
use super::value::Family;

/// A piece of SQL, complete in itself (parenthesised where it must be).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql(pub String);

impl Sql {
    /// A name, quoted: DuckDB reserves words that people use for columns.
    pub fn name(name: &str) -> Sql {
        Sql(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    /// A text literal.
    pub fn text(text: &str) -> Sql {
        Sql(format!("'{}'", text.replace('\'', "''")))
    }

    /// The same text as a definition normalises identifiers.
    pub fn normalised(self, steps: &[Normalise]) -> Sql {
        steps.iter().fold(self, |Sql(sql), step| {
            Sql(match step {
                Normalise::Trim => format!("trim({sql})"),
                Normalise::Lower => format!("lower({sql})"),
                Normalise::Upper => format!("upper({sql})"),
                Normalise::Digits => format!("regexp_replace({sql}, '[^0-9]', '', 'g')"),
            })
        })
    }

    /// An expression as a person wrote it: in parentheses, and with a line end of its own, so that neither an alias nor a
    /// trailing comment changes what stands around it.
    pub fn expr(text: &str) -> Sql {
        Sql(format!("({text}\n)"))
    }
}

impl std::fmt::Display for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An activation against its loaded model and its ledger's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub activation: ActivationName,
    pub mode: Mode,
    /// The loaded model, quoted, with its schema.
    pub relation: Sql,
    pub filters: Vec<Sql>,
    pub keys: Vec<PlannedKey>,
    pub identifiers: Vec<PlannedIdentifier>,
    pub identify_all: bool,
    /// In the order mapped: position `i` here is position `i` in offers and refusals.
    pub fields: Vec<PlannedField>,
    pub hold_new_rows: bool,
    pub insert_again: bool,
    pub absent_retry_days: u32,
    /// The mode's call answers "lost" rows how: sent again, looked up, or left to `settle`.
    pub unclear: UnclearPolicy,
    /// Ledgers this activation comes after, each as a query that gives `identifier` and `acked_at`: an absent row wakes
    /// when its identifier was written there later.
    pub wake: Vec<Sql>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnclearPolicy {
    SendAgain,
    LookFirst,
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedKey {
    pub name: String,
    pub sql: Sql,
    pub sql_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedIdentifier {
    pub name: String,
    /// What the account calls it, where only the account's own list knows it.
    pub id: Option<String>,
    /// Text, normalised; NULL where it is empty or stands for nobody.
    pub sql: Sql,
    /// How it is normalised, for what is compared with it.
    pub normalise: Vec<Normalise>,
    /// Conditions under which a value is there and does not fit, each with its reason.
    pub unfit: Vec<(Sql, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlannedField {
    pub name: String,
    pub custom: bool,
    /// A custom attribute that is not there may be created.
    pub create: bool,
    pub placement: Placement,
    /// The value as the destination will get it, of type `sql_type`; NULL where it is no opinion.
    pub sql: Sql,
    pub sql_type: String,
    /// Conditions that make the row invalid, each with its reason.
    pub unfit: Vec<(Sql, String)>,
    pub clear: bool,
    pub required_on_create: bool,
    pub column: LedgerColumn,
}

impl PlannedField {
    /// What the destination tells values apart by: wire type, family and place. The same value under another one is another.
    pub fn wire(&self) -> String {
        let Placement { wire, at, .. } = &self.placement;
        format!("{} {} at {at}", wire.name(), Family::of(&self.sql_type).name())
    }
}

/// The ledger's column for a field: `v7` for position 7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerColumn {
    pub position: u32,
    /// The type it has there; `None` where the ledger has no such column yet.
    pub sql_type: Option<String>,
    /// The mapping version that brought it.
    pub since: u32,
    /// Mapped for the first time, again after a gap, or written as another type than before: what the ledger holds of it
    /// does not count.
    pub fresh: bool,
}

/// What a ledger says of itself: all of it but the entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerShape {
    /// Of the file; an older one is migrated by the first run that writes.
    pub format: u32,
    /// The target as canonical JSON; empty in a new ledger.
    pub target: String,
    pub mode: Option<Mode>,
    pub holds_new_rows: bool,
    pub mapping_version: u32,
    pub mapping_digest: String,
    /// Counts `--full`: entries below it are sent whole.
    pub full_number: u32,
    /// Every row that stood in the source at the first run was offered, adopted or set aside.
    pub baseline_closed: bool,
    /// Counts runs that wrote.
    pub sequence: u64,
    pub keys: Vec<(String, String)>,
    pub identifiers: Vec<String>,
    pub fields: Vec<LedgerField>,
    pub entries: u64,
    /// Rows of the source at the last run, for guards.
    pub last_rows: Option<u64>,
    /// The sums of the last run's source, where all of it could be offered and was acknowledged: none of its rows shares a
    /// key or an identifier.
    pub rested: Option<String>,
    /// A run that ended before its outcomes were merged.
    pub open_run: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerField {
    pub position: u32,
    pub name: String,
    pub custom: bool,
    pub sql_type: String,
    pub since: u32,
    /// Whether the last run that wrote had it in its mapping.
    pub mapped: bool,
    /// How it went out then (`PlannedField::wire`); `None` in ledgers that did not keep it.
    pub wire: Option<String>,
}
