//! The rules of a definition in words.

use serde_json::Value;

use crate::diag::{count, thousands};
use crate::ir::catalog::{
    ANY, Clear, Custom, Field, Identifier, IdentifierKind, Limit, Normalise, Placement, Setting, SettingKind, Wire,
};

/// Values of a closed list that are shown one by one.
const VALUES_MAX: usize = 12;

pub fn setting(known: &Setting) -> String {
    let closed = known.kind == SettingKind::Any && !known.values.is_empty();
    let mut rules: Vec<String> = (!closed).then(|| kind(known.kind).to_string()).into_iter().collect();
    let needed: Vec<&str> = known.needed_by.iter().map(|mode| mode.name()).collect();
    let marks = [(known.required, "required"), (known.secret, "secret"), (known.identity, "part of the target")];
    rules.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| mark.to_string()));
    if !needed.is_empty() {
        rules.push(format!("needed by {}", needed.join(", ")));
    }
    if !known.values.is_empty() {
        rules.push(format!("one of {}", ticked(&known.values)));
    }
    if !known.parts.is_empty() {
        rules.push(format!("with the parts {}", ticked(&known.parts)));
    }
    rules.extend(known.pattern.as_ref().map(|pattern| format!("as in `{pattern}`")));
    if known.kind != SettingKind::Template {
        rules.extend(known.default.as_ref().map(|value| format!("`{value}` unless said")));
    }
    rules.join(", ")
}

fn ticked(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn kind(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "text",
        SettingKind::Url => "a URL",
        SettingKind::Number => "a number",
        SettingKind::Count => "a whole number from 1",
        SettingKind::Headers => "a block of headers",
        SettingKind::Boolean => "`true` or `false`",
        SettingKind::IdOrName => "an id or a name",
        SettingKind::Texts => "a list of texts",
        SettingKind::Any => "a block",
        SettingKind::Template => "a template, or a block of them",
    }
}

/// A value as a pipeline would write it after its name.
pub fn written(name: &str, value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Null => String::new(),
        Value::Object(members) => {
            let inside: String = members.iter().map(|(name, value)| written(name, value, indent + 2)).collect();
            format!("{pad}{name} {{\n{inside}{pad}}}\n")
        }
        plain => format!("{pad}{name} = {plain}\n"),
    }
}

/// Name, form and words of an identifier.
pub fn identifier(known: &Identifier) -> Vec<String> {
    let mut rules = placement(&known.placement);
    rules.extend(known.normalise.iter().map(|step| {
        let word = match step {
            Normalise::Trim => "trimmed",
            Normalise::Lower => "in lower case",
            Normalise::Upper => "in upper case",
            Normalise::Digits => "digits alone",
        };
        word.to_string()
    }));
    rules.extend((known.kind == Some(IdentifierKind::Address)).then(|| "in clear text".to_string()));
    if known.remote_id {
        rules.push("the destination's own id".into());
    }
    if !known.refuse.is_empty() {
        rules.push(format!("never {}", ticked(&known.refuse)));
    }
    rules.extend(known.refuse_patterns.iter().map(|refused| format!("not where it {}", refused.reason)));
    vec![name(&known.name), rules.join(", "), known.about.clone()]
}

/// Name, form, how it is cleared, and words of a field.
pub fn field(known: &Field) -> Vec<String> {
    let mut rules = placement(&known.placement);
    rules.extend(known.read_only.then(|| "read only".to_string()));
    rules.extend(known.consent.then(|| "what somebody agreed to".to_string()));
    rules.extend(known.required_on_create.as_ref().map(|when| match when.0.as_str() {
        "true" => "needed by a create".to_string(),
        _ => "may be needed by a create".to_string(),
    }));
    if known.placement.clear == Clear::Never && !known.read_only {
        rules.push("cannot be cleared".into());
    }
    if !known.also.is_empty() {
        rules.push(format!("also called {}", ticked(&known.also)));
    }
    vec![name(&known.name), rules.join(", "), known.about.clone()]
}

fn name(name: &str) -> String {
    if name == ANY { "any".into() } else { format!("`{name}`") }
}

pub fn placement(known: &Placement) -> Vec<String> {
    let mut rules = vec![wire(known).to_string()];
    rules.extend(match (known.min, known.max) {
        (Some(min), Some(max)) => Some(format!("{min} to {} characters", thousands(max.into()))),
        (Some(min), None) => Some(format!("from {}", count(min.into(), "character"))),
        (None, Some(max)) => Some(format!("up to {}", count(max.into(), "character"))),
        (None, None) => None,
    });
    rules.extend(known.max_items.map(|items| format!("up to {}", count(items.into(), "item"))));
    if !known.values.is_empty() {
        let shown: Vec<String> =
            known.values.iter().take(VALUES_MAX).map(|value| value.to_string().replace('"', "`")).collect();
        let more = known.values.len().saturating_sub(VALUES_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        rules.push(format!("one of {}{more}", shown.join(", ")));
    }
    if !known.words.is_empty() {
        let words =
            known.words.iter().map(|(word, value)| format!("`{word}` as `{}`", value.to_string().replace('"', "")));
        rules.push(format!("{} on the wire", words.collect::<Vec<_>>().join(", ")));
    }
    let digits = [(known.digits.all, ""), (known.digits.before_point, " before the point")];
    rules.extend(
        digits.iter().filter_map(|(max, part)| Some(format!("up to {}{part}", count((*max)?.into(), "digit")))),
    );
    rules.extend(known.between.map(|(least, greatest)| format!("from {least} to {greatest}")));
    rules.extend(known.pattern.as_ref().map(|pattern| match &known.pattern_help {
        Some(words) => words.clone(),
        None => format!("as in `{pattern}`"),
    }));
    if !known.needs.is_empty() {
        rules.push(format!("a list of structs with {}", ticked(&known.needs)));
    }
    if !known.from.is_empty() {
        let families: Vec<&str> = known.from.iter().map(|family| family.name()).collect();
        rules.push(format!("from columns of {}", families.join(", ")));
    }
    rules.extend(known.warn.iter().map(|caution| format!("with a warning: {}", caution.says)));
    rules
}

fn wire(known: &Placement) -> &'static str {
    match known.wire {
        Wire::DatetimeUtc => "date and time in UTC",
        Wire::List => "list of texts",
        Wire::Json => "any JSON",
        Wire::Choice if known.choices.is_none() => "a choice",
        Wire::Choice => "a choice of the account's",
        Wire::Choices => "several choices of the account's",
        Wire::Text | Wire::Integer | Wire::Number | Wire::Boolean | Wire::Date => known.wire.name(),
    }
}

/// What the names of custom attributes look like.
pub fn names(custom: &Custom) -> String {
    if custom.name_help.is_empty() { format!("as in `{}`", custom.name) } else { custom.name_help.clone() }
}

pub fn rate(limit: &Limit) -> String {
    let requests = limit.requests.map(|number| count(number.into(), "request"));
    let records = limit.records.map(|number| count(number.into(), "record"));
    let what: Vec<String> = requests.into_iter().chain(records).collect();
    let per = match limit.per.as_secs() {
        1 => "second".to_string(),
        60 => "minute".to_string(),
        3600 => "hour".to_string(),
        86_400 => "day".to_string(),
        seconds => format!("{seconds} seconds"),
    };
    let burst = limit.burst.map(|burst| format!(", {} more at once", thousands(burst.into()))).unwrap_or_default();
    let learnt = if limit.remaining.is_some() { "; answers say what is left" } else { "" };
    format!("{} a {per}{burst}{learnt}", what.join(" and "))
}
