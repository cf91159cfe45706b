//! What every part of the check looks things up in.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::names::Names;
use super::need::Needed;
use super::sql::Relations;
use super::{Inputs, Unset, error, values};
use crate::diag::{Problems, nearest, slip};
use crate::ir::ast::{Environment, Name, Value};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;

pub struct Scope<'a> {
    pub inputs: &'a Inputs<'a>,
    pub names: Names<'a>,
    pub needed: Needed<'a>,
    /// The environment chosen.
    pub environment: Option<&'a Environment>,
    /// Relations by the name that `ref` knows them by; `None` without a manifest that could be read.
    pub relations: Option<Relations>,
    /// Settings, in any file, whose value could not be read.
    pub unread: Vec<&'a Name>,
    /// Whether variables may stay unset in what is being read.
    spared: Cell<bool>,
    /// Variables that something asked for, to find `--var` of a name that nothing does.
    asked: RefCell<BTreeSet<String>>,
    /// Patterns of definitions, compiled once however many places they are held against.
    patterns: RefCell<BTreeMap<String, Option<Regex>>>,
}

impl<'a> Scope<'a> {
    pub fn new(inputs: &'a Inputs<'a>, names: Names<'a>, problems: &mut Problems) -> Self {
        let environment = choose(inputs, &names, problems);
        let relations = super::sql::relations(inputs, &names, problems);
        let needed = match inputs.unset {
            Unset::Elsewhere => Needed::default(),
            _ => Needed::by(inputs.only, &names),
        };
        let unread = inputs.files.iter().flat_map(|file| &file.unread).collect();
        let (spared, asked, patterns) = (Cell::new(false), RefCell::default(), RefCell::default());
        Scope { inputs, names, needed, environment, relations, unread, spared, asked, patterns }
    }

    /// Whether a variable without a value and without a default is no error.
    pub fn may_be_unset(&self) -> bool {
        self.inputs.unset == Unset::Anything || self.spared.get()
    }

    /// Reads something; where it is not needed, its variables may stay unset.
    pub fn reading<T>(&self, is_needed: bool, read: impl FnOnce() -> T) -> T {
        let before = self.spared.replace(self.spared.get() || !is_needed);
        let done = read();
        self.spared.set(before);
        done
    }

    /// Whether there is an entry of that word in a block which could not be read: it has been told, and is not missing.
    pub fn is_unread(&self, word: &str, block: Span) -> bool {
        self.unread.iter().any(|one| one.value == word && block.contains(one.span))
    }

    /// Whether something in a block could not be read: then what it lacks is not known.
    pub fn lost_in(&self, block: Span) -> bool {
        self.unread.iter().any(|one| block.contains(one.span))
    }

    /// Whether a variable may stay unset: some environment sets it, and which one is chosen is not known. Where all may be unset,
    /// one that looks like a slip for such a variable is none all the same.
    pub fn variable_may_be_unset(&self, name: &str) -> bool {
        let set = self.set_somewhere();
        let is_set = set.contains(name);
        let given_elsewhere =
            || self.inputs.unset == Unset::Anything && (is_set || slip(name, set.iter().copied()).is_none());
        self.spared.get() || given_elsewhere() || (self.environment.is_none() && is_set)
    }

    fn set_somewhere(&self) -> BTreeSet<&'a str> {
        let all = self.names.environments.values().flat_map(|environment| &environment.settings);
        all.map(|setting| setting.key.value.as_str()).collect()
    }

    pub fn columns(&self, model: &DatasetName) -> Option<&'a [ColumnFacts]> {
        self.inputs.columns?.get(model).map(Vec::as_slice)
    }

    /// Whether the text fits the pattern. One that does not compile is the definition's own problem, told with it.
    pub fn fits(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        let compiled = patterns.entry(pattern.to_string()).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }

    /// What `var(NAME)` finds outside the files: `--var`, then `SENDOFF_VAR_NAME`.
    pub fn outside_variable(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_string());
        let from_command = self.inputs.vars.get(name).cloned();
        from_command.or_else(|| (self.inputs.env)(&format!("SENDOFF_VAR_{}", name.to_uppercase())))
    }

    /// What `var(NAME)` finds in the environment chosen.
    pub fn environment_variable(&self, name: &str) -> Option<&'a Value> {
        let settings = &self.environment?.settings;
        settings.iter().find(|setting| setting.key.value == name).map(|setting| &setting.value)
    }

    /// What the environment chosen sets that nothing reads, and that must be meant where `name` has no value: another environment
    /// spells it so.
    pub fn misspelt_variable(&self, name: &str) -> Option<&'a Name> {
        if !self.set_somewhere().contains(name) {
            return None;
        }
        let read = self.read_variables();
        let unread =
            self.environment?.settings.iter().map(|setting| &setting.key).filter(|key| !read.contains(&key.value));
        let unread: Vec<&Name> = unread.collect();
        let near = nearest(name, unread.iter().map(|key| key.value.as_str()))?;
        unread.into_iter().find(|key| key.value == near)
    }

    /// Names `var` could have been given, for "did you mean".
    pub fn known_variables(&self) -> Vec<&str> {
        let written = match self.environment {
            Some(environment) => environment.settings.iter().map(|setting| setting.key.value.as_str()).collect(),
            None => self.set_somewhere(),
        };
        written.into_iter().chain(self.inputs.vars.keys().map(String::as_str)).collect()
    }

    /// Names that some `var` reads, in settings or in SQL.
    pub fn read_variables(&self) -> BTreeSet<String> {
        let mut asked = self.asked.borrow().clone();
        asked.extend(values::variables_named(self.inputs.files));
        asked
    }

    /// `--var` for a name that no `var` reads is a misspelling that would otherwise pass in silence.
    pub fn unread_variables(&self, problems: &mut Problems) {
        let asked = self.read_variables();
        for name in self.inputs.vars.keys().filter(|name| !asked.contains(*name)) {
            problems.push(error::unread_variable(name, asked.iter().map(String::as_str)));
        }
    }
}

/// Without a choice the only environment there is stands in; several ask for one, unless variables may stay unset.
fn choose<'a>(inputs: &Inputs<'a>, names: &Names<'a>, problems: &mut Problems) -> Option<&'a Environment> {
    let known = || names.environments.keys().copied();
    match inputs.environment {
        Some(name) => {
            let found = names.environments.get(name).copied();
            if found.is_none() {
                problems.push(error::unknown_choice(name, names.environments.values().map(|one| &one.name)));
            }
            found
        }
        None if names.environments.len() == 1 => names.environments.values().next().copied(),
        None => {
            if !names.environments.is_empty() && inputs.unset != Unset::Anything {
                let first = names.environments.values().map(|environment| environment.name.span).min();
                problems.push(error::no_environment(first.unwrap_or_default(), known()));
            }
            None
        }
    }
}
