//! Custom attributes: names by the definition's rule, types by the mapping's word or by the column.

use super::scope::Scope;
use super::target::Target;
use super::{error, mapping};
use crate::diag::Problems;
use crate::ir::ast::Mapping;
use crate::ir::catalog::{Custom, CustomType, Field, Service};
use crate::ir::ident::FieldName;
use crate::ir::span::Span;
use crate::ir::spec::{FieldTarget, Settings};

pub fn target(
    scope: &Scope<'_>,
    target: &Target<'_>,
    name: &FieldName,
    span: Span,
    written: &Mapping,
    options: &Settings,
    problems: &mut Problems,
) -> Option<FieldTarget> {
    let custom = target.service.custom.as_ref()?;
    if !named_well(scope, target, custom, &name.to_string(), span, problems) {
        return None;
    }
    let Some(word) = mapping::word(options, "type") else { return Some(FieldTarget::CustomByFamily) };
    match custom.types.iter().find(|kind| kind.word == word) {
        Some(kind) => Some(FieldTarget::CustomTyped { word: word.to_string(), placement: kind.placement.clone() }),
        None => {
            let known = custom.types.iter().map(|kind| kind.word.as_str());
            problems.push(error::unknown_type(word, mapping::option_span(written, "type").unwrap_or(span), known));
            None
        }
    }
}

/// Types that a column's own type can lead to.
pub fn types(service: &Service) -> impl Iterator<Item = &CustomType> {
    service.custom.iter().flat_map(|custom| &custom.types).filter(|kind| !kind.ask)
}

fn named_well(
    scope: &Scope<'_>,
    target: &Target<'_>,
    custom: &Custom,
    name: &str,
    span: Span,
    problems: &mut Problems,
) -> bool {
    let is_it = |field: &&Field| field.names().any(|known| custom.same(known, name));
    if let Some(field) = target.service.fields.iter().find(is_it) {
        problems.push(error::custom_is_known(name, field, span, target));
        return false;
    }
    if custom.reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
        problems.push(error::custom_reserved(name, span, target));
        return false;
    }
    if !scope.fits(&custom.name, name) {
        problems.push(error::custom_name(scope, name, span, custom, target));
        return false;
    }
    true
}
