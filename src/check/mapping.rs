//! `map { ... }` and `custom { ... }`: which value goes into which field.

use serde_json::Value as Json;

use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use super::target::Target;
use super::{custom, error, expr};
use crate::diag::Problems;
use crate::ir::ast::{Expr, MapBlock, Mapping};
use crate::ir::catalog::{Clear, Dots, Placement, Service, Wire};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::FieldName;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{FieldMapping, FieldTarget, IdentifierMapping, Settings};
use crate::ir::vocabulary::mapping_options;

/// A `map` or a `custom`.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub written: &'a MapBlock,
    pub custom: bool,
}

/// What mappings are checked against.
pub struct Against<'a> {
    pub scope: &'a Scope<'a>,
    pub target: Option<&'a Target<'a>>,
    pub columns: Option<&'a [ColumnFacts]>,
    /// Fields that a create needs.
    pub required: Vec<Required>,
    pub identify_all: bool,
}

/// A field that a create needs.
pub struct Required {
    pub name: String,
    /// Where the pipeline itself says so.
    pub asked: Option<Span>,
}

pub fn resolve(
    against: &Against<'_>,
    mode: Option<Mode>,
    blocks: &[Block<'_>],
    problems: &mut Problems,
) -> Vec<FieldMapping> {
    if mode.is_some_and(|mode| has_no_fields(mode, against.target)) {
        return Vec::new();
    }
    let mut fields: Vec<FieldMapping> = Vec::new();
    for block in blocks {
        if let Some(target) = against.target.filter(|target| block.custom && target.service.custom.is_none()) {
            problems.push(error::no_custom(block.written, target));
            continue;
        }
        for written in &block.written.mappings {
            let Some(field) = one(against, written, block.custom, problems) else { continue };
            match fields.iter().find(|other| overlap(&other.name, &field.name) || is_one(against, other, &field)) {
                Some(first) => problems.push(error::field_twice(&field, first)),
                None => fields.push(field),
            }
        }
    }
    let limit = against.target.and_then(|target| Some((target, target.service.max_fields?)));
    if let Some((target, max)) = limit.filter(|(_, max)| fields.len() > *max as usize) {
        problems.push(error::too_many_fields(&fields[max as usize], fields.len(), max, target));
    }
    fields
}

/// Membership is a matter of identifiers alone, unless the service says otherwise.
fn has_no_fields(mode: Mode, target: Option<&Target<'_>>) -> bool {
    mode == Mode::Membership && target.is_some_and(|target| !target.service.membership_fields)
}

/// The same field, or an object and a part of it.
fn overlap(one: &FieldName, other: &FieldName) -> bool {
    one.0.iter().zip(&other.0).all(|(a, b)| a == b)
}

/// One custom attribute, spelt in two ways.
fn is_one(against: &Against<'_>, one: &FieldMapping, other: &FieldMapping) -> bool {
    let custom = against.target.and_then(|target| target.service.custom.as_ref());
    let both = one.target.is_custom() && other.target.is_custom();
    both && custom.is_some_and(|custom| custom.same(&one.name.to_string(), &other.name.to_string()))
}

/// The target as written, or the column's name in the short form.
pub fn written_target(written: &Mapping) -> Option<(Vec<String>, Span)> {
    if let Some(path) = &written.target {
        return Some((path.parts.iter().map(|part| part.name.clone()).collect(), path.span));
    }
    written.column.as_ref().map(|column| (vec![column.name.clone()], column.span))
}

fn one(against: &Against<'_>, written: &Mapping, custom: bool, problems: &mut Problems) -> Option<FieldMapping> {
    expr::check(against.scope, &written.expr, against.columns, problems);
    let options = options(against.scope, written, custom, problems);
    let (parts, span) = written_target(written)?;
    let target = against.target?;
    let name = match target.service.dots {
        Dots::Nest => FieldName(parts),
        Dots::Name => FieldName::flat(&parts.join(".")),
    };
    let (name, goal) = if custom {
        (name.clone(), custom::target(against.scope, target, &name, span, written, &options, problems)?)
    } else {
        known(target, name, span, problems)?
    };
    let clear = word(&options, "null") == Some("clear");
    if clear && !clears(&goal, &target.service) {
        problems.push(error::cannot_clear(&name, option_span(written, "null").unwrap_or(span), target));
    }
    if let FieldTarget::Known(placement) = &goal {
        constant(against.scope, &written.expr, placement, &name, problems);
    }
    let text = name.to_string();
    Some(FieldMapping {
        expr: written.expr.clone(),
        span,
        target: goal,
        clear,
        shared: flag(&options, "shared").unwrap_or(false),
        create: flag(&options, "create").unwrap_or(true),
        required_on_create: against.required.iter().any(|required| required.name == text),
        name,
    })
}

/// A text that is the same for every row, and that the field takes of none.
fn constant(scope: &Scope<'_>, expr: &Expr, placement: &Placement, name: &FieldName, problems: &mut Problems) {
    let inner = expr.text.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let Some(text) = inner.filter(|text| !text.is_empty() && !text.contains('\'')) else { return };
    if placement.wire != Wire::Text {
        return;
    }
    let is_word = placement.words.iter().any(|(word, _)| word.eq_ignore_ascii_case(text));
    let is_value = placement.values.is_empty() || placement.values.iter().any(|value| value.as_str() == Some(text));
    let fits = placement.pattern.as_ref().is_none_or(|pattern| scope.fits(pattern, text));
    if !(is_word || is_value && fits) {
        problems.push(error::constant(text, expr.span, placement, name));
    }
}

fn options(scope: &Scope<'_>, written: &Mapping, custom: bool, problems: &mut Problems) -> Settings {
    let Some(block) = &written.options else { return Settings::default() };
    let place = Place::options(if custom { "a mapping in `custom`" } else { "a mapping in `map`" }, block.span);
    fill(scope, &place, Declared::plain(&mapping_options(custom)), &block.settings, problems)
}

pub fn word<'a>(options: &'a Settings, name: &str) -> Option<&'a str> {
    options.plain(name).and_then(Json::as_str)
}

fn flag(options: &Settings, name: &str) -> Option<bool> {
    options.plain(name).and_then(Json::as_bool)
}

pub fn option_span(written: &Mapping, name: &str) -> Option<Span> {
    let block = written.options.as_ref()?;
    block.settings.iter().find(|setting| setting.key.value == name).map(|setting| setting.value.span())
}

/// A field of the catalogue, by the first of its names. One that only the account's own list can know passes with a warning,
/// and must exist there.
fn known(
    target: &Target<'_>,
    name: FieldName,
    span: Span,
    problems: &mut Problems,
) -> Option<(FieldName, FieldTarget)> {
    let service = &target.service;
    let text = name.to_string();
    match service.field(&text) {
        Some(field) if field.read_only => {
            problems.push(error::read_only(&name, span, target));
            None
        }
        Some(field) => {
            let also = field.also.contains(&text);
            let name = if also { FieldName::flat(&field.name) } else { name };
            Some((name, FieldTarget::Known(field.placement.clone())))
        }
        None if service.account_fields.is_some() => {
            problems.push(error::account_field(&text, span, target));
            Some((name, FieldTarget::Account))
        }
        None => {
            problems.push(error::unknown_field(&text, span, target));
            None
        }
    }
}

fn clears(goal: &FieldTarget, service: &Service) -> bool {
    match goal {
        FieldTarget::Known(placement) | FieldTarget::CustomTyped { placement, .. } => placement.clear != Clear::Never,
        FieldTarget::CustomByFamily => custom::types(service).any(|kind| kind.placement.clear != Clear::Never),
        FieldTarget::Account => {
            let mut types = service.account_fields.iter().flat_map(|account| &account.types);
            types.any(|(_, placement)| placement.clear != Clear::Never)
        }
    }
}

/// What holds for the mapping as a whole, mode by mode.
pub fn complete(
    against: &Against<'_>,
    mode: Mode,
    blocks: &[Block<'_>],
    identify: &[IdentifierMapping],
    place: Span,
    problems: &mut Problems,
) {
    let Some(target) = against.target else { return };
    let first = blocks.iter().find(|block| !block.written.mappings.is_empty());
    if has_no_fields(mode, Some(target)) {
        if let Some(block) = first {
            problems.push(error::membership_fields(block.written.span, block.custom));
        }
        return;
    }
    if mode.compares() && first.is_none() {
        problems.push(error::missing_mapping(mode, place, target));
    }
    if mode.creates() {
        unmapped(against, target, mode, blocks, identify, place, problems);
    }
}

/// Fields that a create needs: mapped, or given as the identifier.
fn unmapped(
    against: &Against<'_>,
    target: &Target<'_>,
    mode: Mode,
    blocks: &[Block<'_>],
    identify: &[IdentifierMapping],
    place: Span,
    problems: &mut Problems,
) {
    let written: Vec<String> = blocks
        .iter()
        .flat_map(|block| &block.written.mappings)
        .filter_map(written_target)
        .map(|(parts, _)| parts.join("."))
        .map(|name| {
            target
                .service
                .field(&name)
                .filter(|field| field.also.contains(&name))
                .map_or(name, |field| field.name.clone())
        })
        .collect();
    for Required { name, asked } in &against.required {
        // Where the first that is not empty counts, a row may go by another.
        let sure = against.identify_all || identify.len() == 1;
        let identifies = sure && identify.iter().any(|one| is_at(&target.service, &one.name, name));
        if !written.contains(name) && !identifies {
            problems.push(error::required_field(name, mode, asked.unwrap_or(place), target));
        }
    }
}

/// Whether an identifier goes where a field would: under its name, or at its place.
fn is_at(service: &Service, identifier: &str, field: &str) -> bool {
    let place = service.identifier(identifier).map(|known| known.placement.at.as_str()).filter(|at| !at.is_empty());
    identifier == field || place.is_some_and(|at| service.field(field).is_some_and(|known| known.placement.at == at))
}
