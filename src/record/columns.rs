//! A ledger's value columns, brought in step with the mapping.

use crate::ir::plan::{LedgerShape, Plan, PlannedField, Sql};
use crate::store::ledger::Ledger;
use crate::store::{Store, StoreError};

/// Adds, resets and retypes columns. Each statement may be run again after a crash.
pub fn align(store: &Store, ledger: &Ledger, plan: &Plan, shape: &LedgerShape) -> Result<(), StoreError> {
    let fresh: Vec<&PlannedField> = plan.fields.iter().filter(|field| field.column.fresh).collect();
    if !fresh.is_empty() {
        let parked = ledger.has(store, "parked")?;
        fresh.iter().try_for_each(|field| open(store, ledger, field, parked))?;
        store.transaction(&noted(ledger, &fresh))?;
    }
    for field in plan.fields.iter().filter(|field| !field.column.fresh) {
        if field.column.sql_type.as_deref() != Some(field.sql_type.as_str()) {
            retype(store, ledger, field)?;
        }
    }
    note_wires(store, ledger, plan, shape)?;
    close_unmapped(store, ledger, plan, shape)
}

fn open(store: &Store, ledger: &Ledger, field: &PlannedField, parked: bool) -> Result<(), StoreError> {
    let position = field.column.position;
    let entry = ledger.table("entry");
    store.execute(&format!("ALTER TABLE {entry} ADD COLUMN IF NOT EXISTS v{position} {}", field.sql_type))?;
    if parked {
        let parked = ledger.table("parked");
        store.execute(&format!("ALTER TABLE {parked} ADD COLUMN IF NOT EXISTS d{position} {}", field.sql_type))?;
    }
    if field.column.sql_type.is_none() {
        return Ok(());
    }
    retype(store, ledger, field)?;
    // Mapped again after a gap, or written otherwise: what was acknowledged or refused before says nothing about now.
    store.execute(&format!(
        "UPDATE {entry} SET v{position} = NULL, refused = CASE WHEN refused IS NULL THEN NULL ELSE \
         map_from_entries(list_filter(map_entries(refused), lambda x: x.key <> {position})) END"
    ))?;
    match parked {
        true => store.execute(&format!("UPDATE {} SET d{position} = NULL", ledger.table("parked"))),
        false => Ok(()),
    }
}

/// Statements that note what the ledger holds of these fields from now on.
fn noted(ledger: &Ledger, fields: &[&PlannedField]) -> [String; 2] {
    let table = ledger.table("field");
    let positions: Vec<String> = fields.iter().map(|field| field.column.position.to_string()).collect();
    let line = |field: &&PlannedField| {
        format!(
            "({}, {}, {}, {}, {}, true, {})",
            field.column.position,
            Sql::text(&field.name),
            field.custom,
            Sql::text(&field.sql_type),
            field.column.since,
            Sql::text(&field.wire())
        )
    };
    let lines: Vec<String> = fields.iter().map(line).collect();
    [
        format!("DELETE FROM {table} WHERE position IN ({})", positions.join(", ")),
        format!("INSERT INTO {table} VALUES {}", lines.join(", ")),
    ]
}

/// A ledger that did not keep how fields went out learns it now.
fn note_wires(store: &Store, ledger: &Ledger, plan: &Plan, shape: &LedgerShape) -> Result<(), StoreError> {
    for held in shape.fields.iter().filter(|held| held.wire.is_none()) {
        let field = plan.fields.iter().find(|field| field.column.position == held.position);
        if let Some(field) = field {
            store.execute(&format!(
                "UPDATE {} SET wire = {} WHERE position = {}",
                ledger.table("field"),
                Sql::text(&field.wire()),
                held.position
            ))?;
        }
    }
    Ok(())
}

fn retype(store: &Store, ledger: &Ledger, field: &PlannedField) -> Result<(), StoreError> {
    let position = field.column.position;
    let sql_type = &field.sql_type;
    for (table, column) in [("entry", format!("v{position}")), ("parked", format!("d{position}"))] {
        if ledger.has(store, table)? {
            let table = ledger.table(table);
            store.execute(&format!(
                "ALTER TABLE {table} ALTER {column} TYPE {sql_type} USING try_cast({column} AS {sql_type})"
            ))?;
        }
    }
    store.execute(&format!(
        "UPDATE {} SET sql_type = {} WHERE position = {position}",
        ledger.table("field"),
        Sql::text(sql_type)
    ))
}

fn close_unmapped(store: &Store, ledger: &Ledger, plan: &Plan, shape: &LedgerShape) -> Result<(), StoreError> {
    let mapped: Vec<u32> = plan.fields.iter().map(|field| field.column.position).collect();
    for field in shape.fields.iter().filter(|field| field.mapped && !mapped.contains(&field.position)) {
        let fields = ledger.table("field");
        store.execute(&format!("UPDATE {fields} SET mapped = false WHERE position = {}", field.position))?;
    }
    Ok(())
}
