//! Values that a destination takes and makes something else of: counted before they are sent for the first time.

use super::filters;
use crate::ir::plan::{Plan, PlannedField, Sql};
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

/// What is to be told of a field's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub field: String,
    pub says: String,
    pub values: u64,
    /// Values there are.
    pub of: u64,
}

/// Looks at the fields whose definition warns of some values and of which the destination knows nothing yet (`first`: it
/// knows nothing of any). Later the harm is done, or none was.
pub fn cautions(store: &Store, plan: &Plan, first: bool) -> Result<Vec<Found>, StoreError> {
    let new = plan.fields.iter().filter(|field| first || field.column.fresh);
    let asked: Vec<_> =
        new.flat_map(|field| field.placement.warn.iter().map(move |caution| (field, caution))).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let counts: Vec<String> = asked.iter().map(|(field, caution)| counted(field, &caution.pattern)).collect();
    let sql = format!("SELECT {} FROM {} WHERE {}", counts.join(", "), plan.relation, filters(plan));
    let counts: Vec<u64> = store.row(&sql)?.iter().map(number).collect();
    let found = asked.into_iter().zip(counts.chunks(2)).filter_map(|((field, caution), counts)| match counts {
        [values, of] if *values > 0 => {
            Some(Found { field: field.name.clone(), says: caution.says.clone(), values: *values, of: *of })
        }
        _ => None,
    });
    Ok(found.collect())
}

fn counted(field: &PlannedField, pattern: &str) -> String {
    let text = format!("CAST({} AS VARCHAR)", field.sql);
    let matches = format!("regexp_matches({text}, {})", Sql::text(pattern));
    format!("count(*) FILTER ({matches}), count({text})")
}

fn number(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or_default(),
        _ => 0,
    }
}
