//! What a destination takes, from its definition alone.

use serde_json::{Value, json};

use crate::diag::{count, list, thousands};
use crate::ir::catalog::{
    Call, Catalog, Clear, Custom, Destination, Field, Identifier, Limit, Normalise, Placement, Service, Setting,
};

use super::paint::Paint;
use super::table::table;

/// Columns of a paragraph.
const WIDTH: usize = 100;

/// All destinations, a line each.
pub fn all(catalog: &Catalog, paint: Paint) -> String {
    let rows: Vec<Vec<String>> = catalog
        .destinations
        .values()
        .map(|known| {
            let services = known.services.iter().map(|service| format!("{} ({})", service.name, modes(service)));
            vec![known.kind.0.clone(), known.title.clone(), services.collect::<Vec<_>>().join("; ")]
        })
        .collect();
    table(&["name", "destination", "services and modes"], &rows, paint)
}

/// One destination whole: settings, services, what to know before using it.
pub fn page(known: &Destination, paint: Paint) -> String {
    let mut out = format!("{} ({})\n", paint.bold(&known.title), known.kind);
    out += &paragraph(&known.about, 2);
    out += &section("settings", settings(&known.settings, &known.one_of), paint);
    out += &section("limits", limits(known), paint);
    for known in &known.services {
        out += &format!("\n{}\n", paint.bold(&format!("{}: {}", known.name, known.title)));
        out += &service(known, paint);
    }
    out + &section("not verified", items(&known.unverified), paint)
}

fn service(known: &Service, paint: Paint) -> String {
    let mut out = paragraph(&known.about, 2);
    out += &paragraph(&format!("modes: {}", modes(known)), 2);
    out += &section("settings", settings(&known.options, &known.one_of), paint);
    out += &section("identifiers", aligned(known.identifiers.iter().map(identifier)), paint);
    out += &section("fields", aligned(known.fields.iter().map(field)), paint);
    out += &section("custom attributes", known.custom.as_ref().map(custom).unwrap_or_default(), paint);
    out += &section("calls", aligned(known.calls.values().filter(|call| call.writes).map(call)), paint);
    out += &section("not for", items(&known.not_for), paint);
    out + &section("not verified", items(&known.unverified), paint)
}

fn section(title: &str, content: String, paint: Paint) -> String {
    if content.is_empty() { content } else { format!("\n  {}\n{content}", paint.mark(title)) }
}

fn modes(service: &Service) -> String {
    let modes: Vec<&str> = service.modes.iter().map(|(mode, _)| mode.name()).collect();
    modes.join(", ")
}

fn settings(settings: &[Setting], one_of: &[Vec<String>]) -> String {
    let mut out = aligned(settings.iter().map(|known| (known.name.clone(), rules(known), known.about.clone())));
    if !one_of.is_empty() {
        let groups: Vec<String> = one_of.iter().map(|group| list(group)).collect();
        out += &paragraph(&format!("exactly one of: {}", groups.join("; or ")), 4);
    }
    out
}

fn rules(setting: &Setting) -> String {
    let mut rules = vec![word(&setting.kind)];
    let needed: Vec<&str> = setting.needed_by.iter().map(|mode| mode.name()).collect();
    let marks = [(setting.required, "required"), (setting.secret, "secret"), (setting.identity, "part of the target")];
    rules.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| mark.to_string()));
    if !needed.is_empty() {
        rules.push(format!("needed by {}", needed.join(", ")));
    }
    if !setting.values.is_empty() {
        rules.push(format!("one of {}", setting.values.join(", ")));
    }
    rules.extend(setting.default.as_ref().map(|value| format!("default {value}")));
    rules.join(", ")
}

/// The name a plain enum is written with.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

fn identifier(known: &Identifier) -> (String, String, String) {
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
    (known.name.clone(), rules.join(", "), known.about.clone())
}

fn field(known: &Field) -> (String, String, String) {
    let mut rules = placement(&known.placement);
    let marks = [(known.read_only, "read only"), (known.required_on_create, "needed by a create")];
    rules.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| mark.to_string()));
    if known.placement.clear == Clear::Never && !known.read_only {
        rules.push("cannot be cleared".into());
    }
    (known.name.clone(), rules.join(", "), known.about.clone())
}

fn placement(known: &Placement) -> Vec<String> {
    let mut rules = vec![known.wire.name().to_string()];
    rules.extend(match (known.min, known.max) {
        (Some(min), Some(max)) => Some(format!("{min} to {} characters", thousands(max.into()))),
        (Some(min), None) => Some(format!("from {}", count(min.into(), "character"))),
        (None, Some(max)) => Some(format!("up to {}", count(max.into(), "character"))),
        (None, None) => None,
    });
    rules.extend(known.max_items.map(|items| format!("up to {}", count(items.into(), "item"))));
    if !known.values.is_empty() {
        let values: Vec<String> = known.values.iter().map(|value| value.to_string().replace('"', "")).collect();
        rules.push(format!("one of {}", values.join(", ")));
    }
    rules.extend(known.pattern.as_ref().map(|pattern| format!("as in `{pattern}`")));
    rules
}

fn custom(known: &Custom) -> String {
    let mut out = paragraph(&format!("names: {}", known.name_help), 4);
    let types = known.types.iter().map(|kind| {
        if kind.ask {
            format!("{} (only when asked for: `{{ type = {} }}`)", kind.word, kind.word)
        } else {
            kind.word.clone()
        }
    });
    out += &paragraph(&format!("types: {}", types.collect::<Vec<_>>().join(", ")), 4);
    let created = match (known.create, &known.known) {
        (true, Some(_)) => "missing ones are created before the first row",
        (true, None) => "missing ones come to be when they are first sent",
        (false, _) => "they must exist at the destination already",
    };
    out + &paragraph(created, 4)
}

fn call(known: &Call) -> (String, String, String) {
    let path = known.path.0.split("{{").map(|part| part.split_once("}}").map_or(part, |(_, after)| after));
    let path = path.collect::<Vec<_>>().join("...");
    let batch = format!("{} {path}, up to {}", known.method, count(known.batch.records.into(), "record"));
    let limits = if known.limits.is_empty() { String::new() } else { format!(", limit {}", known.limits.join(", ")) };
    (known.name.0.clone(), batch + &limits, known.about.clone())
}

fn limits(known: &Destination) -> String {
    aligned(known.limits.iter().map(|(name, limit)| (name.clone(), rate(limit), String::new())))
}

fn rate(limit: &Limit) -> String {
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
    let burst = limit.burst.map(|burst| format!(", {burst} more at once")).unwrap_or_default();
    format!("{} a {per}{burst}", what.join(" and "))
}

/// Name, rules and words, the names in a column of their own.
fn aligned(lines: impl Iterator<Item = (String, String, String)>) -> String {
    let lines: Vec<(String, String, String)> = lines.collect();
    let width = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let lines = lines.into_iter().map(|(name, rules, about)| {
        let told: Vec<String> = [rules, about].into_iter().filter(|text| !text.is_empty()).collect();
        let text = wrapped(&told.join(" · "), width + 6);
        format!("    {name:<width$}  {text}").trim_end().to_string() + "\n"
    });
    lines.collect()
}

fn items(texts: &[String]) -> String {
    texts.iter().map(|text| format!("    - {}\n", wrapped(text, 6))).collect()
}

fn paragraph(text: &str, indent: usize) -> String {
    if text.is_empty() { String::new() } else { format!("{:indent$}{}\n", "", wrapped(text, indent)) }
}

/// Breaks at blanks; the lines after the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), indent);
    for word in text.split_whitespace() {
        let long = word.chars().count();
        if column > indent && column + 1 + long > WIDTH {
            out += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += long;
    }
    out
}

pub fn json(known: &Destination) -> Value {
    json!({
        "name": known.kind,
        "title": known.title,
        "about": known.about,
        "settings": known.settings,
        "one_of": known.one_of,
        "limits": known.limits.iter().map(|(name, limit)| (name.clone(), Value::String(rate(limit)))).collect::<serde_json::Map<_, _>>(),
        "services": known.services.iter().map(json_service).collect::<Vec<_>>(),
        "not_verified": known.unverified,
    })
}

fn json_service(known: &Service) -> Value {
    let told = |(name, rules, about): (String, String, String)| json!({"name": name, "rules": rules, "about": about});
    json!({
        "name": known.name,
        "title": known.title,
        "about": known.about,
        "modes": known.modes.iter().map(|(mode, _)| mode).collect::<Vec<_>>(),
        "settings": known.options,
        "one_of": known.one_of,
        "identifiers": known.identifiers.iter().map(identifier).map(told).collect::<Vec<_>>(),
        "fields": known.fields.iter().map(field).map(told).collect::<Vec<_>>(),
        "custom_attributes": known.custom.as_ref().map(|custom| json!({
            "names": custom.name_help,
            "types": custom.types.iter().map(|kind| &kind.word).collect::<Vec<_>>(),
            "create": custom.create,
        })),
        "not_for": known.not_for,
        "not_verified": known.unverified,
    })
}
