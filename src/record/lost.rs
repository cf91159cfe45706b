//! Rows in flight that nobody answered for: the run ended first.

use super::{each, timestamp};
use crate::ir::plan::Sql;
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

const CUT_SHORT: &str = "the run ended before the answer came";

/// What ends a row's flight.
const ENDED: [&str; 2] = ["outcome", "spared"];

/// Whether there are any. Nearly always there are none, which shows stretch by stretch: a flight lies within answers that
/// follow one another without a gap. Row by row it took a fifteenth of a first send.
pub fn any(store: &Store, ledger: &Ledger) -> Result<bool, StoreError> {
    let (journal, ended) = (ledger.table("journal"), ENDED.map(|kind| Sql::text(kind).0).join(", "));
    let found = store.number(&format!(
        "WITH ended AS (SELECT row, last, max(last) OVER (ORDER BY row, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) \
         AS before FROM {journal} WHERE kind IN ({ended})), \
         numbered AS (SELECT row, last, sum(CASE WHEN row <= before + 1 THEN 0 ELSE 1 END) OVER (ORDER BY row, last) AS piece FROM ended), \
         whole AS (SELECT min(row) AS row, max(last) AS last FROM numbered GROUP BY piece) \
         SELECT count(*) FROM (SELECT row, last FROM {journal} WHERE kind = 'flight') f \
         ASOF LEFT JOIN whole w ON f.row >= w.row WHERE w.last IS NULL OR w.last < f.last"
    ))?;
    Ok(found > 0)
}

pub fn count(store: &Store, ledger: &Ledger) -> Result<u64, StoreError> {
    match any(store, ledger)? {
        true => store.number(&format!("SELECT count(*) FROM ({})", rows(ledger))),
        false => Ok(0),
    }
}

/// The statement that says of each that nobody knows.
pub fn told(ledger: &Ledger, now: &str) -> String {
    format!(
        "INSERT INTO {} BY NAME SELECT 'outcome' AS kind, row, row AS last, request, 'unclear' AS verdict, {} AS reason, \
         false AS warning, false AS sent_all, false AS unsent, {} AS noted_at FROM ({})",
        ledger.table("journal"),
        Sql::text(CUT_SHORT),
        timestamp(now),
        rows(ledger)
    )
}

fn rows(ledger: &Ledger) -> String {
    format!(
        "SELECT row, max(request) AS request FROM {} WHERE row NOT IN (SELECT row FROM {}) GROUP BY row",
        each(ledger, &["flight"]),
        each(ledger, &ENDED)
    )
}
