//! Bodies compiled: a definition's tree becomes nodes in which all that can be known beforehand is bytes already.

use serde_json::Value as Json;

use super::fields::Fields;
use super::wire;
use crate::ir::catalog::{Template, Tree, Wire};
use crate::template::{Engine, Expression, Scope, Text};

#[derive(Clone, Debug)]
pub enum Node {
    /// JSON text.
    Constant(Vec<u8>),
    Object(Vec<Member>),
    Array(Vec<Node>),
    Identifier {
        position: usize,
        wire: Wire,
    },
    /// The mapped field of this position.
    Field(usize),
    Read(Read),
    Expression(Expression),
    /// Text with the record in it.
    Text(Text),
    Records,
    Record,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    /// The name as JSON, with its colon.
    pub key: Vec<u8>,
    pub node: Node,
}

/// A plain read of the record: no expression runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    pub column: Column,
    pub as_integer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Identifier,
    RemoteId,
    Change,
}

/// What a tree is compiled against.
pub struct Ground<'a> {
    /// Everything that is the same for all records of the call.
    pub scope: &'a Scope,
    pub fields: &'a Fields,
    /// Positions of the identifiers that go along.
    pub identifiers: Vec<usize>,
    pub engine: Engine,
}

impl Node {
    /// Whether anything in it is a mapped field.
    pub fn has_fields(&self) -> bool {
        match self {
            Node::Field(_) => true,
            Node::Object(members) => members.iter().any(|member| member.node.has_fields()),
            Node::Array(nodes) => nodes.iter().any(Node::has_fields),
            _ => false,
        }
    }
}

pub fn compile(tree: &Tree, ground: &Ground<'_>) -> Result<Node, String> {
    match tree {
        Json::String(text) => compile_text(text, ground),
        Json::Array(items) if is_sum(items) => sum(items, ground),
        Json::Array(items) => items.iter().map(|item| compile(item, ground)).collect::<Result<_, _>>().map(fold_array),
        Json::Object(members) => {
            let mut object = Vec::with_capacity(members.len());
            for (name, tree) in members {
                let node = compile(tree, ground)?;
                if !is_nothing(&node) || tree.is_null() {
                    object.push(member(&key_name(name, ground)?, node));
                }
            }
            Ok(fold_object(object))
        }
        plain => Ok(Node::Constant(plain.to_string().into_bytes())),
    }
}

/// `[$identifiers, {...}]`: the parts of one object, written one after the other.
fn is_sum(items: &[Json]) -> bool {
    let placed = |item: &Json| matches!(item.as_str(), Some("$mapped" | "$fields" | "$identifiers"));
    items.iter().any(placed) && items.iter().all(|item| placed(item) || item.is_object())
}

fn sum(items: &[Json], ground: &Ground<'_>) -> Result<Node, String> {
    let mut total = Node::Object(Vec::new());
    for item in items {
        merge(&mut total, compile(item, ground)?, "")?;
    }
    Ok(total)
}

fn compile_text(text: &str, ground: &Ground<'_>) -> Result<Node, String> {
    match text {
        "$records" => Ok(Node::Records),
        "$record" => Ok(Node::Record),
        "$identifiers" => placed(ground, true, false),
        "$fields" => placed(ground, false, true),
        "$mapped" => placed(ground, true, true),
        _ => template(text, ground),
    }
}

fn template(source: &str, ground: &Ground<'_>) -> Result<Node, String> {
    let text = ground.engine.text(&Template(source.to_string())).map_err(|error| format!("`{source}`: {error}"))?;
    if !text.names().iter().any(|name| name == "record") {
        let value = text.value(ground.scope).map_err(|error| format!("`{source}`: {error}"))?;
        return Ok(Node::Constant(value.to_string().into_bytes()));
    }
    let Some(expression) = text.expression() else { return Ok(Node::Text(text)) };
    Ok(plain_read(expression.source()).map_or_else(|| Node::Expression(expression.clone()), Node::Read))
}

fn plain_read(source: &str) -> Option<Read> {
    let mut parts = source.split('|').map(str::trim);
    let column = match parts.next()? {
        "record.identifier" => Column::Identifier,
        "record.remote_id" => Column::RemoteId,
        "record.change" => Column::Change,
        _ => return None,
    };
    let as_integer = match (parts.next(), parts.next()) {
        (None, None) | (Some("string"), None) => false,
        (Some("int"), None) => true,
        _ => return None,
    };
    Some(Read { column, as_integer })
}

/// Identifiers and fields, each at its own place.
fn placed(ground: &Ground<'_>, identifiers: bool, fields: bool) -> Result<Node, String> {
    let mut root = Node::Object(Vec::new());
    for &position in ground.identifiers.iter().filter(|_| identifiers) {
        let identifier = &ground.fields.identifiers[position];
        let node = Node::Identifier { position, wire: identifier.wire };
        merge(&mut root, nest(&identifier.place, node), &identifier.name)?;
    }
    for (position, field) in ground.fields.fields.iter().enumerate().filter(|_| fields) {
        merge(&mut root, nest(&field.place, Node::Field(position)), &field.name)?;
    }
    Ok(root)
}

fn nest(place: &[String], node: Node) -> Node {
    place.iter().rev().fold(node, |node, name| Node::Object(vec![member(name, node)]))
}

fn member(name: &str, node: Node) -> Member {
    let mut key = Vec::with_capacity(name.len() + 3);
    wire::write_text(&mut key, name);
    key.push(b':');
    Member { name: name.to_string(), key, node }
}

fn key_name(name: &str, ground: &Ground<'_>) -> Result<String, String> {
    let text = ground.engine.text(&Template(name.to_string())).map_err(|error| format!("`{name}`: {error}"))?;
    let key = text.text(ground.scope).map_err(|error| format!("`{name}`: {error}"))?;
    key.ok_or_else(|| format!("`{name}` is none, and names an object's member"))
}

/// Adds what `from` holds to `into`: objects member by member; anything else may stand at one place only.
fn merge(into: &mut Node, from: Node, what: &str) -> Result<(), String> {
    let opened = unfold(std::mem::replace(into, Node::Record));
    *into = opened;
    let (Node::Object(members), Node::Object(more)) = (into, unfold(from)) else {
        return Err(format!("two values would go to one place of the body, the second for `{what}`"));
    };
    for member in more {
        match members.iter_mut().find(|old| old.name == member.name) {
            Some(old) => merge(&mut old.node, member.node, if what.is_empty() { &member.name } else { what })?,
            None => members.push(member),
        }
    }
    Ok(())
}

/// A constant object opened again, so that others can be merged into it.
fn unfold(node: Node) -> Node {
    let Node::Constant(text) = &node else { return node };
    match serde_json::from_slice(text) {
        Ok(Json::Object(members)) => {
            Node::Object(members.iter().map(|(name, value)| member(name, constant(value))).collect())
        }
        _ => node,
    }
}

fn constant(value: &Json) -> Node {
    unfold(Node::Constant(value.to_string().into_bytes()))
}

/// An expression that came to none is left out of its object; a literal null stays.
pub fn is_nothing(node: &Node) -> bool {
    matches!(node, Node::Constant(text) if text == b"null")
}

fn fold_object(members: Vec<Member>) -> Node {
    if !members.iter().all(|member| matches!(member.node, Node::Constant(_))) {
        return Node::Object(members);
    }
    let parts: Vec<Vec<u8>> = members.into_iter().map(|member| [member.key, bytes(member.node)].concat()).collect();
    Node::Constant([b"{".as_slice(), &parts.join(&b","[..]), b"}"].concat())
}

fn fold_array(nodes: Vec<Node>) -> Node {
    if !nodes.iter().all(|node| matches!(node, Node::Constant(_))) {
        return Node::Array(nodes);
    }
    let parts: Vec<Vec<u8>> = nodes.into_iter().map(bytes).collect();
    Node::Constant([b"[".as_slice(), &parts.join(&b","[..]), b"]"].concat())
}

fn bytes(node: Node) -> Vec<u8> {
    match node {
        Node::Constant(text) => text,
        _ => Vec::new(),
    }
}
