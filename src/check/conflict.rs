//! Two activations that write one field would overwrite each other for ever.

use std::collections::BTreeMap;

use super::error;
use crate::diag::Problems;
use crate::ir::spec::{Activation, FieldMapping};

pub fn shared_fields(activations: &[Activation], problems: &mut Problems) {
    let mut writers: BTreeMap<(String, String), Vec<(&Activation, &FieldMapping)>> = BTreeMap::new();
    for activation in activations {
        for field in &activation.fields {
            writers.entry((records(activation), name(activation, field))).or_default().push((activation, field));
        }
    }
    for writers in writers.values().filter(|writers| writers.len() > 1) {
        let Some(at) = writers.iter().rposition(|(_, field)| !field.shared) else { continue };
        let other = if at == 0 { 1 } else { 0 };
        problems.push(error::field_written_twice(writers[at], writers[other]));
    }
}

fn name(activation: &Activation, field: &FieldMapping) -> String {
    let folds = activation.service.custom.as_ref().is_some_and(|custom| custom.fold_case);
    let name = field.name.to_string();
    if folds && field.target.is_custom() { name.to_lowercase() } else { name }
}

/// Which records are written: those of another list or contact type are others.
fn records(activation: &Activation) -> String {
    let identity = activation.service.options.iter().filter(|option| option.identity);
    let identity: Vec<String> = identity
        .map(|option| activation.options.plain(&option.name).map_or_else(String::new, ToString::to_string))
        .collect();
    format!("{}.{} {}", activation.connection, activation.service.name, identity.join(" "))
}
