//! Templates that a pipeline writes itself: where a definition's calls put them, and which names they may use there.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::ident::CallName;

/// A place of a call that (a part of) an option of type `template` fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub call: CallName,
    /// Names from the option's root inward; empty: the option itself.
    pub part: Vec<String>,
    pub form: Form,
    pub names: Names,
}

/// What the text in a slot has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text that may hold `{{ expr }}`
    Text,
    /// The same, and one of these words where it holds no expression
    Word { known: Vec<&'static str> },
    /// Exactly one `{{ expr }}`: a list or a truth is wanted.
    Value,
    /// A bare expression
    Condition,
    /// Any tree of such texts; these words stand for rows.
    Tree { words: Vec<&'static str> },
}

/// The names an expression may use: those after a dot too, or `None` where anything may follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub BTreeMap<String, Option<Names>>);

/// A name that may not stand there, and those that may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The name as written, up to the part that is wrong (`run.ful`).
    pub path: String,
    pub known: Vec<String>,
}

impl Names {
    /// Names after which anything may follow.
    pub fn open(names: impl IntoIterator<Item = impl Into<String>>) -> Names {
        Names(names.into_iter().map(|name| (name.into(), None)).collect())
    }

    /// The wrong names among paths like `record.change`.
    pub fn strangers(&self, paths: &[String]) -> Vec<Stranger> {
        paths.iter().filter_map(|path| self.stranger(path)).collect()
    }

    fn stranger(&self, path: &str) -> Option<Stranger> {
        let (mut names, mut seen) = (self, 0);
        for part in path.split('.') {
            let Some(after) = names.0.get(part) else {
                let known = names.0.keys().map(|name| format!("{}{name}", &path[..seen])).collect();
                return Some(Stranger { path: path[..seen + part.len()].to_string(), known });
            };
            names = after.as_ref()?;
            seen += part.len() + 1;
        }
        None
    }
}

/// What is given over the default, part by part; what fills a slot is taken whole.
pub fn completed(slots: &[Slot], default: Option<&Json>, given: &Json) -> Json {
    match default {
        Some(default) => overlaid(slots, default, given, &mut Vec::new()),
        None => given.clone(),
    }
}

fn overlaid(slots: &[Slot], default: &Json, given: &Json, at: &mut Vec<String>) -> Json {
    let (Json::Object(below), Json::Object(above)) = (default, given) else { return given.clone() };
    if slots.iter().any(|slot| slot.part == *at) {
        return given.clone();
    }
    let mut all = below.clone();
    for (name, value) in above {
        at.push(name.clone());
        let value = below.get(name).map_or_else(|| value.clone(), |below| overlaid(slots, below, value, at));
        at.pop();
        all.insert(name.clone(), value);
    }
    Json::Object(all)
}
