//! The keys of one mapping, taken one by one: what is left at the end is a misspelling.

use super::Reader;
use crate::catalog::node::{Kind, Node};
use crate::diag::{Problem, nearest, suggestion};

/// The keys of a mapping, each taken once; what was never asked for is unknown.
pub struct Fields<'n> {
    pub node: &'n Node,
    /// How a message calls the mapping ("a call").
    pub(super) what: &'static str,
    pub(super) asked: Vec<&'static str>,
    pub(super) needed: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    pub fn new(reader: &Reader<'_>, node: &'n Node, what: &'static str) -> Option<Self> {
        if matches!(node.kind, Kind::Map(_)) {
            return Some(Fields { node, what, asked: Vec::new(), needed: Vec::new(), missing: Vec::new() });
        }
        reader.error("catalog::shape", format!("{what} is a mapping, not {}", node.noun()), node);
        None
    }

    /// What stands behind a key; an empty value is as good as none.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        self.node.get(key).filter(|node| !node.is_null())
    }

    /// What stands behind a key that must be there.
    pub fn need(&mut self, key: &'static str) -> Option<&'n Node> {
        let found = self.take(key);
        self.needed.push(key);
        if found.is_none() {
            self.missing.push(key);
        }
        found
    }

    pub fn text(&mut self, reader: &Reader<'_>, key: &'static str) -> Option<String> {
        self.take(key).and_then(|node| reader.text(node))
    }

    pub fn flag(&mut self, reader: &Reader<'_>, key: &'static str, default: bool) -> bool {
        self.take(key).and_then(|node| reader.boolean(node)).unwrap_or(default)
    }

    pub fn count(&mut self, reader: &Reader<'_>, key: &'static str) -> Option<u32> {
        self.take(key).and_then(|node| reader.count(node))
    }

    /// A number that nothing could be done with if it were 0.
    pub fn positive(&mut self, reader: &Reader<'_>, key: &'static str) -> Option<u32> {
        let node = self.take(key)?;
        let number = reader.count(node)?;
        if number == 0 {
            reader.error("catalog::shape", format!("`{key}` is at least 1; without it there is no limit"), node);
        }
        Some(number)
    }

    pub fn lines(&mut self, reader: &Reader<'_>, key: &'static str) -> Vec<String> {
        self.take(key).map(|node| reader.lines(node)).unwrap_or_default()
    }

    pub fn texts(&mut self, reader: &Reader<'_>, key: &'static str) -> Vec<String> {
        self.take(key).map(|node| reader.texts(node)).unwrap_or_default()
    }

    /// Reports the keys that mean nothing here, and those that are missing and not merely misspelt.
    pub fn finish(self, reader: &Reader<'_>) {
        if let Some(asked) = &reader.asked {
            asked.borrow_mut().note(&self);
        }
        let mut missing = self.missing.clone();
        for (key, node) in self.node.entries().iter().filter(|(key, _)| !self.asked.contains(&key.as_str())) {
            if let Some(meant) = nearest(key, self.asked.iter().copied()) {
                missing.retain(|key| *key != meant);
            }
            let message = format!("{} has no key `{key}`", self.what);
            let problem = Problem::error("catalog::unknown_key", message).at(reader.key_span(node));
            reader.push(Problem { help: self.advice(key, node), ..problem });
        }
        for key in missing {
            let message = format!("{} needs `{key}`", self.what);
            reader.push(Problem::error("catalog::missing_key", message).at(reader.key_span(self.node)));
        }
    }

    fn advice(&self, key: &str, node: &Node) -> Option<String> {
        match key {
            "<<" => Some("merge keys are not read: use `from: CALL`".to_string()),
            _ if node.is_null() && nearest(key, self.asked.iter().copied()).is_none() => {
                Some("in braces, text that holds a comma stands in quotes".to_string())
            }
            _ => suggestion(key, self.asked.iter().copied()),
        }
    }
}
