//! Fields that only the account knows: their place and type by what it says, and labels of choices as the ids that are sent.

use super::error;
use crate::diag::Problem;
use crate::ir::account::{Account, AccountField, Choice};
use crate::ir::catalog::{Clear, Digits, Placement, Wire};
use crate::ir::plan::PlannedField;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, FieldMapping};
use crate::ir::value::Family;

/// The account's field that the pipeline calls so.
pub fn field<'a>(account: &'a Account, name: &str, span: Span) -> Result<&'a AccountField, Problem> {
    account.fields.get(name).ok_or_else(|| error::no_such_field(account, name, span))
}

/// Where a field of the account goes. Unasked, it is taken for what the column is.
pub fn placement(
    activation: &Activation,
    mapping: &FieldMapping,
    family: Family,
    account: Option<&Account>,
) -> Result<Placement, Problem> {
    let Some(known) = account else { return Ok(unseen(family)) };
    let field = field(known, &mapping.name.to_string(), mapping.span)?;
    let mut types = activation.service.account_fields.iter().flat_map(|fields| &fields.types);
    let found = types.find(|(word, _)| *word == field.kind);
    let (_, placement) = found.ok_or_else(|| error::closed_field(mapping, &field.kind))?;
    let id = field.id.replace('~', "~0").replace('/', "~1");
    Ok(chosen(Placement { at: placement.at.replace("{id}", &id), ..placement.clone() }, mapping, account))
}

fn unseen(family: Family) -> Placement {
    let wire = match family {
        Family::Text => Wire::Text,
        Family::Number => Wire::Number,
        Family::Boolean => Wire::Boolean,
        Family::Date => Wire::Date,
        Family::Timestamp => Wire::DatetimeUtc,
        Family::Texts => Wire::List,
        Family::Json => Wire::Json,
    };
    Placement {
        at: "/{name}".to_string(),
        wire,
        words: Vec::new(),
        values: Vec::new(),
        min: None,
        max: None,
        max_items: None,
        digits: Digits::default(),
        between: None,
        pattern: None,
        pattern_help: None,
        skip_null: false,
        needs: Vec::new(),
        clear: Clear::EmptyText,
        native: None,
        from: Vec::new(),
        choices: None,
        warn: Vec::new(),
    }
}

/// The placement with what the account lets one choose: ids are the only values, labels other words for them.
pub fn chosen(placement: Placement, mapping: &FieldMapping, account: Option<&Account>) -> Placement {
    let choices = account.and_then(|account| account.choices.get(&mapping.name.to_string()));
    let Some(choices) = choices.filter(|_| placement.choices.is_some()) else { return placement };
    Placement {
        values: choices.iter().map(|choice| choice.id.as_str().into()).collect(),
        words: choices.iter().filter(|choice| tells(choice, choices)).map(word).collect(),
        ..placement
    }
}

/// A label that two choices have tells nobody which of them is meant.
fn tells(choice: &Choice, all: &[Choice]) -> bool {
    let label = choice.label.to_lowercase();
    !label.is_empty() && all.iter().filter(|other| other.label.to_lowercase() == label).count() == 1
}

fn word(choice: &Choice) -> (String, serde_json::Value) {
    (choice.label.clone(), choice.id.as_str().into())
}

/// Two mappings that turn out to mean one field, by different names.
pub fn same_twice(planned: &[(&FieldMapping, PlannedField)]) -> Vec<Problem> {
    let pairs = planned.iter().enumerate().filter_map(|(at, (again, field))| {
        let same = |(_, other): &&(&FieldMapping, PlannedField)| {
            !field.custom
                && !other.custom
                && other.placement.at == field.placement.at
                && !field.placement.at.contains('{')
        };
        let (first, _) = planned[..at].iter().find(same)?;
        Some(error::field_twice(again, first))
    });
    pairs.collect()
}
