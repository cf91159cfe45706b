//! What is sent of people, and what becomes of it at the destination.

use std::collections::BTreeMap;

use super::{Project, Rule};
use crate::diag::Problem;
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, FieldMapping, FieldTarget, FileFormat, FileOption, Model, Query};

pub const CONSTANT_CONSENT: Rule = Rule {
    code: "lint::constant_consent",
    look: |project| {
        let consents = mapped(project).filter(|(activation, field)| {
            activation.service.field(&field.name.to_string()).is_some_and(|known| known.consent)
        });
        let told = |(_, field): (&Activation, &FieldMapping)| {
            let facts = project.facts.of(&field.expr)?;
            let constant = facts.columns.is_empty() && !field.expr.text.trim().eq_ignore_ascii_case("null");
            let message = format!("`{}` says of everybody the same, whatever they agreed to", field.name);
            let help = "map a column that holds what each of them said";
            constant.then(|| CONSTANT_CONSENT.finds(message, field.expr.span).help(help))
        };
        consents.filter_map(told).collect()
    },
};

pub const LOCKED_TYPE: Rule = Rule {
    code: "lint::locked_type",
    look: |project| {
        let mut locked: BTreeMap<&DatasetName, Vec<&FieldMapping>> = BTreeMap::new();
        for (activation, field) in mapped(project).filter(|(activation, field)| locks(activation, field)) {
            locked.entry(&activation.dataset.model).or_default().push(field);
        }
        let of_model = |(name, fields): (&&DatasetName, &Vec<&FieldMapping>)| {
            guesses(project, project.spec.models.get(*name)?, fields)
        };
        locked.iter().filter_map(of_model).collect()
    },
};

/// Whether the first value that the destination sees settles the field's type.
fn locks(activation: &Activation, field: &FieldMapping) -> bool {
    let locks = activation.service.custom.as_ref().is_some_and(|custom| custom.locks);
    locks && matches!(field.target, FieldTarget::CustomByFamily)
}

/// Of a model that is a file: what another day's file may lead to another guess of.
fn guesses(project: &Project<'_>, model: &Model, locked: &[&FieldMapping]) -> Option<Problem> {
    let Query::File { format, options, span, .. } = &model.query else { return None };
    let typed = |column: &str| options.iter().any(|(name, option)| settles(name, option, column));
    let lone = locked.iter().filter_map(|field| Some((lone_column(project, field)?, field.span)));
    let guessed: BTreeMap<&str, Span> = lone.filter(|(column, _)| !typed(column)).collect();
    let (first, place) = guessed.first_key_value().filter(|_| *format != FileFormat::Parquet)?;
    let names: Vec<String> = guessed.keys().map(|column| format!("`{column}`")).collect();
    let (noun, verb) = if names.len() == 1 { ("type", "is") } else { ("types", "are") };
    let names = names.join(", ");
    let message =
        format!("the {noun} of {names} {verb} guessed from the file, and the destination keeps the first it sees");
    let of_column = |column: &&ColumnFacts| column.name.eq_ignore_ascii_case(first);
    let known = project.columns.and_then(|columns| columns.get(&model.name)?.iter().find(of_column));
    let word = known.map_or("...".to_string(), |column| column.sql_type.to_lowercase());
    let said = format!("say them, as in `types {{ {first} = \"{word}\" }}`");
    let help = format!("{said}: a file of another day may be guessed otherwise");
    Some(LOCKED_TYPE.finds(message, *span).label(*place, "kept for good").help(help))
}

fn lone_column<'a>(project: &Project<'a>, field: &FieldMapping) -> Option<&'a str> {
    let (column, _) = project.facts.of(&field.expr)?.columns.first()?;
    field.expr.text.trim().trim_matches('"').eq_ignore_ascii_case(column).then_some(column)
}

fn settles(name: &str, option: &FileOption, column: &str) -> bool {
    match option {
        FileOption::Types(types) => types.iter().any(|(typed, _)| typed.eq_ignore_ascii_case(column)),
        FileOption::Bool(all) => name == "all_varchar" && *all,
        _ => false,
    }
}

fn mapped<'a>(project: &Project<'a>) -> impl Iterator<Item = (&'a Activation, &'a FieldMapping)> {
    project.spec.activations.iter().flat_map(|one| one.fields.iter().map(move |field| (one, field)))
}
