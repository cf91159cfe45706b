//! What each part of a service says rightly by itself, and wrongly together with another.

use std::collections::BTreeMap;

use super::node::Node;
use super::reader::Reader;
use crate::diag::Problem;
use crate::ir::catalog::{ANY, Call, Field, Service};
use crate::ir::ident::CallName;

pub fn check(reader: &Reader<'_>, node: &Node, service: &Service) {
    places(reader, node.get("fields"), &service.fields);
    whole(reader, node.get("whole"), service);
    looks(reader, node.get("readback"), &service.calls);
}

/// Two fields at one place would be two values of one member.
fn places(reader: &Reader<'_>, node: Option<&Node>, fields: &[Field]) {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let written = fields.iter().filter(|field| !field.placement.at.is_empty() && !field.placement.at.contains('{'));
    for field in written {
        let Some(first) = taken.insert(&field.placement.at, &field.name) else { continue };
        let at = node.and_then(|node| node.get(&field.name)?.get("at"));
        let message = format!("`{first}` and `{}` both go to `{}`", field.name, field.placement.at);
        let problem = Problem::error("catalog::pointer", message);
        let problem = problem.help("a field that has several names lists the others in `also`");
        reader.push(match at {
            Some(at) => problem.at(reader.span(at)),
            None => problem,
        });
    }
}

/// Objects that go whole are those that some field is a part of.
fn whole(reader: &Reader<'_>, node: Option<&Node>, service: &Service) {
    for item in node.map(|node| reader.list(node)).unwrap_or_default() {
        let Some(object) = item.text() else { continue };
        let inside = |path: String| format!(".{path}.").contains(&format!(".{object}."));
        let held = |field: &Field| inside(field.name.clone()) || inside(field.placement.at.replace('/', "."));
        if !service.fields.iter().any(|field| field.name == ANY || held(field)) {
            reader.error("catalog::name", format!("no field is a part of `{object}`"), item);
        }
    }
}

/// What reads a record again changes nothing.
fn looks(reader: &Reader<'_>, node: Option<&Node>, calls: &BTreeMap<CallName, Call>) {
    for key in ["call", "find"] {
        let Some(at) = node.and_then(|node| node.get(key)) else { continue };
        let named = at.text().and_then(|name| calls.get(&CallName(name.to_string())));
        if let Some(call) = named.filter(|call| call.writes) {
            let help = Some("one that only looks, by another verb than GET, says `writes: false`".to_string());
            let message = format!("the call `{}` writes, and what reads back may not", call.name);
            reader.error_help("catalog::name", message, at, help);
        }
    }
}
