//! The ledger's side of a run: opening it, marking rows in flight, keeping outcomes, merging them into entries.
//!
//! Order is the guarantee: the delta is durable before the first mark, a mark before its request leaves, an outcome before
//! its row counts as done; entries change only in `merge`, which may run at the end or at the next start.

use serde::{Deserialize, Serialize};

use crate::ir::change::Changes;
use crate::ir::mode::Mode;
use crate::ir::plan::{LedgerShape, Plan, Sql};
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

mod begin;
mod columns;
mod journal;
mod merge;
mod read;
mod scan;

pub use begin::{adopt, begin};
pub use journal::{mark, note, outcomes, unmark};
pub use merge::{finish, recover};
pub use read::{DeltaPages, assume, begin_settle, rejected, unclear, waiting_jobs};
pub use scan::{listed, look_up};

/// What a run writes into the ledger when it opens it.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    pub ledger: &'a Ledger,
    pub plan: &'a Plan,
    pub shape: &'a LedgerShape,
    pub run: OpenRun,
    pub target: String,
    pub mapping_digest: String,
    pub rows: u64,
    /// At most so many rows are offered; the rest stays owed.
    pub limit: Option<u64>,
    /// `--full` was asked for now: until every present row was offered, what is left goes whole.
    pub full: bool,
    /// Rows without an entry that are set aside get one, so that they are not held later.
    pub first_load: bool,
}

/// A run that is open in a ledger, kept there until its outcomes are merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenRun {
    pub run: String,
    pub mode: Mode,
    /// DuckDB's spelling, UTC.
    pub started: String,
    pub full_number: u32,
    pub mapping_version: u32,
    /// Positions whose NULL is sent.
    pub clears: Vec<u32>,
    /// Every identifier travels; otherwise the one in use.
    pub identify_all: bool,
    /// Rows of unclear outcome wait for `settle`.
    pub unclear_waits: bool,
    pub keys: usize,
    pub identifiers: usize,
}

impl OpenRun {
    /// The identifier at a place as a row's outcome makes it acknowledged: one that did not travel is not.
    fn identifier(&self, at: usize, row: &str) -> String {
        if self.identify_all || self.identifiers == 1 {
            return format!("{row}i{at}");
        }
        format!("CASE WHEN {row}which = {} THEN {row}i{at} END", at - 1)
    }
}

/// What the end of a run says beyond its rows.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Every row that the first load owed was offered.
    pub complete: bool,
    /// The sums of a source that was acknowledged whole.
    pub sums: Option<String>,
}

/// The delta of a run, now durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub rows: u64,
    /// From here on the rows are removals.
    pub first_removal: u64,
    /// Rows that a limit leaves for later.
    pub left: u64,
}

impl Delta {
    fn of(changes: &Changes, offered: u64, removals: u64) -> Delta {
        Delta {
            rows: offered + removals,
            first_removal: offered,
            left: changes.counts.to_send().saturating_sub(offered + removals),
        }
    }
}

/// The mapping version a run writes: that of the newest field, which is one more when a field is new.
pub fn mapping_version(plan: &Plan, shape: &LedgerShape) -> u32 {
    let newest = plan.fields.iter().map(|field| field.column.since).max().unwrap_or(0);
    newest.max(shape.mapping_version).max(1)
}

/// `k1, k2`, each with a prefix.
fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (1..=count).map(|at| format!("{prefix}{at}")).collect()
}

/// A list of positions as SQL.
fn list(positions: &[u32]) -> String {
    let items: Vec<String> = positions.iter().map(u32::to_string).collect();
    format!("CAST([{}] AS INTEGER[])", items.join(", "))
}

fn timestamp(text: &str) -> String {
    format!("TIMESTAMP {}", Sql::text(text))
}

/// The positions of the value columns (`d7` -> 7) of a table of the ledger.
fn positions(store: &Store, ledger: &Ledger, table: &str, letter: char) -> Result<Vec<u32>, StoreError> {
    let columns = store.describe(&format!("SELECT * FROM {}", ledger.table(table)))?;
    let mut positions: Vec<u32> =
        columns.iter().filter_map(|column| column.name.strip_prefix(letter)?.parse().ok()).collect();
    positions.sort_unstable();
    Ok(positions)
}
