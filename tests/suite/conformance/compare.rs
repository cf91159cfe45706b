//! What a vendor holds beside what it should hold, one line for each difference.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use sendoff::sandbox::{Contact, Holdings};
use serde_json::Value;

use super::people::Kind;
use super::service::{Case, Sign};
use super::wanted::{self, Shown, Wanted};

/// More say no more.
const LINES: usize = 12;

/// `before`: what was there before the first run.
pub fn differences(case: &Case, wanted: &Wanted, held: &Holdings, before: &Holdings) -> Result<(), String> {
    let mut told = Vec::new();
    let name = case.identify()[0].target.clone();
    let (known, found) = (by_identifier(&name, before), by_identifier(&name, held));
    for contact in &held.contacts {
        match contact.identifiers.get(&name) {
            // A record of somebody nobody may write to is no contact.
            _ if contact.unsubscribed && !case.mode.creates() => {}
            None => told.push(format!("a contact without `{name}`: {:?}", contact.identifiers)),
            Some(id) if !wanted.contacts.contains_key(id) => told.push(format!("{id}: nobody should have created it")),
            Some(_) => {}
        }
    }
    for (id, contact) in &wanted.contacts {
        match found.get(id.as_str()) {
            None => told.push(format!("{id}: it is not there")),
            Some(held) if contact.touched => of_contact(&mut told, id, contact, held),
            Some(held) if known.get(id.as_str()) != Some(held) => {
                told.push(format!("{id}: nobody should have touched it: {held:?}"))
            }
            Some(_) => {}
        }
    }
    events(&mut told, case, wanted, held);
    match told.len() {
        0 => Ok(()),
        count => {
            Err(format!("{count} differences from the desired state:\n  {}", told[..count.min(LINES)].join("\n  ")))
        }
    }
}

fn by_identifier<'a>(name: &str, held: &'a Holdings) -> BTreeMap<&'a str, &'a Contact> {
    held.contacts.iter().filter_map(|contact| Some((contact.identifiers.get(name)?.as_str(), contact))).collect()
}

fn of_contact(told: &mut Vec<String>, id: &str, wanted: &wanted::Contact, held: &Contact) {
    fields(told, id, &wanted.fields, |name| held.fields.get(name));
    for (sign, there) in &wanted.signs {
        if has(held, sign) != *there {
            let not = if *there { "" } else { "not " };
            told.push(format!("{id}: should {not}show {sign:?}; groups {:?}, fields {:?}", held.groups, held.fields));
        }
    }
}

fn fields<'a>(
    told: &mut Vec<String>,
    id: &str,
    wanted: &BTreeMap<String, Option<Shown>>,
    held: impl Fn(&str) -> Option<&'a Value>,
) {
    for (name, wanted) in wanted {
        match (wanted, held(name).filter(|value| !empty(value))) {
            (None, None) => {}
            (None, Some(value)) => told.push(format!("{id} {name}: should be empty, is {value}")),
            (Some(wanted), None) => told.push(format!("{id} {name}: should be `{}`, is empty", wanted.text)),
            (Some(wanted), Some(value)) if !shows(wanted, value) => {
                let word = wanted.word.as_ref().map_or_else(|| format!("`{}`", wanted.text), Value::to_string);
                told.push(format!("{id} {name}: should be {word}, is {value}"));
            }
            _ => {}
        }
    }
}

fn empty(value: &Value) -> bool {
    value.is_null() || value == ""
}

fn has(contact: &Contact, sign: &Sign) -> bool {
    match sign {
        Sign::Group { group } => contact.groups.contains(group),
        Sign::Field { field, value } => contact.fields.get(field).is_some_and(|held| plain(held) == plain(value)),
    }
}

/// In the order they came, contact by contact: a vendor is told of several at once in no order of its own.
fn events(told: &mut Vec<String>, case: &Case, wanted: &Wanted, held: &Holdings) {
    let mut open: Vec<_> = held.events.iter().collect();
    for event in &wanted.events {
        let named = |name: &String| case.service.event.as_ref().is_none_or(|wanted| wanted == name);
        match open.iter().position(|held| held.contact == event.contact && named(&held.name)) {
            None => told.push(format!("{}: an event did not happen", event.contact)),
            Some(at) => {
                let happened = open.remove(at);
                fields(told, &event.contact, &event.fields, |name| happened.fields.get(name));
            }
        }
    }
    told.extend(open.iter().map(|event| format!("{}: `{}` happened once too often", event.contact, event.name)));
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

pub fn shows(wanted: &Shown, value: &Value) -> bool {
    if let Some(word) = &wanted.word {
        return plain(word) == plain(value);
    }
    let (text, held) = (wanted.text.as_str(), plain(value));
    match wanted.kind {
        Kind::Text => text == held && !value.is_number(),
        Kind::Email => text.trim().to_lowercase() == held,
        Kind::Number => text.parse::<f64>().ok() == held.parse::<f64>().ok(),
        Kind::Boolean => ["true", "1"].contains(&text) == ["true", "1"].contains(&held.as_str()) && boolean(&held),
        Kind::Date => held.strip_prefix(text).is_some_and(midnight),
        Kind::Timestamp => instant(text).is_some_and(|wanted| instant(&held) == Some(wanted)),
    }
}

fn boolean(text: &str) -> bool {
    ["true", "false", "1", "0"].contains(&text)
}

fn midnight(rest: &str) -> bool {
    rest.chars().all(|letter| "T0:.Z+ ".contains(letter))
}

/// RFC 3339, or date and time without a zone, which are UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let zoned = text.parse().ok();
    zoned.or_else(|| {
        text.parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}
