//! Identifiers, fields and custom attributes: where and how values go on the wire.

use std::collections::BTreeMap;

use super::connection::{condition, templates};
use super::names::{Declared, Site};
use super::node::Node;
use super::reader::{Fields, Reader};
use crate::ir::catalog::{
    AccountFields, Caution, Clear, Condition, Custom, CustomType, Digits, Field, Identifier, IdentifierKind, Known,
    Normalise, Placement, Prepare, Refused, Wire,
};
use crate::ir::ident::CallName;
use crate::ir::value::Family;

/// Whether a placement may go without `at` (a read-only field, an id of the destination's own).
#[derive(Clone, Copy, PartialEq)]
enum Pointer {
    Needed,
    Optional,
}

fn placement(reader: &Reader<'_>, fields: &mut Fields<'_>, pointer: Pointer, calls: Option<&Calls<'_>>) -> Placement {
    let at = match pointer {
        Pointer::Needed => fields.need("at"),
        Pointer::Optional => fields.take("at"),
    };
    let wire = if at.is_some() { fields.need("as") } else { fields.take("as") };
    let at = at.and_then(|node| reader.pointer(node)).unwrap_or_default();
    let wire = wire.and_then(|node| reader.word(node, Wire::parse, &Wire::ALL.map(Wire::name)));
    Placement {
        at,
        wire: wire.unwrap_or(Wire::Text),
        words: fields.take("words").map(|node| words(reader, node)).unwrap_or_default(),
        values: fields
            .take("values")
            .map(|node| reader.list(node).iter().map(Node::json).collect())
            .unwrap_or_default(),
        min: fields.count(reader, "min"),
        max: fields.count(reader, "max"),
        max_items: fields.count(reader, "max_items"),
        digits: Digits {
            all: fields.count(reader, "max_digits"),
            before_point: fields.count(reader, "max_whole_digits"),
        },
        between: fields.take("between").and_then(|node| between(reader, node)),
        pattern: fields.take("pattern").and_then(|node| reader.pattern(node)),
        pattern_help: fields.text(reader, "pattern_help"),
        skip_null: fields.flag(reader, "skip_null", false),
        needs: fields.texts(reader, "needs"),
        clear: fields.take("clear").and_then(|node| reader.word(node, clear, &CLEAR)).unwrap_or_default(),
        native: fields.text(reader, "native"),
        from: fields.take("from").map(|node| families(reader, node)).unwrap_or_default(),
        choices: calls.and_then(|calls| fields.take("choices").and_then(|node| calls.choices(reader, node))),
        warn: fields.take("warn").map(|node| cautions(reader, node)).unwrap_or_default(),
    }
}

fn between(reader: &Reader<'_>, node: &Node) -> Option<(f64, f64)> {
    let ends: Vec<Option<f64>> = reader.list(node).iter().map(|item| item.json().as_f64()).collect();
    match ends.as_slice() {
        [Some(least), Some(greatest)] if least <= greatest => Some((*least, *greatest)),
        _ => {
            reader.error("catalog::shape", "`between` is a list of two numbers: the least and the greatest", node);
            None
        }
    }
}

fn cautions(reader: &Reader<'_>, node: &Node) -> Vec<Caution> {
    reader.list(node).iter().filter_map(|item| caution(reader, item)).collect()
}

fn caution(reader: &Reader<'_>, node: &Node) -> Option<Caution> {
    let mut fields = Fields::new(reader, node, "a warning")?;
    let pattern = fields.need("pattern").and_then(|node| reader.pattern(node));
    let says = fields.need("says").and_then(|node| reader.text(node));
    fields.finish(reader);
    Some(Caution { pattern: pattern?, says: says? })
}

fn words(reader: &Reader<'_>, node: &Node) -> Vec<(String, serde_json::Value)> {
    reader.entries(node).iter().map(|(word, node)| (word.clone(), node.json())).collect()
}

const CLEAR: [&str; 3] = ["never", "explicit_null", "empty_text"];

fn clear(word: &str) -> Option<Clear> {
    match word {
        "never" => Some(Clear::Never),
        "explicit_null" => Some(Clear::ExplicitNull),
        "empty_text" => Some(Clear::EmptyText),
        _ => None,
    }
}

fn families(reader: &Reader<'_>, node: &Node) -> Vec<Family> {
    let names = Family::ALL.map(Family::name);
    reader.list(node).iter().filter_map(|item| reader.word(item, family, &names)).collect()
}

fn family(word: &str) -> Option<Family> {
    Family::ALL.into_iter().find(|family| family.name() == word)
}

fn extra(reader: &Reader<'_>, fields: &mut Fields<'_>) -> BTreeMap<String, serde_json::Value> {
    let entries = fields.take("extra").map(|node| reader.entries(node)).unwrap_or_default();
    entries.iter().map(|(name, node)| (name.clone(), node.json())).collect()
}

pub fn identifiers(reader: &Reader<'_>, node: &Node) -> Vec<Identifier> {
    reader.entries(node).iter().filter_map(|(name, node)| identifier(reader, name, node)).collect()
}

fn identifier(reader: &Reader<'_>, name: &str, node: &Node) -> Option<Identifier> {
    let mut fields = Fields::new(reader, node, "an identifier")?;
    let remote_id = fields.flag(reader, "remote_id", false);
    let pointer = if remote_id { Pointer::Optional } else { Pointer::Needed };
    let normalise = fields.take("normalise").map(|node| reader.list(node)).unwrap_or_default();
    let refuse = fields.take("refuse").map(|node| reader.list(node)).unwrap_or_default();
    let identifier = Identifier {
        name: name.to_string(),
        about: fields.text(reader, "about").unwrap_or_default(),
        placement: placement(reader, &mut fields, pointer, None),
        normalise: normalise.iter().filter_map(|item| reader.word(item, normal, &NORMAL)).collect(),
        refuse: refuse.iter().filter(|item| item.text().is_some()).filter_map(|item| reader.text(item)).collect(),
        refuse_patterns: refuse
            .iter()
            .filter(|item| item.text().is_none())
            .filter_map(|item| refused(reader, item))
            .collect(),
        remote_id,
        kind: fields.take("kind").and_then(|node| reader.word(node, kind, &["address", "id"])),
        extra: extra(reader, &mut fields),
    };
    fields.finish(reader);
    Some(identifier)
}

fn kind(word: &str) -> Option<IdentifierKind> {
    match word {
        "address" => Some(IdentifierKind::Address),
        "id" => Some(IdentifierKind::Id),
        _ => None,
    }
}

const NORMAL: [&str; 4] = ["trim", "lower", "upper", "digits"];

fn refused(reader: &Reader<'_>, node: &Node) -> Option<Refused> {
    let mut fields = Fields::new(reader, node, "a refusal")?;
    let pattern = fields.need("pattern").and_then(|node| reader.pattern(node));
    let reason = fields.need("reason").and_then(|node| reader.text(node));
    fields.finish(reader);
    Some(Refused { pattern: pattern?, reason: reason? })
}

fn normal(word: &str) -> Option<Normalise> {
    match word {
        "trim" => Some(Normalise::Trim),
        "lower" => Some(Normalise::Lower),
        "upper" => Some(Normalise::Upper),
        "digits" => Some(Normalise::Digits),
        _ => None,
    }
}

pub fn fields(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Vec<Field> {
    reader.entries(node).iter().filter_map(|(name, node)| field(reader, name, node, declared, calls)).collect()
}

fn field(reader: &Reader<'_>, name: &str, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Option<Field> {
    let mut fields = Fields::new(reader, node, "a field")?;
    let read_only = fields.flag(reader, "read_only", false);
    let pointer = if read_only { Pointer::Optional } else { Pointer::Needed };
    let field = Field {
        name: name.to_string(),
        also: fields.texts(reader, "also"),
        about: fields.text(reader, "about").unwrap_or_default(),
        placement: placement(reader, &mut fields, pointer, Some(calls)),
        read_only,
        consent: fields.flag(reader, "consent", false),
        required_on_create: fields.take("required_on_create").and_then(|node| needed(reader, node, declared)),
        extra: extra(reader, &mut fields),
    };
    fields.finish(reader);
    Some(field)
}

/// `true`, or when.
fn needed(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Condition> {
    match node.json().as_bool() {
        Some(needed) => needed.then(|| Condition("true".into())),
        None => reader.condition(node, Site::Refusal, declared),
    }
}

/// Names of calls, of those that list something, and of those that list choices.
pub struct Calls<'c> {
    pub all: Vec<&'c str>,
    pub listings: Vec<&'c str>,
    pub choices: Vec<&'c str>,
}

impl Calls<'_> {
    pub fn any(&self, reader: &Reader<'_>, node: &Node) -> Option<CallName> {
        reader.name(node, "call", self.all.iter().copied()).map(CallName)
    }

    pub fn listing(&self, reader: &Reader<'_>, node: &Node) -> Option<CallName> {
        let name = self.any(reader, node)?;
        if !self.listings.contains(&name.as_str()) {
            reader.error(
                "catalog::listing",
                format!("the call `{name}` has no `list`, so nothing is found in it"),
                node,
            );
        }
        Some(name)
    }

    fn choices(&self, reader: &Reader<'_>, node: &Node) -> Option<CallName> {
        let name = self.listing(reader, node)?;
        if self.listings.contains(&name.as_str()) && !self.choices.contains(&name.as_str()) {
            reader.error("catalog::listing", format!("the list of `{name}` has no `choice`"), node);
        }
        Some(name)
    }
}

pub fn custom(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Option<Custom> {
    let mut fields = Fields::new(reader, node, "custom")?;
    let custom = Custom {
        name: fields.need("name").and_then(|node| reader.pattern(node)).unwrap_or_default(),
        name_help: fields.text(reader, "name_help").unwrap_or_default(),
        create: fields.flag(reader, "create", true),
        types: fields.need("types").map(|node| types(reader, node, calls)).unwrap_or_default(),
        known: fields.take("known").and_then(|node| known(reader, node, declared, calls)),
        reserved: fields.texts(reader, "reserved"),
        fold_case: fields.take("fold").and_then(|node| reader.word(node, fold, &["case"])).unwrap_or(false),
        locks: fields.flag(reader, "locks", false),
    };
    fields.finish(reader);
    Some(custom)
}

/// `fold: case`
pub fn fold(word: &str) -> Option<bool> {
    (word == "case").then_some(true)
}

fn types(reader: &Reader<'_>, node: &Node, calls: &Calls<'_>) -> Vec<CustomType> {
    let found = reader.entries(node).iter().filter_map(|(word, node)| custom_type(reader, word, node, calls)).collect();
    let mut taken: Vec<(Family, &str)> = Vec::new();
    let found: Vec<CustomType> = found;
    for kind in found.iter().filter(|kind| !kind.ask) {
        for family in &kind.families {
            if let Some((_, before)) = taken.iter().find(|(known, _)| known == family) {
                let message = format!("`{before}` and `{}` both stand for {} columns", kind.word, family.name());
                reader.error("catalog::custom", message, node);
            }
            taken.push((*family, &kind.word));
        }
    }
    found
}

fn custom_type(reader: &Reader<'_>, word: &str, node: &Node, calls: &Calls<'_>) -> Option<CustomType> {
    let mut fields = Fields::new(reader, node, "a type")?;
    let ask = fields.flag(reader, "ask", false);
    let given = fields.take("for").map(|node| families(reader, node));
    let kind = CustomType {
        word: word.to_string(),
        families: given.unwrap_or_else(|| family(word).into_iter().collect()),
        ask,
        placement: placement(reader, &mut fields, Pointer::Needed, Some(calls)),
    };
    fields.finish(reader);
    if kind.families.is_empty() && !ask {
        let message = format!("`{word}` is no family of columns, so it needs `for` or `ask: true`");
        reader.error("catalog::custom", message, node);
    }
    Some(kind)
}

pub fn account_fields(
    reader: &Reader<'_>,
    node: &Node,
    declared: &Declared,
    calls: &Calls<'_>,
) -> Option<AccountFields> {
    let mut fields = Fields::new(reader, node, "`account_fields`")?;
    let listing = fields.need("in").and_then(|node| calls.listing(reader, node));
    let by = fields.need("by").and_then(|node| reader.value(node, Site::Found, declared));
    let mut template = |key| fields.need(key).and_then(|node| reader.template(node, Site::Found, declared));
    let (id, kind) = (template("id"), template("type"));
    let names = fields.need("names").and_then(|node| reader.value(node, Site::Found, declared));
    let types = fields.need("types").map(|node| reader.entries(node)).unwrap_or_default();
    let types = types.iter().filter_map(|(word, node)| {
        let mut fields = Fields::new(reader, node, "a type")?;
        let placement = placement(reader, &mut fields, Pointer::Needed, Some(calls));
        fields.finish(reader);
        Some((word.clone(), placement))
    });
    let types = types.collect();
    fields.finish(reader);
    Some(AccountFields { listing: listing?, by: by?, id: id?, kind: kind?, names: names?, types })
}

fn known(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Option<Known> {
    let mut fields = Fields::new(reader, node, "`known`")?;
    let listing = fields.need("in").and_then(|node| calls.listing(reader, node));
    let by = fields.need("by").and_then(|node| reader.value(node, Site::Found, declared));
    let fits = condition(reader, fields.take("fits"), Site::Found, declared);
    let gives = templates(reader, fields.take("gives"), Site::Found, declared);
    let create = fields.take("create").and_then(|node| calls.any(reader, node));
    fields.finish(reader);
    Some(Known { listing: listing?, by: by?, fits, gives, create })
}

pub fn preparations(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Vec<Prepare> {
    let entries = reader.entries(node).iter();
    entries.filter_map(|(name, node)| preparation(reader, name, node, declared, calls)).collect()
}

fn preparation(
    reader: &Reader<'_>,
    name: &str,
    node: &Node,
    declared: &Declared,
    calls: &Calls<'_>,
) -> Option<Prepare> {
    let mut fields = Fields::new(reader, node, "a preparation")?;
    let when = condition(reader, fields.take("when"), Site::Route, declared);
    let want = fields.need("want").and_then(|node| reader.template(node, Site::Want, declared));
    let listing = fields.need("in").and_then(|node| calls.listing(reader, node));
    let by = fields.need("by").and_then(|node| reader.value(node, Site::Found, declared));
    let gives = templates(reader, fields.take("gives"), Site::Found, declared);
    let create = fields.take("create").and_then(|node| calls.any(reader, node));
    fields.finish(reader);
    Some(Prepare { name: name.to_string(), when, want: want?, listing: listing?, by: by?, gives, create })
}
