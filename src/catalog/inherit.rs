//! `from: CALL`: a call that is another one with some keys changed. YAML's own merge keys lose their places, so they are not
//! read.

use std::collections::BTreeMap;

use super::node::{Kind, Node};
use super::reader::Reader;
use crate::diag::suggestion;

/// The file of a destination whose calls all its services share.
pub const CONNECTION: &str = "connection";

/// Kind and service (or `connection`).
pub type Home = (String, String);

/// Calls of every file, as written.
#[derive(Default)]
pub struct Written<'n> {
    pub calls: BTreeMap<Home, Vec<(&'n str, &'n Node)>>,
}

impl<'n> Written<'n> {
    fn find(&self, home: &Home, name: &str) -> Option<&'n Node> {
        let calls = self.calls.get(home)?;
        calls.iter().find(|(call, _)| *call == name).map(|(_, node)| *node)
    }

    pub fn names(&self, home: &Home) -> Vec<&'n str> {
        self.calls.get(home).into_iter().flatten().map(|(name, _)| *name).collect()
    }

    /// The call with what it inherits filled in; `None` (told) where that cannot be.
    pub fn resolved(&self, reader: &Reader<'_>, home: &Home, name: &str) -> Option<Node> {
        self.resolve(reader, home, name, &mut Vec::new())
    }

    fn resolve(&self, reader: &Reader<'_>, home: &Home, name: &str, above: &mut Vec<(Home, String)>) -> Option<Node> {
        let node = self.find(home, name)?;
        let Some(from) = node.get("from") else { return Some(node.clone()) };
        let (origin, base) = self.base(reader, home, name, from)?;
        let here = (home.clone(), name.to_string());
        if above.contains(&here) {
            reader.error("catalog::inherit", format!("the call `{name}` inherits from itself"), from);
            return None;
        }
        above.push(here);
        let base = self.resolve(reader, &origin, &base, above)?;
        Some(overlay(&base, node))
    }

    /// Where the call to inherit from stands. A bare name is looked for in the service, then in the connection; a call named
    /// like the connection's inherits from that.
    fn base(&self, reader: &Reader<'_>, home: &Home, name: &str, from: &Node) -> Option<(Home, String)> {
        let text = reader.text(from)?;
        let shared = (home.0.clone(), CONNECTION.to_string());
        let parts: Vec<&str> = text.split('.').collect();
        let candidates: Vec<(Home, &str)> = match parts.as_slice() {
            [call] if *call == name => vec![(shared.clone(), call)],
            [call] => vec![(home.clone(), call), (shared.clone(), call)],
            [service, call] => vec![((home.0.clone(), service.to_string()), call)],
            [kind, service, call] => vec![((kind.to_string(), service.to_string()), call)],
            _ => Vec::new(),
        };
        let found = candidates.iter().find(|(home, call)| self.find(home, call).is_some());
        if let Some((home, call)) = found {
            return Some((home.clone(), call.to_string()));
        }
        let mut known: Vec<String> = candidates.iter().flat_map(|(home, _)| self.written_like(&parts, home)).collect();
        known.retain(|known| known != name);
        let help = suggestion(&text, known.iter().map(String::as_str))
            .or_else(|| Some("a call is named `CALL`, `SERVICE.CALL` or `DESTINATION.SERVICE.CALL`".to_string()));
        reader.error_help("catalog::inherit", format!("there is no call `{text}` to inherit from"), from, help);
        None
    }

    /// The calls of a file, with as many parts before them as the author wrote.
    fn written_like(&self, parts: &[&str], home: &Home) -> Vec<String> {
        let prefix = parts[..parts.len().saturating_sub(1)].join(".");
        let dot = if prefix.is_empty() { "" } else { "." };
        self.names(home).into_iter().map(|name| format!("{prefix}{dot}{name}")).collect()
    }
}

/// The base's keys, replaced whole by those written over them; an empty value takes a key away. `about` and `examples` speak
/// of one call and are not inherited.
fn overlay(base: &Node, over: &Node) -> Node {
    let mut entries: Vec<(String, Node)> = base.entries().to_vec();
    entries.retain(|(key, _)| !matches!(key.as_str(), "about" | "examples" | "from"));
    for (key, node) in over.entries().iter().filter(|(key, _)| key != "from") {
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = node.clone(),
            None => entries.push((key.clone(), node.clone())),
        }
    }
    Node { kind: Kind::Map(entries), place: over.place.clone() }
}
