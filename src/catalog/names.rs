//! Which names an expression may use, by the place it stands at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::ir::ident::CallName;
use crate::ir::slot::{Form, Names, Slot};

/// Where an expression stands. What each may name is also said in `docs/destination-format.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// `base_url`
    Base,
    /// `headers`, evaluated for each attempt
    Header,
    /// `token`: the request
    TokenRequest,
    /// `token`: what it gives
    TokenAnswer,
    /// `when` of a route or of a preparation
    Route,
    /// `want`
    Want,
    /// `by`, and `gives` of what was found in a listing
    Found,
    /// path, query, body
    Request,
    /// `record`, and path, query and body of a call that sends one record
    Record,
    /// rules for an answer, `holds`, `job.id`, `gives` of a call, `list`
    Answer,
    /// rules for one item of an answer
    Item,
    /// rules for a record that was read back
    Readback,
    /// `refuse` of a service
    Refusal,
}

const ROUTE: &[&str] = &["setting", "option", "identifier", "mode", "run"];
const REQUEST: &[&str] = &[
    "setting",
    "option",
    "identifier",
    "mode",
    "run",
    "prepared",
    "version",
    "want",
    "field",
    "page",
    "job",
    "answer",
];

/// Names that a definition's own work has: those who write an activation have no use for them.
const INNER: [&str; 5] = ["want", "field", "page", "job", "answer"];

impl Site {
    /// Names at the top level.
    pub fn names(self) -> Vec<&'static str> {
        let (base, more): (&[&str], &[&str]) = match self {
            Site::Base => (&["setting"], &["version"]),
            Site::Header => (REQUEST, &["attempt", "token"]),
            Site::TokenRequest => (&["setting"], &["run", "version"]),
            Site::TokenAnswer => (&["status", "body"], &["headers"]),
            Site::Route => (ROUTE, &[]),
            Site::Want => (ROUTE, &["prepared"]),
            Site::Found => (ROUTE, &["prepared", "item", "want", "field"]),
            Site::Request => (REQUEST, &[]),
            Site::Record => (REQUEST, &["record"]),
            Site::Answer => (REQUEST, &["token", "status", "body", "headers", "garbled", "sent"]),
            Site::Item => (REQUEST, &["token", "status", "body", "headers", "sent", "item"]),
            Site::Readback => (REQUEST, &["token", "status", "body", "headers", "sent", "record"]),
            Site::Refusal => (&["option", "identifier", "mode", "field", "fields"], &[]),
        };
        base.iter().chain(more).copied().collect()
    }
}

/// What may follow a name that is closed: `run.full`, `attempt.nonce`.
fn closed(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "run" => &["id", "full", "remapped", "rows", "now"],
        "attempt" => &["nonce", "now"],
        "job" => &["id", "age"],
        "page" => &["next", "number", "seen", "count"],
        "record" => &["identifier", "identifiers", "remote_id", "change", "fields"],
        "answer" => &["status", "body"],
        "field" => &["name", "native", "id", "type", "custom", "value"],
        _ => return None,
    })
}

/// Names that the definition itself declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    pub settings: BTreeSet<String>,
    pub options: BTreeSet<String>,
    /// Those of the options that are templates themselves.
    pub templates: BTreeSet<String>,
    /// What `identifier.` may be followed by: `name`, `remote_id` and each identifier's `extra`.
    pub identifier: BTreeSet<String>,
    /// What `record.fields.` may be followed by; `None` where pipelines bring names of their own.
    pub fields: Option<BTreeSet<String>>,
    /// What each preparation gives.
    pub prepared: BTreeMap<String, BTreeSet<String>>,
    /// The call that is being read.
    pub call: RefCell<String>,
    /// Where calls put template options, by the option's name, as far as they have been read.
    pub slots: RefCell<Vec<(String, Slot)>>,
}

impl Declared {
    /// What an expression may name at a site.
    pub fn names(&self, site: Site) -> Names {
        let names = site.names().into_iter();
        Names(names.map(|name| (name.to_string(), self.following(name))).collect())
    }

    fn following(&self, name: &str) -> Option<Names> {
        match name {
            "setting" => Some(Names::open(&self.settings)),
            "option" => Some(Names::open(&self.options)),
            "identifier" => Some(Names::open(&self.identifier)),
            "prepared" => {
                let things = self.prepared.iter();
                Some(Names(things.map(|(name, gives)| (name.clone(), Some(Names::open(gives)))).collect()))
            }
            "record" => {
                let mut names = Names::open(closed(name)?.iter().copied());
                if let (Some(fields), Some(after)) = (&self.fields, names.0.get_mut("fields")) {
                    *after = Some(Names::open(fields));
                }
                Some(names)
            }
            _ => closed(name).map(|names| Names::open(names.iter().copied())),
        }
    }

    /// Takes note of a place that is exactly a template option, or a part of one.
    pub fn slot(&self, path: &str, form: Form, site: Site) {
        let mut parts = path.strip_prefix("option.").into_iter().flat_map(|path| path.split('.')).map(str::to_string);
        let Some(option) = parts.next().filter(|option| self.templates.contains(option)) else { return };
        let call = self.call.borrow().clone();
        let mut names = self.names(site);
        names.0.retain(|name, _| !INNER.contains(&name.as_str()));
        let slot = Slot { call: CallName(call), part: parts.collect(), form, names };
        self.slots.borrow_mut().push((option, slot));
    }
}
