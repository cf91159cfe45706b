//! `identify { ... }`: by what the destination knows a row.

use super::mapping::Against;
use super::settings::{Declared, Place, fill};
use super::{error, expr, mapping};
use crate::diag::Problems;
use crate::ir::ast::{Identify, Mapping};
use crate::ir::catalog::ANY;
use crate::ir::mode::Mode;
use crate::ir::spec::IdentifierMapping;

pub fn resolve(
    against: &Against<'_>,
    identify: &Identify,
    mode: Option<Mode>,
    problems: &mut Problems,
) -> Vec<IdentifierMapping> {
    let mut resolved: Vec<IdentifierMapping> = Vec::new();
    for written in &identify.mappings {
        let Some(one) = one(against, written, problems) else { continue };
        match resolved.iter().find(|other| other.name == one.name) {
            Some(first) => problems.push(error::identifier_twice(&one.name, one.span, first.span)),
            None => resolved.push(one),
        }
    }
    count(identify, against, mode, problems);
    resolved
}

fn one(against: &Against<'_>, written: &Mapping, problems: &mut Problems) -> Option<IdentifierMapping> {
    expr::check(against.scope, &written.expr, against.columns, problems);
    if let Some(block) = &written.options {
        let place = Place::options("`identify`", block.span);
        fill(against.scope, &place, Declared::plain(&[]), &block.settings, problems);
    }
    let (parts, span) = mapping::written_target(written)?;
    let name = parts.join(".");
    if let Some(target) = against.target {
        let Some(known) = target.service.identifier(&name) else {
            problems.push(error::unknown_identifier(&name, span, target));
            return None;
        };
        if known.name == ANY && target.service.account_fields.is_some() {
            problems.push(error::account_field(&name, span, target));
        }
    }
    Some(IdentifierMapping { expr: written.expr.clone(), name, span })
}

fn count(identify: &Identify, against: &Against<'_>, mode: Option<Mode>, problems: &mut Problems) {
    if identify.mappings.is_empty() && !against.scope.lost_in(identify.span) {
        problems.push(error::empty_identify(identify.span, against.target));
    }
    if let Some(target) = against.target.filter(|target| identify.all && !target.service.identify_all) {
        problems.push(error::identify_all(identify.span, target));
    }
    if let (Some(mode), [_, second, ..]) = (mode.filter(|mode| mode.is_set()), identify.mappings.as_slice()) {
        problems.push(error::one_identifier(mode, second.span));
    }
}
