//! Fields, custom attributes, and who writes them.

use super::{meant, meant_of_all};
use crate::check::mapping::written_target;
use crate::check::scope::Scope;
use crate::check::target::Target;
use crate::diag::{Problem, nearest};
use crate::ir::ast::MapBlock;
use crate::ir::catalog::{ANY, Custom, Field, Placement};
use crate::ir::ident::FieldName;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, FieldMapping};

/// The names of the fields that a mapping may write.
fn writable<'a>(target: &'a Target<'_>) -> impl Iterator<Item = &'a str> + Clone {
    let fields = target.service.fields.iter().filter(|field| !field.read_only);
    fields.map(|field| field.name.as_str()).filter(|name| *name != ANY)
}

pub fn unknown_field(name: &str, span: Span, target: &Target<'_>) -> Problem {
    let service = &target.service;
    let writable = writable(target);
    let problem = Problem::error("check::unknown_field", format!("{} has no field `{name}`", target.title())).at(span);
    problem.help(match nearest(name, writable.clone()) {
        _ if service.identifier(name).is_some() => {
            format!("`{name}` is an identifier: it stands in `identify {{ ... }}`")
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if service.custom.is_some() => "attributes of the account's own stand in `custom { ... }`".to_string(),
        None => meant(name, writable, "`sendoff destinations` lists its fields"),
    })
}

pub fn account_field(name: &str, span: Span, target: &Target<'_>) -> Problem {
    let message = format!("whether {} has a field `{name}` is known to the account alone", target.title());
    let near = nearest(name, writable(target));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Problem::advice("check::account_field", message).at(span).help(format!("`sendoff plan` asks it{near}"))
}

pub fn read_only(name: &FieldName, span: Span, target: &Target<'_>) -> Problem {
    Problem::error("check::read_only", format!("{} sets `{name}` itself", target.title()))
        .at(span)
        .help("take this mapping out: the field can only be read")
}

pub fn cannot_clear(name: &FieldName, span: Span, target: &Target<'_>) -> Problem {
    Problem::error("check::cannot_clear", format!("{} has no way to empty `{name}`", target.title()))
        .at(span)
        .help("leave `null` out: a NULL then sends nothing")
}

/// `'swe' -> language`
pub fn constant(text: &str, span: Span, placement: &Placement, name: &FieldName) -> Problem {
    let values: Vec<&str> = placement.values.iter().filter_map(|value| value.as_str()).collect();
    let problem = Problem::error("check::constant", format!("`{name}` does not take `'{text}'`")).at(span);
    match (&placement.pattern_help, &placement.pattern) {
        _ if !values.is_empty() => problem.help(meant_of_all(text, values)),
        (Some(form), _) => problem.help(format!("it does not look like {form}")),
        (None, Some(pattern)) => problem.help(format!("it must match `{pattern}`")),
        (None, None) => problem,
    }
}

pub fn field_twice(again: &FieldMapping, first: &FieldMapping) -> Problem {
    let spelt_otherwise = again.name.to_string().to_lowercase() == first.name.to_string().to_lowercase();
    let message = if again.name == first.name {
        format!("`{}` is mapped twice", again.name)
    } else if spelt_otherwise {
        format!(
            "`{}` and `{}` are one attribute: the destination does not tell letter case apart",
            first.name, again.name
        )
    } else {
        format!("`{}` and `{}` write the same object", first.name, again.name)
    };
    Problem::error("check::field_twice", message)
        .label(again.span, "again here")
        .label(first.span, "first here")
        .help("leave one of the two out")
}

pub fn too_many_fields(first: &FieldMapping, count: usize, max: u32, target: &Target<'_>) -> Problem {
    let message = format!("{} takes {max} fields in one record, and {count} are mapped", target.title());
    Problem::error("check::too_many_fields", message)
        .label(first.span, format!("the first past {max}"))
        .help("divide them between two activations, each with its own `map` and `custom`")
}

/// Told once, whatever stands in the block.
pub fn no_custom(block: &MapBlock, target: &Target<'_>) -> Problem {
    let mut near = block.mappings.iter().filter_map(|one| nearest(&written_target(one)?.0.join("."), writable(target)));
    Problem::error("check::no_custom", format!("{} takes no custom attributes", target.title())).at(block.span).help(
        match near.next() {
            Some(near) => format!("its field `{near}` stands in `map {{ ... }}`"),
            None => "its fields stand in `map { ... }`".to_string(),
        },
    )
}

pub fn custom_is_known(name: &str, field: &Field, span: Span, target: &Target<'_>) -> Problem {
    let message = format!("`{name}` is a field of {}, not a custom attribute", target.title());
    let problem = Problem::error("check::custom_is_known", message).at(span);
    match field.read_only {
        true => problem.help("take this mapping out: the destination sets the field itself"),
        false if field.is_called(name) => problem.help("it stands in `map { ... }`"),
        false => problem.help(format!("it stands in `map {{ ... }}`, as `{}`", field.name)),
    }
}

pub fn custom_reserved(name: &str, span: Span, target: &Target<'_>) -> Problem {
    Problem::error("check::custom_reserved", format!("{} keeps the name `{name}` for itself", target.title()))
        .at(span)
        .help(match target.service.identifiers.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            Some(known) => format!("`{}` is an identifier: it stands in `identify {{ ... }}`", known.name),
            None => "choose another name; attributes stand in `custom { ... }` by their own names".to_string(),
        })
}

pub fn custom_name(scope: &Scope<'_>, name: &str, span: Span, custom: &Custom, target: &Target<'_>) -> Problem {
    let rule = custom.name_help.trim().trim_end_matches('.');
    let rule = if rule.is_empty() { format!("names match `{}`", custom.name) } else { rule.to_string() };
    let lower = name.to_lowercase();
    let proposal =
        if lower != name && scope.fits(&custom.name, &lower) { format!("; `{lower}` would do") } else { String::new() };
    Problem::error("check::custom_name", format!("`{name}` is no name for a custom attribute of {}", target.title()))
        .at(span)
        .help(format!("{rule}{proposal}"))
}

pub fn unknown_type<'a>(word: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_type", format!("unknown attribute type `{word}`")).at(span).help(meant(
        word,
        known,
        "the definition names no types",
    ))
}

pub fn membership_fields(span: Span, custom: bool) -> Problem {
    let word = if custom { "custom" } else { "map" };
    Problem::error(
        "check::membership_fields",
        format!("mode `membership` writes no fields, so `{word}` has no place here"),
    )
    .at(span)
    .help("another activation, in `update` or `upsert`, writes the fields of the contacts")
}

pub fn missing_mapping(mode: Mode, span: Span, target: &Target<'_>) -> Problem {
    let message = format!("mode `{}` writes fields, and none is mapped", mode.name());
    let help =
        if target.service.custom.is_some() { "add `map { ... }` or `custom { ... }`" } else { "add `map { ... }`" };
    Problem::error("check::missing_mapping", message).at(span).help(help)
}

pub fn required_field(name: &str, mode: Mode, span: Span, target: &Target<'_>) -> Problem {
    let message = format!("mode `{}` creates contacts, and {} needs `{name}` for that", mode.name(), target.title());
    Problem::error("check::required_field", message).at(span).help(format!("map it: `COLUMN -> {name}`"))
}

pub fn field_written_twice(at: (&Activation, &FieldMapping), other: (&Activation, &FieldMapping)) -> Problem {
    let message = format!("activations `{}` and `{}` both write `{}`", other.0.name, at.0.name, at.1.name);
    Problem::error("check::field_written_twice", message)
        .label(at.1.span, format!("`{}` writes it here", at.0.name))
        .label(other.1.span, format!("`{}` writes it here", other.0.name))
        .help("leave it to one of them; if both are meant to write it, each mapping says `{ shared = true }`")
}

pub fn members_kept_twice(at: &Activation, other: &Activation) -> Problem {
    let message = format!("activations `{}` and `{}` keep the same members", other.name, at.name);
    Problem::warning("check::members_kept_twice", message)
        .label(at.mode_span, "a second time here")
        .label(other.mode_span, "first here")
        .help("who is in both and leaves one of them is taken out; one activation over a segment that holds them all is safe")
}
