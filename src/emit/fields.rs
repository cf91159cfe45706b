//! Where mapped identifiers and fields go on the wire, and which of a row's fields travel.

use crate::ir::catalog::{Clear, Dots, Placement, Send, Service, Wire};
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::offer::Offer;
use crate::ir::plan::{PlannedField, PlannedIdentifier};

#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub identifiers: Vec<Placed>,
    pub fields: Vec<Placed>,
    /// Fields of one object that may not be sent in part.
    groups: Vec<Vec<usize>>,
    /// Whether NULL is left out of an added row: there is nothing to clear in what is being created.
    creates: bool,
}

#[derive(Clone, Debug)]
pub struct Placed {
    pub name: String,
    /// Names from the record's root inward.
    pub place: Vec<String>,
    pub wire: Wire,
    /// What NULL is sent as; `None`: not at all.
    pub cleared: Option<&'static [u8]>,
    /// The column holds JSON text, which goes as it is.
    pub json_text: bool,
    /// NULL members of structs are left out.
    pub skip_null: bool,
    /// An identifier that is the destination's own id.
    pub remote_id: bool,
}

impl Fields {
    /// Nothing mapped: for answers read without a pipeline.
    pub fn none() -> Fields {
        Fields::default()
    }

    /// `known` gives the account's id of a custom attribute, where attributes have one.
    pub fn new(
        service: &Service,
        mode: Mode,
        identifiers: &[PlannedIdentifier],
        fields: &[PlannedField],
        known: impl Fn(&str) -> Option<String>,
    ) -> Result<Fields, String> {
        let identifiers = identifiers.iter().map(|identifier| place_identifier(service, identifier));
        let placed = fields.iter().map(|field| place_field(field, service.dots, known(&field.name)));
        let placed: Vec<Placed> = placed.collect();
        let groups = service.whole.iter().map(|name| group(name, &placed)).filter(|group| group.len() > 1).collect();
        Ok(Fields {
            identifiers: identifiers.collect::<Result<_, _>>()?,
            fields: placed,
            groups,
            creates: mode.creates(),
        })
    }

    /// Marks in `take` the fields that go into a call's record. Says whether that is every field with a value. All of them
    /// go, and nothing is cleared, where a record is created after it was found to be `missing`.
    pub fn choose(&self, offer: &Offer, send: Send, missing: bool, take: &mut Vec<bool>) -> bool {
        let all = send == Send::All || offer.whole() || missing;
        let creating = missing || (self.creates && offer.kind() == ChangeKind::Added);
        take.clear();
        take.extend((0..self.fields.len()).map(|at| all || offer.owes(at)));
        for group in self.groups.iter().filter(|_| !all) {
            let any = group.iter().any(|&at| take[at]);
            group.iter().for_each(|&at| take[at] = any);
        }
        for (at, field) in self.fields.iter().enumerate() {
            let null = offer.value(at).is_null();
            take[at] &= !null || (field.cleared.is_some() && !creating);
        }
        all
    }

    /// The destination's id of a record: learnt in an earlier run, or given by the identifier itself.
    pub fn remote_id<'a>(&self, offer: &'a Offer) -> Option<&'a str> {
        let given = self.identifiers.get(offer.which()).filter(|placed| placed.remote_id);
        given.and_then(|_| offer.identifier(offer.which())).or(offer.remote_id())
    }

    /// The position of the field that an answer names by its own name, or by the last part of its place.
    pub fn named(&self, wire_name: &str) -> Option<usize> {
        let by_place = |field: &Placed| field.place.last().is_some_and(|last| last == wire_name);
        let by_path = |field: &Placed| field.place.join(".") == wire_name;
        let found = self.fields.iter().position(by_place).or_else(|| self.fields.iter().position(by_path));
        found.or_else(|| self.fields.iter().position(|field| field.name == wire_name))
    }
}

fn place_identifier(service: &Service, planned: &PlannedIdentifier) -> Result<Placed, String> {
    let name = planned.name.as_str();
    let identifier = service.identifier(name).ok_or_else(|| format!("the service has no identifier `{name}`"))?;
    let id = planned.id.as_deref().unwrap_or(name);
    let place = segments(&identifier.placement.at, name, id, Dots::Name);
    Ok(Placed {
        name: name.to_string(),
        place,
        wire: identifier.placement.wire,
        cleared: None,
        json_text: false,
        skip_null: false,
        remote_id: identifier.remote_id,
    })
}

fn place_field(field: &PlannedField, dots: Dots, id: Option<String>) -> Placed {
    Placed {
        name: field.name.clone(),
        place: segments(&field.placement.at, &field.name, id.as_deref().unwrap_or(&field.name), dots),
        wire: field.placement.wire,
        cleared: cleared(&field.placement, field.clear),
        json_text: field.sql_type.eq_ignore_ascii_case("json"),
        skip_null: field.placement.skip_null,
        remote_id: false,
    }
}

fn cleared(placement: &Placement, clear: bool) -> Option<&'static [u8]> {
    match placement.clear {
        Clear::ExplicitNull if clear => Some(b"null"),
        Clear::EmptyText if clear => Some(b"\"\""),
        Clear::Never | Clear::ExplicitNull | Clear::EmptyText => None,
    }
}

/// A JSON pointer's names, with `{name}` and `{id}` filled in. A segment that is `{name}` alone follows the dots of the name.
fn segments(pointer: &str, name: &str, id: &str, dots: Dots) -> Vec<String> {
    let mut out = Vec::new();
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        if segment == "{name}" && dots == Dots::Nest {
            out.extend(name.split('.').map(str::to_string));
        } else {
            out.push(segment.replace("{name}", name).replace("{id}", id));
        }
    }
    out
}

/// Fields of an object: `preferences`, or `channels.email` on a deeper level.
fn group(object: &str, fields: &[Placed]) -> Vec<usize> {
    let parts: Vec<&str> = object.split('.').collect();
    let holds = |place: &[&str]| place.windows(parts.len()).any(|some| some == parts.as_slice());
    let inside = |field: &Placed| {
        let name: Vec<&str> = field.name.split('.').collect();
        let place: Vec<&str> = field.place.iter().map(String::as_str).collect();
        name.starts_with(&parts) || holds(&place)
    };
    fields.iter().enumerate().filter(|(_, field)| inside(field)).map(|(at, _)| at).collect()
}
