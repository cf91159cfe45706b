//! What a definition itself refuses: settings, identifiers and fields that do not go together.

use serde_json::{Value as Json, json};

use super::error;
use super::target::Target;
use crate::diag::Problems;
use crate::ir::ast::To;
use crate::ir::catalog::{Condition, Refusal};
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{FieldMapping, IdentifierMapping, Settings};
use crate::template::{Engine, Scope};

/// An activation as far as refusals can speak of it.
pub struct Written<'a> {
    pub mode: Mode,
    pub options: &'a Settings,
    pub identify: &'a [IdentifierMapping],
    pub fields: &'a [FieldMapping],
    pub to: &'a To,
}

pub fn check(target: &Target<'_>, written: &Written<'_>, problems: &mut Problems) {
    for refusal in &target.service.refuse {
        // A definition that does not compile says so where it is read.
        let Ok(when) = Engine::strict().expression(&refusal.when.0) else { continue };
        let names = when.names();
        let speaks_of = |name: &str| names.iter().any(|known| known == name);
        let place = setting(written.to, &when.paths());
        for (scope, place) in subjects(target, written, place, (speaks_of("identifier"), speaks_of("field"))) {
            if when.truth(&scope).unwrap_or(false) {
                problems.push(error::refused(&said(refusal, &scope), refusal, place));
            }
        }
    }
}

/// The fields that a create needs, by their names: where it depends on settings and identifiers, those of one of them.
pub fn required(target: &Target<'_>, mode: Mode, options: &Settings, identify: &[IdentifierMapping]) -> Vec<String> {
    let service = &target.service;
    let scopes: Vec<Scope> = identify
        .iter()
        .map(|one| base(target, mode, options).with("identifier", &service.identifier_facts(&one.name)))
        .collect();
    let holds = |condition: &Condition| {
        let when = Engine::strict().expression(&condition.0);
        when.is_ok_and(|when| condition.0 == "true" || scopes.iter().any(|scope| when.truth(scope).unwrap_or(false)))
    };
    let needed = service.fields.iter().filter(|field| field.required_on_create.as_ref().is_some_and(holds));
    needed.map(|field| field.name.clone()).collect()
}

fn base(target: &Target<'_>, mode: Mode, options: &Settings) -> Scope {
    Scope::new()
        .with("option", &options.known(&target.service.options))
        .with("mode", &mode.name().into())
        .with("identifier", &Json::Null)
        .with("field", &Json::Null)
        .with("fields", &Json::Array(Vec::new()))
}

/// What a refusal is asked about, each with its place: the identifiers, the fields, or both together.
fn subjects(
    target: &Target<'_>,
    written: &Written<'_>,
    place: Span,
    (identifiers, fields): (bool, bool),
) -> Vec<(Scope, Span)> {
    let service = &target.service;
    let mapped: Vec<String> = written.fields.iter().map(|field| field.name.to_string()).collect();
    let base = base(target, written.mode, written.options).with("fields", &mapped.into());
    let named =
        written.identify.iter().map(|one| (base.with("identifier", &service.identifier_facts(&one.name)), one.span));
    let asked = if identifiers { named.collect() } else { vec![(base, place)] };
    if !fields {
        return asked;
    }
    let of_fields = asked.iter().flat_map(|(scope, _)| {
        written.fields.iter().map(|field| {
            let facts = json!({"name": field.name.to_string(), "custom": field.target.is_custom()});
            (scope.with("field", &facts), field.span)
        })
    });
    of_fields.collect()
}

/// Where the first setting stands that a refusal speaks of; else what it concerns is the target.
fn setting(to: &To, paths: &[String]) -> Span {
    let named = |name: &str| paths.iter().any(|path| path.strip_prefix("option.") == Some(name));
    let mut written = to.settings.iter().flat_map(|block| &block.settings);
    written.find(|setting| named(&setting.key.value)).map_or(to.span, |setting| setting.key.span)
}

fn said(refusal: &Refusal, scope: &Scope) -> String {
    let text = Engine::lenient().text(&refusal.says).and_then(|text| text.text(scope));
    text.ok().flatten().unwrap_or_default()
}
