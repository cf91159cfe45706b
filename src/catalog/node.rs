//! YAML as a tree that knows where each part was written. The one home of serde_yaml.
//!
//! serde_yaml tells places only with errors. So a node remembers its path, and when a problem needs the place, the text is
//! read again along that path up to a deliberate error: slow, but only for broken definitions.

mod visit;

use std::rc::Rc;

use serde::de::DeserializeSeed;
use serde_json::Value;

use self::visit::{Raw, RawSeed, Seek};
use crate::ir::span::{FileId, Span};

#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// Null, boolean, number or text.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[(String, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Value::Null))
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A scalar as it is plainly written.
    pub fn written(&self) -> Option<String> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text.clone()),
            Kind::Scalar(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// How a message calls what was found.
    pub fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(Value::Null) => "nothing",
            Kind::Scalar(Value::Bool(_)) => "a boolean",
            Kind::Scalar(Value::Number(_)) => "a number",
            Kind::Scalar(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    pub fn json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => items.iter().map(Node::json).collect(),
            Kind::Map(entries) => Value::Object(entries.iter().map(|(key, node)| (key.clone(), node.json())).collect()),
        }
    }

    fn placed(raw: Raw, place: Place) -> Node {
        let kind = match raw {
            Raw::Scalar(value) => Kind::Scalar(value),
            Raw::List(items) => Kind::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(at, item)| Node::placed(item, place.child(Step::Index(at))))
                    .collect(),
            ),
            Raw::Map(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|(key, item)| (key.clone(), Node::placed(item, place.child(Step::Key(key)))))
                    .collect(),
            ),
        };
        Node { kind, place }
    }
}

/// A file and the way to a node in it.
#[derive(Clone, Debug)]
pub struct Place {
    pub file: FileId,
    path: Option<Rc<Link>>,
    /// The key itself, not what stands behind it.
    key: bool,
}

#[derive(Debug)]
struct Link {
    step: Step,
    above: Option<Rc<Link>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    fn root(file: FileId) -> Place {
        Place { file, path: None, key: false }
    }

    fn child(&self, step: Step) -> Place {
        Place { path: Some(Rc::new(Link { step, above: self.path.clone() })), ..self.clone() }
    }

    /// The key under which this node stands.
    pub fn as_key(&self) -> Place {
        Place { key: true, ..self.clone() }
    }

    /// The key's own text, where it is the key that is meant.
    fn key_text(&self) -> Option<&str> {
        match self.path.as_deref() {
            Some(Link { step: Step::Key(name), .. }) if self.key => Some(name),
            _ => None,
        }
    }

    fn steps(&self) -> Vec<&Step> {
        let links = std::iter::successors(self.path.as_deref(), |link| link.above.as_deref());
        let mut steps: Vec<&Step> = links.map(|link| &link.step).collect();
        steps.reverse();
        steps
    }
}

/// What YAML cannot be read as, and where.
pub struct Broken {
    pub message: String,
    pub span: Span,
}

pub fn parse(file: FileId, text: &str) -> Result<Node, Broken> {
    match RawSeed.deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(raw) => Ok(Node::placed(raw, Place::root(file))),
        Err(error) => {
            let start = error.location().map_or(0, |at| offset(text, at.line(), at.column()));
            Err(Broken { message: plain_message(&error), span: Span::new(file, start, token_end(text, start, None)) })
        }
    }
}

/// serde_yaml ends its messages with "at line 1 column 2", which the drawing shows better.
fn plain_message(error: &serde_yaml::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().trim_end_matches('.').to_string()
}

/// Where a node stands. `value` is its text where it is a scalar, which settles where it ends.
pub fn locate(text: &str, place: &Place, value: Option<&str>) -> Span {
    let steps = place.steps();
    let seek = Seek { steps: &steps, key: place.key };
    let start = match seek.deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(()) => 0,
        Err(error) => error.location().map_or(0, |at| offset(text, at.line(), at.column())),
    };
    Span::new(place.file, start, token_end(text, start, place.key_text().or(value)))
}

/// Bytes before a line and column, both counted from 1, columns in characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[line_start.min(text.len())..].split('\n').next().unwrap_or_default();
    line_start + line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}

/// The end of the token that begins at `start`: a quoted text, a list or mapping in brackets, the value itself, or what is left
/// of the line.
fn token_end(text: &str, start: usize, value: Option<&str>) -> usize {
    let rest = text[start..].split('\n').next().unwrap_or_default();
    if let Some(value) = value.filter(|value| !value.is_empty() && rest.starts_with(*value)) {
        return start + value.len();
    }
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        return start + quoted_len(rest, quote);
    }
    if rest.starts_with(['[', '{']) {
        return start + bracketed_len(rest);
    }
    let stops = [rest.find(": "), rest.find(" #"), rest.strip_suffix(':').map(str::len)];
    start + stops.into_iter().flatten().min().unwrap_or(rest.trim_end().len()).max(usize::from(!rest.is_empty()))
}

/// Up to the bracket that closes the first one, else the whole line.
fn bracketed_len(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' | '\'' => {
                at += quoted_len(&text[at..], c);
                continue;
            }
            '[' | '{' => depth += 1,
            ']' | '}' if depth == 1 => return at + 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    text.trim_end().len()
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && quote == '"' && !escaped;
    }
    text.trim_end().len()
}
