//! Options that hold templates: what a pipeline writes into a definition's calls.

mod reach;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::scope::Scope;
use super::values::{self, Given};
use super::{error, target::Target};
use crate::diag::{Problem, Problems, nearest};
use crate::ir::ast::{Block, Name, TextLit, To, Value};
use crate::ir::catalog::{Setting, SettingKind};
use crate::ir::ident::CallName;
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::slot::{Form, Names, Slot};
use crate::ir::span::Span;
use crate::ir::spec::{FieldMapping, IdentifierMapping, Settings};
use crate::template::{self, Engine, Flaw};

/// What an activation maps: the names that `record` has.
pub struct Mapped<'a> {
    pub identify: &'a [IdentifierMapping],
    pub fields: &'a [FieldMapping],
}

pub fn check(
    scope: &Scope<'_>,
    to: &To,
    target: &Target<'_>,
    mode: Mode,
    options: &Settings,
    mapped: &Mapped<'_>,
    problems: &mut Problems,
) {
    let templates = target.service.options.iter().filter(|option| option.kind == SettingKind::Template);
    let templates: Vec<&Setting> = templates.collect();
    if templates.is_empty() {
        return;
    }
    let reached = reach::calls(&target.service, mode, options, &ChangeKind::ALL);
    let checker = Checker { scope, target, reached: &reached };
    for option in templates {
        let slots = narrowed(&option.slots, mapped);
        let place = At { option, slots: &slots, path: Vec::new() };
        let written = to.settings.iter().flat_map(|block| &block.settings);
        match written.into_iter().find(|setting| setting.key.value == option.name) {
            Some(setting) => checker.value(&place, &setting.value, setting.key.span, problems),
            None => checker.defaults(&place, &|_| false, to.span, problems),
        }
    }
    if mode != Mode::Membership {
        let written = reach::calls(&target.service, mode, options, &[ChangeKind::Added, ChangeKind::Changed]);
        FieldsRead { target, written: &written, options }.check(mapped, problems);
    }
}

/// The slots, with the names that this activation maps in the place of any names.
fn narrowed(slots: &[Slot], mapped: &Mapped<'_>) -> Vec<Slot> {
    let identifiers = Names::open(mapped.identify.iter().map(|one| one.name.clone()));
    // A part of an object is read by its whole name (`record.fields['address.city']`), which is no path.
    let fields = Names::open(mapped.fields.iter().map(|one| one.name.to_string()));
    let narrow = |slot: &Slot| {
        let mut slot = slot.clone();
        if let Some(Some(record)) = slot.names.0.get_mut("record") {
            record.0.insert("identifiers".into(), Some(identifiers.clone()));
            record.0.insert("fields".into(), Some(fields.clone()));
        }
        slot
    };
    slots.iter().map(narrow).collect()
}

/// What a template asks with whether something is there.
const ASKING: [&str; 3] = [" if ", "default", "defined"];

struct Checker<'a> {
    scope: &'a Scope<'a>,
    target: &'a Target<'a>,
    /// The calls that this activation's rows can come to.
    reached: &'a BTreeSet<CallName>,
}

/// An option, or a part of it.
struct At<'a> {
    option: &'a Setting,
    slots: &'a [Slot],
    path: Vec<String>,
}

impl At<'_> {
    fn part(&self, name: &str) -> Self {
        let path = self.path.iter().cloned().chain([name.to_string()]).collect();
        At { option: self.option, slots: self.slots, path }
    }

    /// The slots it fills.
    fn filled(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.part == self.path)
    }

    /// The names of its parts.
    fn parts(&self) -> BTreeSet<&str> {
        let inside = self.slots.iter().filter(|slot| slot.part.starts_with(&self.path));
        inside.filter_map(|slot| slot.part.get(self.path.len())).map(String::as_str).collect()
    }

    /// As it is written: `changed.path`
    fn name(&self) -> String {
        [std::slice::from_ref(&self.option.name), self.path.as_slice()].concat().join(".")
    }

    fn default(&self) -> Option<&Json> {
        let default = self.option.default.as_ref()?;
        self.path.iter().try_fold(default, |value, name| value.get(name))
    }
}

impl Checker<'_> {
    fn value(&self, at: &At<'_>, value: &Value, key: Span, problems: &mut Problems) {
        if at.filled().next().is_some() {
            return self.filling(at, value, problems);
        }
        let Value::Block(block) = value else {
            problems.push(error::not_a_block(&at.name(), value.span(), &at.parts()));
            return;
        };
        for part in &block.settings {
            match at.parts().contains(part.key.value.as_str()) {
                true => self.value(&at.part(&part.key.value), &part.value, part.key.span, problems),
                false => problems.push(error::unknown_part(&at.name(), &part.key, at.parts())),
            }
        }
        let given = |name: &str| block.settings.iter().any(|part| part.key.value == name);
        self.defaults(at, &given, key, problems);
    }

    /// What is not given comes from the definition, and may not be right for the calls chosen here.
    fn defaults(&self, at: &At<'_>, given: &dyn Fn(&str) -> bool, span: Span, problems: &mut Problems) {
        for name in at.parts().into_iter().filter(|name| !given(name)) {
            let part = at.part(name);
            let Some(default) = part.default() else { continue };
            let wanting = part.filled().filter(|slot| self.reached.contains(&slot.call)).find_map(|slot| {
                let flaw = template::flaws_of(slot, default).into_iter().next();
                flaw.map(|flaw| flaw.to_string()).or_else(|| self.lacks_record(slot, default))
            });
            match wanting {
                Some(why) => problems.push(error::default_unfit(&part.name(), default, &why, span)),
                None => self.defaults(&part, &|_| false, span, problems),
            }
        }
    }

    /// A batch cannot be made of nothing.
    fn lacks_record(&self, slot: &Slot, value: &Json) -> Option<String> {
        let call = self.target.service.calls.get(&slot.call)?;
        let wanted = value.is_null() && matches!(slot.form, Form::Tree { .. }) && call.batch.records > 1;
        wanted.then(|| "a request of several records needs something for each".to_string())
    }

    fn filling(&self, at: &At<'_>, value: &Value, problems: &mut Problems) {
        let reached: Vec<&Slot> = at.filled().filter(|slot| self.reached.contains(&slot.call)).collect();
        // A part that no call of this activation reads is still to make sense in one that would.
        let slots = if reached.is_empty() { at.filled().take(1).collect() } else { reached };
        for slot in slots {
            let before = problems.0.len();
            self.tree(at, slot, value, problems);
            if problems.0.len() == before
                && let Some(Given::Written(whole)) = values::evaluate(self.scope, value, &mut Problems::default())
                && let Some(flaw) = template::no_rows(slot, &whole)
            {
                problems.push(error::template_flaw(&at.name(), &flaw, value.span()));
            }
            if problems.0.len() > before {
                return;
            }
        }
    }

    fn tree(&self, at: &At<'_>, slot: &Slot, value: &Value, problems: &mut Problems) {
        match value {
            Value::Text(text) => self.text(at, slot, text, problems),
            Value::Block(Block { span, .. }) | Value::List { span, .. } if !matches!(slot.form, Form::Tree { .. }) => {
                problems.push(error::template_flaw(&at.name(), &Flaw::Tree, *span));
            }
            Value::Block(block) => {
                for part in &block.settings {
                    self.key(at, slot, &part.key, problems);
                    self.tree(at, slot, &part.value, problems);
                }
            }
            Value::List { items, .. } => items.iter().for_each(|item| self.tree(at, slot, item, problems)),
            Value::Env { span, .. } | Value::Var { span, .. } => {
                let given = values::evaluate(self.scope, value, &mut Problems::default());
                if let Some(Given::Outside(text) | Given::Written(Json::String(text))) = given {
                    for flaw in template::flaws(slot, &text) {
                        problems.push(error::template_flaw(&at.name(), &flaw, *span));
                    }
                }
            }
            Value::Number(_) | Value::Bool(_) | Value::Word(_) => {}
        }
    }

    fn text(&self, at: &At<'_>, slot: &Slot, text: &TextLit, problems: &mut Problems) {
        for flaw in template::flaws(slot, &text.value) {
            let range = match &flaw {
                Flaw::Syntax { range, .. } | Flaw::Name { range, .. } => range.clone(),
                _ => None,
            };
            // Escapes make the place approximate outside triple quotes.
            let span = range.map_or(text.span, |range| text.inner.part(range.start, range.len().max(1)));
            problems.push(error::template_flaw(&at.name(), &flaw, span));
        }
        if at.path.last().is_some_and(|part| part == "path") {
            problems.0.extend(single_brace(at, slot, text));
        }
        self.given(at, text, problems);
    }

    /// A part of a setting that the destination is not given fails every row, unless the template asks whether it is.
    fn given(&self, at: &At<'_>, text: &TextLit, problems: &mut Problems) {
        if ASKING.iter().any(|word| text.value.contains(word)) {
            return;
        }
        for path in paths(&text.value) {
            let Some((name, part)) = path.strip_prefix("setting.").and_then(|rest| rest.split_once('.')) else {
                continue;
            };
            if self.lacks(name, part) {
                let span = text.value.find(&path).map_or(text.span, |start| text.inner.part(start, path.len()));
                problems.push(error::ungiven(&at.name(), &self.target.connection.name, name, part, span));
            }
        }
    }

    /// As written: a setting that is wrong has been told.
    fn lacks(&self, setting: &str, part: &str) -> bool {
        let connection = self.target.connection;
        let is_optional = |known: &Setting| known.name == setting && known.default.is_none();
        let Some(written) = self.scope.names.destinations.get(connection.name.as_str()) else { return false };
        let given = written.settings.iter().find(|given| given.key.value == setting).map(|given| &given.value);
        connection.kind.settings.iter().any(is_optional)
            && match given {
                None => true,
                Some(Value::Block(block)) => block.settings.iter().all(|given| given.key.value != part),
                Some(_) => false,
            }
    }

    fn key(&self, at: &At<'_>, slot: &Slot, key: &Name, problems: &mut Problems) {
        for flaw in template::flaws(slot, &key.value) {
            problems.push(error::template_flaw(&at.name(), &flaw, key.span));
        }
    }
}

/// `/points/{id}`, which goes out as it stands: no address has braces.
fn single_brace(at: &At<'_>, slot: &Slot, text: &TextLit) -> Option<Problem> {
    let bare = bare(&text.value);
    let start = bare.find(['{', '}'])?;
    let inside = &text.value[start + 1..];
    let name = inside.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    let end = start + 1 + name.len() + usize::from(inside[name.len()..].starts_with('}'));
    let record = slot.names.0.get("record").and_then(Option::as_ref);
    let mapped = ["identifiers", "fields"].iter().flat_map(|group| {
        let names = record.and_then(|record| record.0.get(*group)?.as_ref());
        names
            .into_iter()
            .flat_map(|names| names.0.keys())
            .map(move |name| (name.as_str(), format!("record.{group}.{name}")))
    });
    let mapped: Vec<(&str, String)> = mapped.collect();
    let meant = nearest(name, mapped.iter().map(|(name, _)| *name));
    let path = mapped.iter().find(|(name, _)| Some(*name) == meant).or(mapped.first()).map(|(_, path)| path.as_str());
    let path = record.map(|_| path.unwrap_or("record.identifier"));
    Some(error::single_brace(&at.name(), path, text.inner.part(start, end - start)))
}

/// The text with spaces in place of what stands in `{{ ... }}` and `{% ... %}`.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = ["{{", "{%"].iter().filter_map(|open| rest.find(open)).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + 2);
        bare.push_str(&rest[..start]);
        bare.push_str(&" ".repeat(end - start));
        rest = &rest[end..];
    }
    bare + rest
}

/// Whether what is mapped is also sent: the ledger takes a field as acknowledged once its request is.
struct FieldsRead<'a> {
    target: &'a Target<'a>,
    /// The calls that bring fields.
    written: &'a BTreeSet<CallName>,
    options: &'a Settings,
}

impl FieldsRead<'_> {
    fn check(&self, mapped: &Mapped<'_>, problems: &mut Problems) {
        let options = &self.target.service.options;
        let bodies = options.iter().flat_map(|option| option.slots.iter().map(move |slot| (option, slot))).filter(
            |(_, slot)| {
                matches!(&slot.form, Form::Tree { words } if words.contains(&"$fields"))
                    && self.written.contains(&slot.call)
            },
        );
        let mut told = BTreeSet::new();
        for (option, body) in bodies {
            let same_call = options.iter().flat_map(|option| {
                option.slots.iter().filter(|slot| slot.call == body.call).map(move |slot| (option, slot))
            });
            let values: Vec<&Json> = same_call.filter_map(|(option, slot)| self.given(option, slot)).collect();
            if values.iter().any(|value| reads_all(value)) {
                continue;
            }
            for field in mapped.fields {
                let path = format!("record.fields.{}", field.name);
                let name = [std::slice::from_ref(&option.name), body.part.as_slice()].concat().join(".");
                if !values.iter().any(|value| reads(value, &path)) && told.insert((field.span, name.clone())) {
                    problems.push(error::field_not_sent(&field.name, field.span, &name));
                }
            }
        }
    }

    fn given<'o>(&'o self, option: &'o Setting, slot: &Slot) -> Option<&'o Json> {
        let whole = self.options.plain(&option.name)?;
        slot.part.iter().try_fold(whole, |value, name| value.get(name))
    }
}

/// Whether the tree holds every mapped field: through a word, or through an expression that takes them as a whole.
fn reads_all(value: &Json) -> bool {
    any_text(value, &|text| {
        let whole = |path: &String| path == "record" || path == "record.fields";
        matches!(text, "$mapped" | "$fields") || paths(text).iter().any(whole)
    })
}

fn reads(value: &Json, wanted: &str) -> bool {
    any_text(value, &|text| paths(text).iter().any(|path| path == wanted || path.starts_with(&format!("{wanted}."))))
}

fn paths(text: &str) -> Vec<String> {
    let template = crate::ir::catalog::Template(text.to_string());
    Engine::lenient().text(&template).map(|text| text.paths()).unwrap_or_default()
}

fn any_text(value: &Json, holds: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Json::String(text) => holds(text),
        Json::Array(items) => items.iter().any(|item| any_text(item, holds)),
        Json::Object(members) => members.iter().any(|(name, item)| holds(name) || any_text(item, holds)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}
