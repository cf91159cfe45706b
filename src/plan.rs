//! From an activation and what is known of its columns and its ledger to SQL for keys, identifiers and values. Pure.
//!
//! Values are typed here as the destination will get them, so that what is compared is what would be sent.

use std::collections::HashMap;

use crate::diag::{Problem, Problems};
use crate::ir::account::Account;
use crate::ir::ast::Expr;
use crate::ir::catalog::{ANY, Clear, Identifier, Placement, Repeat};
use crate::ir::facts::ColumnFacts;
use crate::ir::plan::{
    LedgerColumn, LedgerShape, Plan, PlannedField, PlannedIdentifier, PlannedKey, Sql, UnclearPolicy,
};
use crate::ir::span::Span;
use crate::ir::spec::{Activation, FieldMapping, FieldTarget};
use crate::ir::value::Family;

mod account;
mod error;
mod limits;
mod objects;
mod route;
mod value;

/// Types of expressions over the loaded model, by the place they stand at.
pub type ExprTypes = HashMap<Span, String>;

/// What the loaded model looks like.
pub struct Loaded<'a> {
    /// The table, quoted.
    pub relation: Sql,
    pub columns: &'a [ColumnFacts],
    pub types: &'a ExprTypes,
    /// What the destination's account says of fields that only it knows; `None` where it was not asked.
    pub account: Option<&'a Account>,
}

pub fn plan(activation: &Activation, loaded: &Loaded<'_>, shape: &LedgerShape) -> (Plan, Problems) {
    let mut problems = Problems::default();
    conditions(activation, loaded, &mut problems);
    let fields = fields(activation, loaded, shape, &mut problems);
    let plan = Plan {
        activation: activation.name.clone(),
        mode: activation.mode,
        relation: loaded.relation.clone(),
        filters: activation.dataset.filters.iter().map(|filter| Sql::expr(&filter.text)).collect(),
        keys: keys(activation, loaded, shape, &mut problems),
        identifiers: identifiers(activation, loaded.account, &mut problems),
        identify_all: activation.identify_all,
        fields,
        hold_new_rows: activation.hold_new_rows,
        insert_again: activation.insert_again,
        absent_retry_days: activation.service.absent_retry_days,
        unclear: unclear_policy(activation),
        wake: Vec::new(),
    };
    (plan, problems)
}

fn keys(activation: &Activation, loaded: &Loaded<'_>, shape: &LedgerShape, problems: &mut Problems) -> Vec<PlannedKey> {
    let mut keys = Vec::new();
    for (name, span) in activation.key.iter().zip(&activation.key_spans) {
        match loaded.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)) {
            Some(column) => {
                problems.0.extend(key_type_changed(activation, *span, column, shape));
                keys.push(PlannedKey {
                    name: name.clone(),
                    sql: Sql::name(&column.name),
                    sql_type: column.sql_type.clone(),
                });
            }
            None => problems.push(error::unknown_key(name, *span, loaded.columns)),
        }
    }
    keys
}

/// A wider number is the same key; text in place of a number is not, and would make every row look new.
fn key_type_changed(activation: &Activation, span: Span, column: &ColumnFacts, shape: &LedgerShape) -> Option<Problem> {
    if activation.mode.is_set() {
        return None;
    }
    let (_, held) = shape.keys.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.name))?;
    (Family::of(held) != Family::of(&column.sql_type)).then(|| error::key_type(activation, span, column, held))
}

/// What DuckDB would only refuse at the first row whose text is no boolean.
fn conditions(activation: &Activation, loaded: &Loaded<'_>, problems: &mut Problems) {
    for filter in &activation.dataset.filters {
        let Some(sql_type) = loaded.types.get(&filter.span) else { continue };
        let fits = matches!(Family::of(sql_type), Family::Boolean | Family::Number) || sql_type.contains("NULL");
        if !fits {
            problems.push(error::no_condition(filter, sql_type));
        }
    }
}

fn identifiers(activation: &Activation, account: Option<&Account>, problems: &mut Problems) -> Vec<PlannedIdentifier> {
    let service = &activation.service;
    let mut planned = Vec::new();
    for mapping in &activation.identify {
        let Some(identifier) = service.identifier(&mapping.name) else { continue };
        let mut one = planned_identifier(&mapping.name, &mapping.expr, identifier);
        if identifier.name == ANY && service.account_fields.is_some() {
            match account.map(|account| account::field(account, &mapping.name, mapping.span)).transpose() {
                Ok(field) => one.id = field.map(|field| field.id.clone()),
                Err(problem) => problems.push(problem),
            }
        }
        planned.push(one);
    }
    planned
}

/// `name` is the one in use: the definition's may stand for any.
fn planned_identifier(name: &str, expr: &Expr, identifier: &Identifier) -> PlannedIdentifier {
    let text = Sql(format!("CAST({} AS VARCHAR)", Sql::expr(&expr.text)));
    let normalised = text.normalised(&identifier.normalise);
    let sql = if identifier.refuse.is_empty() {
        Sql(format!("nullif({normalised}, '')"))
    } else {
        let words: Vec<String> = identifier.refuse.iter().map(|word| Sql::text(&word.to_lowercase()).0).collect();
        Sql(format!("CASE WHEN lower({normalised}) IN ('', {}) THEN NULL ELSE {normalised} END", words.join(", ")))
    };
    let refused = identifier.refuse_patterns.iter().map(|refused| {
        let condition = format!("coalesce(regexp_matches({sql}, {}), false)", Sql::text(&refused.pattern));
        (Sql(condition), refused.reason.clone())
    });
    let unfit = refused.chain(limits::text(&sql, &identifier.placement)).collect();
    PlannedIdentifier { name: name.to_string(), id: None, sql, normalise: identifier.normalise.clone(), unfit }
}

fn fields(
    activation: &Activation,
    loaded: &Loaded<'_>,
    shape: &LedgerShape,
    problems: &mut Problems,
) -> Vec<PlannedField> {
    let mut next = shape.fields.iter().map(|field| field.position).max().unwrap_or(0) + 1;
    let mut planned: Vec<(&FieldMapping, PlannedField)> = Vec::new();
    for mapping in &activation.fields {
        let Some(sql_type) = loaded.types.get(&mapping.expr.span) else { continue };
        match field(activation, mapping, sql_type, loaded.account, shape, &mut next) {
            Ok(field) => planned.push((mapping, field)),
            Err(problem) => problems.push(problem),
        }
    }
    problems.0.extend(account::same_twice(&planned));
    planned.into_iter().map(|(_, field)| field).collect()
}

fn field(
    activation: &Activation,
    mapping: &FieldMapping,
    sql_type: &str,
    account: Option<&Account>,
    shape: &LedgerShape,
    next: &mut u32,
) -> Result<PlannedField, Problem> {
    let placement = placement(activation, mapping, sql_type, account)?;
    if mapping.clear && placement.clear == Clear::Never {
        return Err(error::cannot_clear(mapping));
    }
    let typed = value::typed(&mapping.expr, sql_type, &placement)
        .map_err(|wanted| error::type_mismatch(mapping, sql_type, &wanted))?;
    let mut field = PlannedField {
        name: mapping.name.to_string(),
        custom: mapping.target.is_custom(),
        create: mapping.create,
        column: column(mapping, shape, next),
        placement,
        sql: typed.sql,
        sql_type: typed.sql_type,
        unfit: typed.unfit,
        clear: mapping.clear,
        required_on_create: mapping.required_on_create,
    };
    written_otherwise(&mut field, shape);
    Ok(field)
}

/// A destination may take the same value under another wire type for another attribute (`date(seen)` beside `seen`): a field
/// that is written otherwise than before owes every row, like one newly mapped.
fn written_otherwise(field: &mut PlannedField, shape: &LedgerShape) {
    let position = field.column.position;
    let before = shape.fields.iter().find(|held| held.position == position && held.mapped);
    if before.and_then(|held| held.wire.as_ref()).is_some_and(|wire| *wire != field.wire()) {
        field.column.since = shape.mapping_version + 1;
        field.column.fresh = true;
    }
}

fn placement(
    activation: &Activation,
    mapping: &FieldMapping,
    sql_type: &str,
    account: Option<&Account>,
) -> Result<Placement, Problem> {
    let family = Family::of(sql_type);
    let placement = match &mapping.target {
        FieldTarget::Known(placement) => account::chosen(placement.clone(), mapping, account),
        FieldTarget::CustomTyped { placement, .. } => placement.clone(),
        FieldTarget::Account => account::placement(activation, mapping, family, account)?,
        FieldTarget::CustomByFamily => {
            let types = activation.service.custom.iter().flat_map(|custom| &custom.types);
            let found = types.filter(|custom| !custom.ask).find(|custom| custom.families.contains(&family));
            found.map(|custom| custom.placement.clone()).ok_or_else(|| error::no_custom_type(mapping, sql_type))?
        }
    };
    if placement.from.is_empty() || placement.from.contains(&family) {
        Ok(placement)
    } else {
        Err(error::family_refused(mapping, sql_type, &placement.from))
    }
}

fn column(mapping: &FieldMapping, shape: &LedgerShape, next: &mut u32) -> LedgerColumn {
    let name = mapping.name.to_string();
    let custom = mapping.target.is_custom();
    match shape.fields.iter().find(|field| field.name == name && field.custom == custom) {
        Some(field) => LedgerColumn {
            position: field.position,
            sql_type: Some(field.sql_type.clone()),
            since: if field.mapped { field.since } else { shape.mapping_version + 1 },
            fresh: !field.mapped,
        },
        None => {
            *next += 1;
            LedgerColumn { position: *next - 1, sql_type: None, since: shape.mapping_version + 1, fresh: true }
        }
    }
}

/// The most careful of the mode's writing calls decides.
pub fn unclear_policy(activation: &Activation) -> UnclearPolicy {
    let calls = route::writing_calls(activation, activation.mode);
    let repeats: Vec<&Repeat> = calls.iter().map(|call| &call.repeat).collect();
    if repeats.contains(&&Repeat::Never) {
        UnclearPolicy::Wait
    } else if repeats.iter().any(|repeat| matches!(repeat, Repeat::After(_))) {
        UnclearPolicy::LookFirst
    } else {
        UnclearPolicy::SendAgain
    }
}
