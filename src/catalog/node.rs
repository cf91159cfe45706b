//! YAML as a tree that knows where each part was written. The one home of serde_yaml.
//!
//! serde_yaml tells places only with errors. So a node remembers its path, and when a problem needs the place, the text is
//! read again along that path up to a deliberate error: slow, but only for broken definitions.

use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

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
    Span::new(place.file, start, token_end(text, start, value))
}

/// Bytes before a line and column, both counted from 1, columns in characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[line_start.min(text.len())..].split('\n').next().unwrap_or_default();
    line_start + line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}

/// The end of the token that begins at `start`: a quoted text, the value itself, or what is left of the line.
fn token_end(text: &str, start: usize, value: Option<&str>) -> usize {
    let rest = text[start..].split('\n').next().unwrap_or_default();
    if let Some(value) = value.filter(|value| !value.is_empty() && rest.starts_with(*value)) {
        return start + value.len();
    }
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        return start + quoted_len(rest, quote);
    }
    let stops = [rest.find(": "), rest.find(" #"), rest.strip_suffix(':').map(str::len)];
    start + stops.into_iter().flatten().min().unwrap_or(rest.trim_end().len()).max(usize::from(!rest.is_empty()))
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

enum Raw {
    Scalar(Value),
    List(Vec<Raw>),
    Map(Vec<(String, Raw)>),
}

struct RawSeed;

impl<'de> DeserializeSeed<'de> for RawSeed {
    type Value = Raw;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawSeed)
    }
}

impl<'de> Visitor<'de> for RawSeed {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::from(value)))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(RawSeed)? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries: Vec<(String, Raw)> = Vec::new();
        loop {
            let twice = |key: &str| {
                entries.iter().any(|(name, _)| name == key).then(|| format!("the key `{key}` stands here twice"))
            };
            let Some(key) = access.next_key_seed(KeySeed(twice))? else { break };
            let value = access.next_value_seed(RawSeed)?;
            entries.push((key, value));
        }
        Ok(Raw::Map(entries))
    }
}

/// A key as text, whatever YAML takes it for (`true: subscribed`). What `refuse` says of it is an error where it stands.
struct KeySeed<F>(F);

impl<'de, F: Fn(&str) -> Option<String>> DeserializeSeed<'de> for KeySeed<F> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fn(&str) -> Option<String>> Visitor<'de> for KeySeed<F> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bool<E: serde::de::Error>(self, key: bool) -> Result<String, E> {
        self.visit_str(&key.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, key: i64) -> Result<String, E> {
        self.visit_str(&key.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, key: u64) -> Result<String, E> {
        self.visit_str(&key.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<String, E> {
        match (self.0)(key) {
            Some(message) => Err(E::custom(message)),
            None => Ok(key.to_string()),
        }
    }
}

/// Walks the steps and fails where they end, so that the error carries the place.
struct Seek<'a> {
    steps: &'a [&'a Step],
    key: bool,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.steps.is_empty() { deserializer.deserialize_any(Stop) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Some((Step::Index(wanted), rest)) = self.steps.split_first().map(|(step, rest)| (*step, rest)) else {
            return Err(A::Error::custom("here"));
        };
        for _ in 0..*wanted {
            access.next_element::<IgnoredAny>()?;
        }
        access.next_element_seed(Seek { steps: rest, key: self.key })?;
        Err(A::Error::custom("here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Some((Step::Key(wanted), rest)) = self.steps.split_first().map(|(step, rest)| (*step, rest)) else {
            return Err(A::Error::custom("here"));
        };
        let stop_at_key = self.key && rest.is_empty();
        let refuse = |key: &str| (stop_at_key && key == wanted).then(String::new);
        while let Some(key) = access.next_key_seed(KeySeed(refuse))? {
            if key == *wanted {
                access.next_value_seed(Seek { steps: rest, key: self.key })?;
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom("here"))
    }
}

/// Takes nothing, so that whatever stands there is an error with a place.
struct Stop;

impl Visitor<'_> for Stop {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}
