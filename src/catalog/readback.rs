//! What a service asks beyond its calls: that what was written is there, and what may not be written together.

use super::connection::condition;
use super::field::Calls;
use super::names::{Declared, Site};
use super::node::Node;
use super::reader::{Fields, Reader};
use crate::ir::catalog::{Readback, RecordRule, RecordVerdict, Refusal};

pub fn readback(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: &Calls<'_>) -> Option<Readback> {
    let mut fields = Fields::new(reader, node, "`readback`")?;
    let when = condition(reader, fields.take("when"), Site::Route, declared);
    let every = condition(reader, fields.take("every"), Site::Route, declared);
    let find = fields.take("find").and_then(|node| calls.any(reader, node));
    let call = fields.need("call").and_then(|node| calls.any(reader, node));
    let mut rules = |name| match fields.take(name) {
        Some(node) => reader.list(node).iter().filter_map(|item| rule(reader, item, declared)).collect(),
        None => Vec::new(),
    };
    let (record, of_fields) = (rules("record"), rules("fields"));
    fields.finish(reader);
    Some(Readback { when, every, find, call: call?, record, fields: of_fields })
}

/// What was read back is a reason to stop or to warn, or none.
fn rule(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<RecordRule> {
    let mut fields = Fields::new(reader, node, "a rule for what was read back")?;
    let verdict = |word: &str| match word {
        "stop" => Some(RecordVerdict::Stop),
        "warning" => Some(RecordVerdict::Warning),
        _ => None,
    };
    let when = fields.need("when").and_then(|node| reader.condition(node, Site::Readback, declared));
    let is = fields.need("is").and_then(|node| reader.word(node, verdict, &["stop", "warning"]));
    let reason = fields.need("reason").and_then(|node| reader.template(node, Site::Readback, declared));
    fields.finish(reader);
    Some(RecordRule { when: Some(when?), is: is?, reason: Some(reason?), learn: Vec::new(), field: None })
}

pub fn refusals(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Vec<Refusal> {
    reader.list(node).iter().filter_map(|item| refusal(reader, item, declared)).collect()
}

fn refusal(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Refusal> {
    let mut fields = Fields::new(reader, node, "a refused mapping")?;
    let when = fields.need("when").and_then(|node| reader.condition(node, Site::Refusal, declared));
    let says = fields.need("says").and_then(|node| reader.template(node, Site::Refusal, declared));
    let help = fields.text(reader, "help").unwrap_or_default();
    let level = |word: &str| ["error", "warning"].contains(&word).then_some(word == "warning");
    let warning = fields.take("is").and_then(|node| reader.word(node, level, &["error", "warning"]));
    fields.finish(reader);
    Some(Refusal { when: when?, says: says?, help, warning: warning.unwrap_or(false) })
}
