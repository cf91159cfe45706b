//! What a vendor should hold after a run: the modes as the documentation tells them, without a ledger, without requests.

use std::collections::{BTreeMap, BTreeSet};

use sendoff::ir::mode::Mode;
use serde_json::Value;

use super::people::{Kind, Person, kind};
use super::pipeline::Turns;
use super::service::{Case, Field, Sign};

/// A value as the source has it, and how it may be shown.
#[derive(Clone, Debug)]
pub struct Shown {
    pub kind: Kind,
    pub text: String,
    /// The vendor's word for it.
    pub word: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// By name in the holdings; `None` is a value taken away.
    pub fields: BTreeMap<String, Option<Shown>>,
    /// Signs it has to show, and signs it must not.
    pub signs: Vec<(Sign, bool)>,
    /// No run was there before it.
    pub met: bool,
    /// A run has written it.
    pub touched: bool,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub contact: String,
    pub fields: BTreeMap<String, Option<Shown>>,
}

/// By the identifier that contacts are told apart by.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub contacts: BTreeMap<String, Contact>,
    pub events: Vec<Event>,
}

/// What an activation remembers from run to run.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The identifier that each key was last delivered with.
    keys: BTreeMap<String, String>,
    /// What a set holds.
    set: BTreeSet<String>,
}

/// Rows as an activation sees them.
struct Rows<'a> {
    deliverable: Vec<(&'a Person, String)>,
    /// Keys that stand in the source and cannot be delivered.
    aside: Vec<&'a str>,
}

pub fn identifier(person: &Person, column: &str) -> Option<String> {
    let value = person.get(column)?;
    Some(if kind(column) == Kind::Email { value.trim().to_lowercase() } else { value.trim().to_string() })
}

impl Contact {
    /// Whether the sign has to be there; `None`: whoever shows it.
    fn sign(&mut self, sign: &Option<Sign>, there: Option<bool>) {
        let Some(sign) = sign else { return };
        self.signs.retain(|(known, _)| known != sign);
        self.signs.extend(there.map(|there| (sign.clone(), there)));
    }
}

impl Wanted {
    pub fn meet(&mut self, case: &Case, people: &[Person]) {
        let column = &case.identify()[0].written.column;
        for person in people {
            let contact = Contact { met: true, ..Contact::default() };
            self.contacts.insert(identifier(person, column).expect("everyone has one"), contact);
        }
    }

    /// A run in which everything goes through, but for the rows of these keys.
    pub fn run(&mut self, case: &Case, turns: &Turns, memory: &mut Memory, people: &[Person], but: &[String]) {
        let rows = sorted(case, people);
        let leaving = leaving(case, memory, &rows);
        for (person, identifier) in &rows.deliverable {
            if but.iter().any(|key| key == person.key()) {
                continue;
            }
            self.deliver(case, turns, memory, person, identifier);
            memory.keys.insert(person.key().to_string(), identifier.clone());
        }
        leaving.iter().for_each(|identifier| self.leave(case, identifier));
    }

    fn deliver(&mut self, case: &Case, turns: &Turns, memory: &mut Memory, person: &Person, identifier: &str) {
        let fields = turns.fields(case);
        match case.mode {
            Mode::Insert if memory.keys.contains_key(person.key()) => return,
            Mode::Insert if case.service.event.is_some() => {
                if self.contacts.contains_key(identifier) {
                    let fields = fields.iter().map(|field| (field.name(), shown(person, field))).collect();
                    self.events.push(Event { contact: identifier.into(), fields });
                }
                return;
            }
            // What is there stays as it is.
            Mode::Insert if self.contacts.contains_key(identifier) => return,
            Mode::Insert | Mode::Upsert | Mode::Mirror => {
                memory.set.insert(identifier.into());
            }
            Mode::Update | Mode::Membership if !self.contacts.contains_key(identifier) => return,
            Mode::Update => {}
            Mode::Membership => {
                memory.set.insert(identifier.into());
            }
        }
        let contact = self.contacts.entry(identifier.into()).or_default();
        contact.touched = true;
        for field in &fields {
            let value = shown(person, field);
            if value.is_some() || turns.clears(field) {
                contact.fields.insert(field.name(), value);
            }
        }
        if case.mode == Mode::Membership {
            contact.sign(&case.service.left, None);
            contact.sign(&case.service.member, Some(true));
        }
        if case.mode.creates() {
            contact.sign(&case.service.created, Some(!contact.met));
        }
    }

    fn leave(&mut self, case: &Case, identifier: &str) {
        if case.mode == Mode::Mirror {
            self.contacts.remove(identifier);
        } else if let Some(contact) = self.contacts.get_mut(identifier) {
            contact.sign(&case.service.member, case.service.left.is_none().then_some(false));
            contact.sign(&case.service.left, Some(true));
        }
    }
}

/// Rows with an identifier that nobody else has, under a key that nobody else has.
fn sorted<'a>(case: &Case, people: &'a [Person]) -> Rows<'a> {
    let column = &case.identify()[0].written.column;
    let (mut keys, mut identifiers) = (BTreeMap::new(), BTreeMap::new());
    for person in people {
        *keys.entry(person.key()).or_insert(0) += 1;
        *identifiers.entry(identifier(person, column)).or_insert(0) += 1;
    }
    let mut rows = Rows { deliverable: Vec::new(), aside: Vec::new() };
    for person in people {
        let found = identifier(person, column);
        let alone = keys[person.key()] == 1 && (case.mode == Mode::Membership || identifiers[&found] == 1);
        match found {
            Some(found) if alone => rows.deliverable.push((person, found)),
            _ => rows.aside.push(person.key()),
        }
    }
    rows
}

/// Of set modes: who belonged to it and does not any more.
fn leaving(case: &Case, memory: &mut Memory, rows: &Rows<'_>) -> Vec<String> {
    if !case.mode.is_set() {
        return Vec::new();
    }
    let aside = rows.aside.iter().filter_map(|key| memory.keys.get(*key));
    let present: BTreeSet<&String> = rows.deliverable.iter().map(|(_, found)| found).chain(aside).collect();
    let gone: Vec<String> = memory.set.iter().filter(|found| !present.contains(found)).cloned().collect();
    memory.set.retain(|found| !gone.contains(found));
    gone
}

pub fn shown(person: &Person, field: &Field) -> Option<Shown> {
    let column = &field.written.column;
    let text = person.get(column)?.to_string();
    let word = field.written.words.get(&text).cloned();
    Some(Shown { kind: kind(column), text, word })
}
