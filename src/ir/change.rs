//! The difference between what is wanted and what was acknowledged: counts for people, rows for delivery.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::mode::ChangeKind;
use super::offer::Offer;
use super::value::Value;

/// Of rows that `Counts::retried` counts, for people.
pub const RETRIED: &str = "tried again: set aside, refused, failed or unclear before";

/// What a comparison found, before anything is sent. All counts are of rows (set modes: of identifiers).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Rows the source gave.
    pub rows: u64,
    /// Rows that can be offered: not set aside.
    pub deliverable: u64,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
    /// Rows that only owe fields mapped since they were last sent.
    pub remapped: u64,
    /// Rows sent again whole because of `--full`, and not counted above.
    pub resent: u64,
    /// Rows offered again after they were set aside, refused, failed or unclear, and not counted above.
    pub retried: u64,
    pub unchanged: u64,
    /// New rows that `mode update` holds back.
    pub held: u64,
    /// Rows waiting for a vendor's job.
    pub pending: u64,
    /// Rows whose outcome nobody knows and that may not be repeated.
    pub unclear: u64,
    /// Rows the destination does not have.
    pub absent: u64,
    /// Entries whose row left a records-mode source: nothing is sent.
    pub gone: u64,
    /// Rows whose identifier changed: written as another contact.
    pub reidentified: u64,
    pub unidentified: u64,
    /// All rows of groups that share a key or, where a contact has one row, an identifier.
    pub duplicates: u64,
    /// Rows less distinct keys, of rows that have one.
    pub surplus: u64,
    /// Rows less distinct identifiers, of rows whose key is their own.
    pub shared: u64,
    pub null_keys: u64,
    /// Rows set aside for any reason but a missing identifier.
    pub invalid: u64,
    /// Fields that go without the value wanted, since the destination refused that very value before.
    pub refused: u64,
    /// Removals not sent because the source holds rows without a key.
    pub removals_held_back: u64,
    /// Entries of the ledger before the run.
    pub entries: u64,
}

impl Counts {
    /// Rows to send, were there no limit.
    pub fn to_send(&self) -> u64 {
        self.added + self.changed + self.removed + self.remapped + self.resent + self.retried
    }
}

/// Why a run sends whole what it would otherwise send in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    NoLedger {
        path: String,
    },
    /// The first run has not offered every row yet.
    BaselineOpen,
    FullAsked,
    FullInterrupted,
    Remapped {
        fields: Vec<String>,
    },
    TypeChanged {
        field: String,
        from: String,
        to: String,
        /// It is another type at the destination, too: every row owes it.
        #[serde(default)]
        written_otherwise: bool,
    },
    ModeChanged {
        from: String,
        to: String,
    },
}

/// A row the engine refuses before sending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aside {
    pub key: String,
    pub identifier: Option<String>,
    pub reason: String,
}

/// Rows to send that take the same way through a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    pub kind: ChangeKind,
    /// The identifier in use, by its position.
    pub which: usize,
    /// The ledger knows their ids at the destination.
    pub has_remote_id: bool,
    /// A look-up comes before their route.
    pub look_first: bool,
    pub rows: u64,
}

/// A changed row for a person to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub offer: Offer,
    pub key: String,
    /// By position of the mapped field: the acknowledged value.
    pub old: Vec<Value>,
}

/// The result of a comparison. The rows themselves stay in DuckDB, in the delta table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub counts: Counts,
    /// What is to be done about rows, as the comparison calls it.
    pub actions: BTreeSet<String>,
    /// Fields owed, by target name.
    pub by_field: BTreeMap<String, u64>,
    /// Sums over the rows of the source, where the comparison took them.
    pub sums: Option<String>,
    /// Rows in the delta table, additions and changes first, removals last.
    pub delta_rows: u64,
    pub first_removal: u64,
}
