//! Which names an expression may use, by the place it stands at.

use std::collections::{BTreeMap, BTreeSet};

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
            Site::Answer => (REQUEST, &["token", "status", "body", "headers", "sent"]),
            Site::Item => (REQUEST, &["token", "status", "body", "headers", "sent", "item"]),
            Site::Readback => (REQUEST, &["token", "status", "body", "headers", "sent", "record"]),
            Site::Refusal => (&["option", "identifier", "mode", "field"], &[]),
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
    /// What `identifier.` may be followed by: `name`, `remote_id` and each identifier's `extra`.
    pub identifier: BTreeSet<String>,
    /// What each preparation gives.
    pub prepared: BTreeMap<String, BTreeSet<String>>,
}

/// A name that may not stand there, and those that may.
#[derive(Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The name as written, up to the part that is wrong (`run.ful`).
    pub path: String,
    pub known: Vec<String>,
}

impl Declared {
    /// The wrong names among paths like `record.change`.
    pub fn strangers(&self, site: Site, paths: &[String]) -> Vec<Stranger> {
        paths.iter().filter_map(|path| self.judge(site, path)).collect()
    }

    fn judge(&self, site: Site, path: &str) -> Option<Stranger> {
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let names = site.names();
        if !names.contains(&first) {
            return Some(Stranger {
                path: first.to_string(),
                known: names.iter().map(|name| name.to_string()).collect(),
            });
        }
        let second = parts.next()?;
        let stranger = |known: Vec<String>| Stranger {
            path: format!("{first}.{second}"),
            known: known.iter().map(|name| format!("{first}.{name}")).collect(),
        };
        let known = self.following(first)?;
        if !known.contains(second) {
            return Some(stranger(known.into_iter().collect()));
        }
        let third = parts.next()?;
        let given = (first == "prepared").then(|| self.prepared.get(second)).flatten()?;
        let head = format!("{first}.{second}");
        (!given.contains(third)).then(|| Stranger {
            path: format!("{head}.{third}"),
            known: given.iter().map(|name| format!("{head}.{name}")).collect(),
        })
    }

    fn following(&self, name: &str) -> Option<BTreeSet<String>> {
        match name {
            "setting" => Some(self.settings.clone()),
            "option" => Some(self.options.clone()),
            "identifier" => Some(self.identifier.clone()),
            "prepared" => Some(self.prepared.keys().cloned().collect()),
            _ => closed(name).map(|names| names.iter().map(|name| name.to_string()).collect()),
        }
    }
}
