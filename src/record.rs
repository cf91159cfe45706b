//! The ledger's side of a run: opening it, marking rows in flight, keeping outcomes, merging them into entries.
//!
//! Order is the guarantee: the delta is durable before the first mark, a mark before its request leaves, an outcome before
//! its row counts as done; entries change only in `merge`, which may run at the end or at the next start.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::ir::mode::Mode;
use crate::ir::plan::{LedgerShape, Plan, Sql};
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

mod begin;
mod columns;
mod journal;
mod lost;
mod merge;
mod read;
mod scan;

pub use begin::{adopt, begin};
pub use journal::{Events, keep};
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

/// Rows of the delta read at a time: enough that a query costs little, few enough that three pages can be held at once.
pub const PAGE: u64 = 8_192;
/// The numbers of removals begin here: above those of all other rows.
const REMOVALS: u64 = 1 << 40;

/// The delta of a run, now durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Additions and changes.
    pub offers: Part,
    /// They go out once the others are done.
    pub removals: Part,
    /// Rows that a limit leaves for later.
    pub left: u64,
}

/// A part of the delta that goes out at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub rows: u64,
    /// Their numbers, which have gaps.
    pub pages: Vec<Range<u64>>,
    /// Rows of the page that was begun last.
    filling: u64,
}

impl Delta {
    pub fn rows(&self) -> u64 {
        self.offers.rows + self.removals.rows
    }

    /// Adds a stretch of rows, the highest so far.
    fn add(&mut self, first: u64, last: u64, rows: u64) {
        let part = if first < REMOVALS { &mut self.offers } else { &mut self.removals };
        part.add(first, last, rows);
    }
}

impl Part {
    /// To the page before, where that has room.
    fn add(&mut self, first: u64, last: u64, rows: u64) {
        self.rows += rows;
        match self.pages.last_mut().filter(|_| self.filling + rows <= PAGE) {
            Some(page) => {
                page.end = last + 1;
                self.filling += rows;
            }
            None => {
                self.pages.push(first..last + 1);
                self.filling = rows;
            }
        }
    }
}

/// The mapping version a run writes: that of the newest field, which is one more when a field is new.
pub fn mapping_version(plan: &Plan, shape: &LedgerShape) -> u32 {
    let newest = plan.fields.iter().map(|field| field.column.since).max().unwrap_or(0);
    newest.max(shape.mapping_version).max(1)
}

/// Lines of the journal of these kinds, one for each row or request in place of one for each stretch that fared alike.
fn each(ledger: &Ledger, kinds: &[&str]) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| Sql::text(kind).0).collect();
    format!(
        "(SELECT * EXCLUDE (last, apart, number) \
         REPLACE (CAST(number AS UBIGINT) AS row, request + CASE WHEN apart THEN CAST(number - row AS UBIGINT) ELSE 0 END AS request) \
         FROM (SELECT *, unnest(range(CAST(row AS BIGINT), CAST(last AS BIGINT) + 1)) AS number FROM {} WHERE kind IN ({})))",
        ledger.table("journal"),
        kinds.join(", ")
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_rows_and_not_their_numbers() {
        let mut delta = Delta::default();
        delta.add(7, 8_000, 3_000);
        delta.add(2 * PAGE, 5 * PAGE, 5_000);
        delta.add(9 * PAGE, 10 * PAGE, 200);
        delta.add(REMOVALS + 4, REMOVALS + 900, 2);
        assert_eq!((delta.offers.rows, delta.removals.rows, delta.rows()), (8_200, 2, 8_202));
        assert_eq!(delta.offers.pages, [7..5 * PAGE + 1, 9 * PAGE..10 * PAGE + 1]);
        assert_eq!(delta.removals.pages.first(), Some(&(REMOVALS + 4..REMOVALS + 901)));
    }
}
