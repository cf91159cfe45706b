//! Destinations, services, modes, identifiers.

use super::meant;
use crate::check::target::Target;
use crate::diag::{Problem, list, nearest};
use crate::ir::ast::Name;
use crate::ir::catalog::{ANY, Destination};
use crate::ir::mode::Mode;
use crate::ir::span::Span;

pub fn unknown_destination_kind<'a>(kind: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_destination_kind", format!("unknown kind of destination `{}`", kind.value))
        .at(kind.span)
        .help(meant(&kind.value, known, "`sendoff destinations` lists them; a project adds its own in `destinations/`"))
}

pub fn unknown_destination<'a>(
    name: &Name,
    known: impl Iterator<Item = &'a str>,
    mut kinds: impl Iterator<Item = &'a str>,
) -> Problem {
    let known: Vec<&str> = known.collect();
    let problem = Problem::error("check::unknown_destination", format!("unknown destination `{}`", name.value));
    problem.at(name.span).help(match nearest(&name.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if kinds.any(|kind| kind == name.value) => {
            format!("`{0}` is a kind; connect one first: `destination {0} = {0} {{ ... }}`", name.value)
        }
        None => meant(&name.value, known, "destinations are written `destination NAME = KIND { ... }`"),
    })
}

pub fn unknown_service(name: &Name, kind: &Destination) -> Problem {
    let services = kind.services.iter().map(|service| service.name.as_str());
    Problem::error("check::unknown_service", format!("`{}` has no service `{}`", kind.kind, name.value))
        .at(name.span)
        .help(meant(&name.value, services, "its definition has no service"))
}

pub fn missing_service(name: &Name, kind: &Destination) -> Problem {
    let services: Vec<String> =
        kind.services.iter().map(|service| format!("{}.{}", name.value, service.name)).collect();
    Problem::error("check::missing_service", format!("`{}` has several services, and none is named", name.value))
        .at(name.span)
        .help(format!("choose one: {}", list(&services)))
}

pub fn unknown_mode(name: &Name, target: Option<&Target<'_>>) -> Problem {
    let problem = Problem::error("check::unknown_mode", format!("unknown mode `{}`", name.value)).at(name.span);
    let all = || Mode::ALL.map(Mode::name);
    problem.help(match (nearest(&name.value, all()), target) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(target)) => format!("{} has {}", target.title(), list(&offered(target))),
        (None, None) => format!("modes are {}", list(&all())),
    })
}

fn offered(target: &Target<'_>) -> Vec<&'static str> {
    target.service.modes.iter().map(|(mode, _)| mode.name()).collect()
}

pub fn mode_not_offered(name: &Name, target: &Target<'_>) -> Problem {
    Problem::error("check::mode_not_offered", format!("{} has no mode `{}`", target.title(), name.value))
        .at(name.span)
        .help(format!("it has {}", list(&offered(target))))
}

pub fn unknown_identifier(name: &str, span: Span, target: &Target<'_>) -> Problem {
    let known = target.service.identifiers.iter().map(|identifier| identifier.name.as_str());
    Problem::error("check::unknown_identifier", format!("{} does not know rows by `{name}`", target.title()))
        .at(span)
        .help(meant(name, known, "its definition has no identifiers"))
}

pub fn identifier_twice(name: &str, again: Span, first: Span) -> Problem {
    Problem::error("check::identifier_twice", format!("identifier `{name}` is given twice"))
        .label(again, "again here")
        .label(first, "first here")
}

pub fn empty_identify(span: Span, target: Option<&Target<'_>>) -> Problem {
    Problem::error("check::missing_identify", "`identify` names no identifier").at(span).help(identifiers(target))
}

pub fn missing_identify(owner: &str, span: Span, target: Option<&Target<'_>>) -> Problem {
    Problem::error("check::missing_identify", format!("{owner} has no `identify`")).at(span).help(identifiers(target))
}

fn identifiers(target: Option<&Target<'_>>) -> String {
    let known: Vec<&str> = target.map_or_else(Vec::new, |target| {
        let names = target.service.identifiers.iter().map(|identifier| identifier.name.as_str());
        names.filter(|name| *name != ANY).collect()
    });
    match (target, known.as_slice()) {
        (Some(target), [first, ..]) => {
            format!("write `identify {{ COLUMN -> {first} }}`; {} knows rows by {}", target.title(), list(&known))
        }
        _ => "`identify { COLUMN -> IDENTIFIER }` says by what the destination knows a row".to_string(),
    }
}

pub fn identify_all(span: Span, target: &Target<'_>) -> Problem {
    Problem::error("check::identify_all", format!("{} takes one identifier for each row", target.title()))
        .at(span)
        .help("without `all`, the first that is not empty identifies the row")
}

pub fn one_identifier(mode: Mode, span: Span) -> Problem {
    Problem::error("check::one_identifier", format!("mode `{}` takes one identifier, without fallbacks", mode.name()))
        .at(span)
        .help("its ledger is a set of identifiers, so all of them must be of one kind")
}
