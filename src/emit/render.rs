//! Records and bodies written: nodes and a row become bytes.

use std::cell::OnceCell;

use serde_json::json;

use super::fields::Fields;
use super::tree::{Column, Member, Node, Read};
use super::wire;
use crate::ir::offer::Offer;
use crate::ir::value::Cell;
use crate::template::{Datum, Scope};

/// One row as a call sees it.
pub struct Row<'a> {
    pub offer: &'a Offer,
    pub remote_id: Option<&'a str>,
    pub fields: &'a Fields,
    /// Which fields go along, by position.
    pub take: &'a [bool],
    scope: &'a Scope,
    with_record: OnceCell<Scope>,
}

impl<'a> Row<'a> {
    pub fn new(
        offer: &'a Offer,
        remote_id: Option<&'a str>,
        fields: &'a Fields,
        take: &'a [bool],
        scope: &'a Scope,
    ) -> Row<'a> {
        Row { offer, remote_id, fields, take, scope, with_record: OnceCell::new() }
    }

    pub fn identifier(&self) -> &'a str {
        self.offer.identified_by()
    }

    /// The call's scope with `record` in it, made when the first expression asks.
    pub fn scope(&self) -> &Scope {
        self.with_record.get_or_init(|| self.scope.with("record", &self.record()))
    }

    /// The record for expressions of its request.
    pub fn record_datum(&self) -> Datum {
        Datum::of(&self.record())
    }

    fn record(&self) -> serde_json::Value {
        let names = self.fields.identifiers.iter().map(|placed| placed.name.clone());
        let identifiers: serde_json::Map<_, _> =
            names.zip(self.offer.identifiers()).map(|(name, value)| (name, json!(value))).collect();
        let values = self.fields.fields.iter().zip(self.offer.values());
        let fields: serde_json::Map<_, _> =
            values.map(|(placed, value)| (placed.name.clone(), wire::json(value))).collect();
        json!({
            "identifier": self.identifier(), "identifiers": identifiers, "fields": fields,
            "remote_id": self.remote_id, "change": self.offer.kind().name(),
        })
    }
}

/// What a body is made from: the one row of its request, and the records rendered before.
#[derive(Clone, Copy)]
pub struct Ink<'i, 'r> {
    pub row: Option<&'i Row<'r>>,
    /// Rendered records, one after the other; each ends where `ends` says.
    pub records: &'i [u8],
    pub ends: &'i [usize],
}

/// Writes a record. Says how many mapped fields are in it.
pub fn record(out: &mut Vec<u8>, node: &Node, row: &Row<'_>) -> Result<usize, String> {
    let mut writer = Writer { out, ink: Ink { row: Some(row), records: &[], ends: &[] }, fields: 0 };
    let before = writer.out.len();
    if !writer.node(node)? {
        writer.out.truncate(before);
        writer.out.extend_from_slice(b"{}");
    }
    Ok(writer.fields)
}

pub fn body(node: &Node, ink: Ink<'_, '_>) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(ink.records.len() + 64);
    let mut writer = Writer { out: &mut out, ink, fields: 0 };
    if !writer.node(node)? {
        out.extend_from_slice(b"{}");
    }
    Ok(out)
}

struct Writer<'o, 'i, 'r> {
    out: &'o mut Vec<u8>,
    ink: Ink<'i, 'r>,
    fields: usize,
}

impl<'i, 'r> Writer<'_, 'i, 'r> {
    /// Writes a node; `false`, and nothing written, where there is nothing to write.
    fn node(&mut self, node: &Node) -> Result<bool, String> {
        match node {
            Node::Constant(text) => self.out.extend_from_slice(text),
            Node::Object(members) => return self.object(members),
            Node::Array(nodes) => return self.array(nodes),
            Node::Identifier { position, wire } => {
                let row = self.row()?;
                let Some(text) = row.offer.identifier(*position) else { return Ok(false) };
                wire::write_held(self.out, *wire, text);
            }
            Node::Field(position) => return self.field(*position),
            Node::Read(read) => return self.read(*read),
            Node::Expression(expression) => {
                let value = expression.eval(self.row()?.scope()).map_err(|error| error.to_string())?;
                return Ok(self.plain(&value));
            }
            Node::Text(text) => {
                let value = text.value(self.row()?.scope()).map_err(|error| error.to_string())?;
                return Ok(self.plain(&value));
            }
            Node::Records => self.records(true),
            Node::Record => self.records(false),
        }
        Ok(true)
    }

    fn object(&mut self, members: &[Member]) -> Result<bool, String> {
        let start = self.out.len();
        self.out.push(b'{');
        for member in members {
            let before = self.out.len();
            if before > start + 1 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&member.key);
            if !self.node(&member.node)? {
                self.out.truncate(before);
            }
        }
        Ok(self.close(start, b'}'))
    }

    fn array(&mut self, nodes: &[Node]) -> Result<bool, String> {
        let start = self.out.len();
        self.out.push(b'[');
        for node in nodes {
            let before = self.out.len();
            if before > start + 1 {
                self.out.push(b',');
            }
            if !self.node(node)? {
                self.out.truncate(before);
            }
        }
        Ok(self.close(start, b']'))
    }

    /// Objects and arrays that turned out empty vanish: some destinations refuse them.
    fn close(&mut self, start: usize, bracket: u8) -> bool {
        if self.out.len() == start + 1 {
            self.out.truncate(start);
            return false;
        }
        self.out.push(bracket);
        true
    }

    fn field(&mut self, position: usize) -> Result<bool, String> {
        let row = self.row()?;
        if !row.take.get(position).copied().unwrap_or(false) {
            return Ok(false);
        }
        let placed = &row.fields.fields[position];
        match row.offer.value(position) {
            Cell::Null => self.out.extend_from_slice(placed.cleared.unwrap_or(b"null")),
            Cell::Text(text) if placed.json_text => wire::write_json_text(self.out, text),
            value if placed.skip_null => {
                wire::write(self.out, placed.wire, Cell::from(&value.to_value().without_null_members()));
            }
            value => wire::write(self.out, placed.wire, value),
        }
        self.fields += 1;
        Ok(true)
    }

    fn read(&mut self, read: Read) -> Result<bool, String> {
        let row = self.row()?;
        let text = match read.column {
            Column::Identifier => row.identifier(),
            Column::Change => row.offer.kind().name(),
            Column::RemoteId => row.remote_id.ok_or("the record has no remote id")?,
        };
        if read.as_integer {
            let number: i64 = text.trim().parse().map_err(|_| format!("`{text}` is not an integer"))?;
            self.out.extend_from_slice(number.to_string().as_bytes());
        } else {
            wire::write_text(self.out, text);
        }
        Ok(true)
    }

    fn plain(&mut self, value: &serde_json::Value) -> bool {
        if !value.is_null() {
            self.out.extend_from_slice(value.to_string().as_bytes());
        }
        !value.is_null()
    }

    fn records(&mut self, as_list: bool) {
        if as_list {
            self.out.push(b'[');
        }
        let mut from = 0;
        for (at, &end) in self.ink.ends.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&self.ink.records[from..end]);
            from = end;
        }
        if as_list {
            self.out.push(b']');
        }
    }

    fn row(&self) -> Result<&'i Row<'r>, String> {
        self.ink.row.ok_or_else(|| "the body reads one record, but its request has several".to_string())
    }
}
