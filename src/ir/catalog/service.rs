//! A service: what it takes, and the ways through its calls.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::RecordRule;
use super::call::Call;
use super::field::{Field, Identifier, Placement};
use super::{Condition, Setting, Template};
use crate::ir::ident::{CallName, ServiceName};
use crate::ir::mode::{ChangeKind, Mode, Verdict};
use crate::ir::value::Family;

#[derive(Clone, Debug)]
pub struct Service {
    pub name: ServiceName,
    pub title: String,
    pub about: String,
    /// When another service, or another tool, is the better choice.
    pub not_for: Vec<String>,
    pub unverified: Vec<String>,
    pub origin: String,
    pub options: Vec<Setting>,
    pub one_of: Vec<Vec<String>>,
    pub identifiers: Vec<Identifier>,
    /// Whether `identify all` is allowed.
    pub identify_all: bool,
    pub fields: Vec<Field>,
    pub dots: Dots,
    /// How fields are read that only the account's own list knows, where `map` may name them.
    pub account_fields: Option<AccountFields>,
    pub custom: Option<Custom>,
    /// At most so many fields (standard and custom) in one record.
    pub max_fields: Option<u32>,
    /// Objects that go whole or not at all, by their top name.
    pub whole: Vec<String>,
    /// The option (a list of field names) that says what a create needs besides `required_on_create`.
    pub mandatory: Option<String>,
    /// Whether `map` and `custom` make sense in membership.
    pub membership_fields: bool,
    /// What `mode update` does with new rows where the pipeline does not say.
    pub hold_new_rows: bool,
    /// Days after which an absent row is tried again.
    pub absent_retry_days: u32,
    /// In the order of the documentation: the first is the default.
    pub modes: Vec<(Mode, Vec<Route>)>,
    pub calls: BTreeMap<CallName, Call>,
    pub prepare: Vec<Prepare>,
    pub readback: Option<Readback>,
    pub refuse: Vec<Refusal>,
}

impl Service {
    pub fn routes(&self, mode: Mode) -> Option<&[Route]> {
        self.modes.iter().find(|(name, _)| *name == mode).map(|(_, routes)| routes.as_slice())
    }

    /// The identifier of that name, else the one declared as `*`, which stands for any name.
    pub fn identifier(&self, name: &str) -> Option<&Identifier> {
        let named = |wanted: &str| self.identifiers.iter().find(|identifier| identifier.name == wanted);
        named(name).or_else(|| named(ANY))
    }

    /// What conditions can say of an identifier: its name, whether it is the destination's own id, its `extra`.
    pub fn identifier_facts(&self, name: &str) -> serde_json::Value {
        let known = self.identifier(name);
        let extra = known.into_iter().flat_map(|identifier| identifier.extra.clone());
        let mut facts: serde_json::Map<_, _> = extra.collect();
        facts.insert("name".to_string(), name.into());
        facts.insert("remote_id".to_string(), known.is_some_and(|identifier| identifier.remote_id).into());
        serde_json::Value::Object(facts)
    }

    /// The field of that name, else the one declared as `*`, which stands for any name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let named = |wanted: &str| self.fields.iter().find(|field| field.is_called(wanted));
        named(name).or_else(|| named(ANY))
    }
}

/// An identifier or field of this name stands for every name; `{name}` in its pointer is the name used.
pub const ANY: &str = "*";

/// Whether dots of a target nest objects or belong to flat names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Dots {
    #[default]
    Nest,
    Name,
}

#[derive(Clone, Debug)]
pub struct Custom {
    /// What a name must look like.
    pub name: String,
    pub name_help: String,
    pub create: bool,
    /// By type word; each family has a default (`default_for`), others are asked for with `{ type = ... }`.
    pub types: Vec<CustomType>,
    pub known: Option<Known>,
    /// Names that may not be used.
    pub reserved: Vec<String>,
    /// Names that differ in letter case alone are one.
    pub fold_case: bool,
    /// The type of an attribute stays for good what the first value, or the one who created it, made it.
    pub locks: bool,
}

impl Custom {
    /// Whether two names mean one attribute.
    pub fn same(&self, one: &str, other: &str) -> bool {
        one == other || (self.fold_case && one.to_lowercase() == other.to_lowercase())
    }
}

/// A record read again after it was written, at a destination that may take a value and not keep it. The first batch of a
/// run is, before a second one leaves.
#[derive(Clone, Debug)]
pub struct Readback {
    pub when: Option<Condition>,
    /// A record of every batch is read, not only one of the first.
    pub every: Option<Condition>,
    /// Gives the remote id of a record that has none.
    pub find: Option<CallName>,
    pub call: CallName,
    /// What must not be: asked of the record as a whole.
    pub record: Vec<RecordRule>,
    /// And of each field that went along with a value.
    pub fields: Vec<RecordRule>,
}

/// What may not be written together, beyond what settings and fields say by themselves. Asked of each field where it speaks
/// of `field`, else of each identifier where it speaks of `identifier`, else once.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub when: Condition,
    pub says: Template,
    pub help: String,
    /// It goes, and is told all the same.
    pub warning: bool,
}

#[derive(Clone, Debug)]
pub struct CustomType {
    pub word: String,
    pub families: Vec<Family>,
    /// Only when the mapping says `{ type = WORD }`.
    pub ask: bool,
    pub placement: Placement,
}

/// The account's own list of fields: where it is read, how an item names itself, and what its types take.
#[derive(Clone, Debug)]
pub struct AccountFields {
    pub listing: CallName,
    /// Whether `item` is what the pipeline calls `field.name`.
    pub by: Template,
    pub id: Template,
    /// The vendor's word for the type, a key of `types`.
    pub kind: Template,
    /// The names it goes by, for suggestions.
    pub names: Template,
    /// By the vendor's word. Others cannot be written.
    pub types: Vec<(String, Placement)>,
}

/// Custom attributes that live in the account: found in a listing, created where missing.
#[derive(Clone, Debug)]
pub struct Known {
    pub listing: CallName,
    pub by: Template,
    /// What must be true of one that is found, or the mapping does not go together with it (its type).
    pub fits: Option<Condition>,
    pub gives: Vec<(String, Template)>,
    pub create: Option<CallName>,
}

/// Something that must exist before the first row: found in a listing, else created.
#[derive(Clone, Debug)]
pub struct Prepare {
    pub name: String,
    pub when: Option<Condition>,
    pub want: Template,
    pub listing: CallName,
    pub by: Template,
    pub gives: Vec<(String, Template)>,
    pub create: Option<CallName>,
}

/// One way through the calls for some kinds of change; the first whose `when` holds is taken.
#[derive(Clone, Debug)]
pub struct Route {
    pub rows: Vec<ChangeKind>,
    pub when: Option<Condition>,
    pub steps: Vec<Step>,
}

/// A step is taken by records whose last outcome is in `after` (the first step: by all).
#[derive(Clone, Debug)]
pub struct Step {
    pub action: StepAction,
    pub after: Vec<Verdict>,
    /// Records that have a remote id pass over this step with the outcome `found`.
    pub lacks_remote_id: bool,
}

#[derive(Clone, Debug)]
pub enum StepAction {
    Call(CallName),
    /// Read a whole listing and join it.
    Scan(CallName),
}
