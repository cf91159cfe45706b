//! What will be done for one activation, in terms DuckDB understands: which relation, key, identifiers, values.

use super::catalog::Placement;
use super::ident::ActivationName;
use super::mode::Mode;

/// A piece of SQL, complete in itself (parenthesised where it must be).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql(pub String);

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
    /// Text, normalised; NULL where it is empty or stands for nobody.
    pub sql: Sql,
    /// True where a value is there but does not fit; with the reason.
    pub unfit: Option<(Sql, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlannedField {
    pub name: String,
    pub custom: bool,
    pub placement: Placement,
    /// The value as the destination will get it, of type `sql_type`; NULL where it is no opinion.
    pub sql: Sql,
    pub sql_type: String,
    /// Conditions that make the row invalid, each with its reason.
    pub unfit: Vec<(Sql, String)>,
    pub clear: bool,
    pub required_on_create: bool,
    /// The ledger's column for the field (`v7`), or `None` where it has none yet.
    pub column: Option<LedgerColumn>,
    /// Mapped for the first time, or again after a gap.
    pub fresh: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerColumn {
    pub position: u32,
    pub sql_type: String,
    /// The mapping version that brought it.
    pub since: u32,
}
