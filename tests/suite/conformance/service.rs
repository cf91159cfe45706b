//! What a service tells the suite of itself: the files of `tests/conformance/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sendoff::ir::mode::Mode;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    #[serde(skip)]
    pub name: String,
    #[serde(default, rename = "about")]
    _about: String,
    pub destination: String,
    /// Of a vendor that is not built in: the folder of its definition, and the file that answers for it.
    pub definition: Option<PathBuf>,
    pub vendor: Option<String>,
    #[serde(default)]
    pub settings: String,
    pub service: String,
    #[serde(default)]
    options: String,
    modes: BTreeMap<Mode, Manner>,
    identify: Map<String, Value>,
    #[serde(default)]
    pub identify_all: bool,
    #[serde(default)]
    map: Map<String, Value>,
    #[serde(default)]
    custom: Map<String, Value>,
    later: Option<String>,
    #[serde(default)]
    people: Map<String, Value>,
    pub member: Option<Sign>,
    pub left: Option<Sign>,
    pub created: Option<Sign>,
    pub event: Option<String>,
    refuse: Option<BTreeMap<String, String>>,
    /// A variant of another file: only what it may change is played.
    #[serde(default)]
    brief: bool,
    #[serde(default)]
    pub jobs: bool,
    pub creator: Option<String>,
    #[serde(default)]
    pub extra: String,
    #[serde(default = "token")]
    pub reads: Vec<String>,
    pub rows: Option<usize>,
    pub batch: Option<usize>,
    #[serde(default)]
    cannot: BTreeMap<Word, String>,
}

/// What one mode has of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Manner {
    options: Option<String>,
    cannot: BTreeMap<Word, String>,
}

/// What a service may be unable to do, with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Clear,
    Refuse,
    Notice,
    Remove,
    Repeat,
}

/// How holdings show something of a contact.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Sign {
    Group { group: String },
    Field { field: String, value: Value },
}

#[derive(Clone, Debug)]
pub struct Field {
    /// As the pipeline writes it.
    pub target: String,
    pub custom: bool,
    pub written: Written,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    pub column: String,
    pub sql: Option<String>,
    name: Option<String>,
    #[serde(default)]
    pub words: BTreeMap<String, Value>,
    #[serde(default)]
    pub options: String,
    #[serde(default = "yes")]
    pub clear: bool,
    #[serde(default)]
    pub required: bool,
}

fn yes() -> bool {
    true
}

fn token() -> Vec<String> {
    vec!["token".into()]
}

impl Field {
    fn read(target: &str, written: &Value, custom: bool) -> Field {
        let written = match written {
            Value::String(column) => serde_json::json!({"column": column}),
            block => block.clone(),
        };
        let written = serde_json::from_value(written).unwrap_or_else(|error| panic!("`{target}`: {error}"));
        Field { target: target.into(), custom, written }
    }

    /// In the holdings.
    pub fn name(&self) -> String {
        self.written.name.clone().unwrap_or_else(|| self.target.replace('"', ""))
    }
}

/// A service in one of its modes: what a scenario is played with.
#[derive(Clone, Debug)]
pub struct Case {
    pub service: Service,
    pub mode: Mode,
}

impl Case {
    pub fn options(&self) -> &str {
        self.manner().options.as_deref().unwrap_or(&self.service.options)
    }

    fn manner(&self) -> &Manner {
        &self.service.modes[&self.mode]
    }

    pub fn can(&self, word: Word) -> bool {
        !self.service.cannot.contains_key(&word) && !self.manner().cannot.contains_key(&word)
    }

    pub fn brief(&self) -> bool {
        self.service.brief && std::env::var_os("ALL").is_none()
    }

    /// Identifiers with their columns; contacts are told apart by the first.
    pub fn identify(&self) -> Vec<Field> {
        fields(&self.service.identify, false)
    }

    /// None in modes that only say who belongs to a set.
    pub fn fields(&self) -> Vec<Field> {
        [fields(&self.service.map, false), fields(&self.service.custom, true)].concat()
    }

    /// The target that is mapped later.
    pub fn later(&self) -> Option<String> {
        let last = || self.fields().last().map(|field| field.target.clone());
        self.service.later.clone().or_else(last)
    }

    /// Identifiers and fields by which people are made known beforehand: names with a column, or with a value.
    pub fn people(&self) -> Vec<(String, Option<String>, Value)> {
        let people = if self.service.people.is_empty() { &self.service.identify } else { &self.service.people };
        let part = |(name, written): (&String, &Value)| match written {
            Value::String(column) => (name.clone(), Some(column.clone()), Value::Null),
            block => {
                let column = block.get("column").and_then(Value::as_str).map(str::to_string);
                (name.clone(), column, block.get("value").cloned().unwrap_or_default())
            }
        };
        people.iter().map(part).collect()
    }

    /// By which of its own identifiers the vendor is told to refuse somebody, and the columns they come from.
    pub fn refuse(&self) -> Vec<(String, String)> {
        match &self.service.refuse {
            Some(refuse) => refuse.iter().map(|(name, column)| (name.clone(), column.clone())).collect(),
            None => self.identify().into_iter().take(1).map(|field| (field.target, field.written.column)).collect(),
        }
    }
}

fn fields(written: &Map<String, Value>, custom: bool) -> Vec<Field> {
    written.iter().map(|(target, written)| Field::read(target, written, custom)).collect()
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

pub fn read(name: &str) -> Service {
    let path = folder().join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let service: Service = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Service { name: name.into(), ..service }
}

/// Every file, in each of its modes.
pub fn cases() -> Vec<Case> {
    let entries = fs::read_dir(folder()).expect("the folder is there").flatten().map(|entry| entry.path());
    let mut names: Vec<String> = entries
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names.iter().flat_map(|name| of(read(name))).collect()
}

fn of(service: Service) -> Vec<Case> {
    let modes: Vec<Mode> = service.modes.keys().copied().collect();
    modes.into_iter().map(|mode| Case { service: service.clone(), mode }).collect()
}

/// The service that creates people for this one, in the mode that does.
pub fn creator(case: &Case) -> Option<Case> {
    Some(Case { service: read(case.service.creator.as_ref()?), mode: Mode::Upsert })
}
