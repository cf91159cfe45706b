//! What a value of the pipeline comes to, `env(..)` and `var(..)` followed.

use serde_json::{Map, Number, Value as Json};

use super::error;
use super::scope::Scope;
use crate::diag::Problems;
use crate::ir::ast::{Block, File, Item, Setting, TextLit, Value};
use crate::ir::span::Span;

/// A value and where it came from, since text from outside may stand for a number or a boolean.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Written in the pipeline, the defaults of `env` and `var` included.
    Written(Json),
    /// Read from outside: always text.
    Outside(String),
    /// A variable that is not set, where that is allowed.
    Unset,
}

impl Given {
    pub fn is_empty(&self) -> bool {
        match self {
            Given::Written(json) => json.as_str() == Some(""),
            Given::Outside(text) => text.is_empty(),
            Given::Unset => false,
        }
    }

    fn json(self) -> Option<Json> {
        match self {
            Given::Written(json) => Some(json),
            Given::Outside(text) => Some(Json::String(text)),
            Given::Unset => None,
        }
    }
}

/// `None`: the problem has been told.
pub fn evaluate(scope: &Scope<'_>, value: &Value, problems: &mut Problems) -> Option<Given> {
    evaluate_in(scope, value, Reach::Environment, problems)
}

/// Whether `var` looks into the environment block: not from inside of it, so that it cannot go in circles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Environment,
    Outside,
}

fn evaluate_in(scope: &Scope<'_>, value: &Value, reach: Reach, problems: &mut Problems) -> Option<Given> {
    let written = |json| Some(Given::Written(json));
    match value {
        // Told once, wherever it is read.
        Value::Text(text) if meant_from_outside(&text.value).is_some() => None,
        Value::Word(word) if meant_from_outside(&word.value).is_some() => None,
        Value::Text(text) => written(Json::String(text.value.clone())),
        Value::Word(word) => written(Json::String(word.value.clone())),
        Value::Bool(bool) => written(Json::Bool(bool.value)),
        Value::Number(text) => match number(&text.value) {
            Some(json) => written(json),
            None => {
                problems.push(error::number_form(text));
                None
            }
        },
        Value::List { items, .. } => list(scope, items, reach, problems),
        Value::Block(inner) => block(scope, inner, reach, problems),
        Value::Env { span, name, default } => environment(scope, *span, name, default.as_ref(), problems),
        Value::Var { span, name, default } => variable(scope, *span, name, default.as_ref(), reach, problems),
    }
}

pub fn number(text: &str) -> Option<Json> {
    let text = text.replace('_', "");
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Json::Number(integer.into()));
    }
    Number::from_f64(text.parse().ok()?).map(Json::Number)
}

fn list(scope: &Scope<'_>, items: &[Value], reach: Reach, problems: &mut Problems) -> Option<Given> {
    let given: Vec<Option<Given>> = items.iter().map(|item| evaluate_in(scope, item, reach, problems)).collect();
    let given: Vec<Given> = given.into_iter().collect::<Option<_>>()?;
    let json: Option<Vec<Json>> = given.into_iter().map(Given::json).collect();
    Some(json.map_or(Given::Unset, |items| Given::Written(Json::Array(items))))
}

fn block(scope: &Scope<'_>, block: &Block, reach: Reach, problems: &mut Problems) -> Option<Given> {
    let mut map = Map::new();
    let (mut whole, mut set) = (true, true);
    for (at, setting) in block.settings.iter().enumerate() {
        if let Some(first) = earlier(&block.settings[..at], setting) {
            problems.push(error::duplicate_setting(&setting.key, first.key.span));
            whole = false;
        }
        match evaluate_in(scope, &setting.value, reach, problems) {
            None => whole = false,
            Some(Given::Unset) => set = false,
            Some(given) => {
                map.extend(given.json().map(|json| (setting.key.value.clone(), json)));
            }
        }
    }
    if !whole {
        return None;
    }
    Some(if set { Given::Written(Json::Object(map)) } else { Given::Unset })
}

pub fn earlier<'a>(before: &'a [Setting], setting: &Setting) -> Option<&'a Setting> {
    before.iter().find(|other| other.key.value == setting.key.value)
}

/// An empty variable counts as unset: that is what a missing secret looks like on most CI services.
fn environment(
    scope: &Scope<'_>,
    span: Span,
    name: &TextLit,
    default: Option<&TextLit>,
    problems: &mut Problems,
) -> Option<Given> {
    if name.value.contains(char::is_whitespace) {
        problems.push(error::env_name(name));
        return None;
    }
    let found = (scope.inputs.env)(&name.value);
    match (found, default) {
        (Some(text), _) if !text.is_empty() => Some(Given::Outside(text)),
        (_, Some(default)) => Some(Given::Written(Json::String(default.value.clone()))),
        (_, None) if scope.may_be_unset() => Some(Given::Unset),
        (found, None) => {
            problems.push(error::unset_env(&name.value, span, found.is_some()));
            None
        }
    }
}

/// Where a value stands: what a variable is given by the chosen environment stands there.
pub fn origin(scope: &Scope<'_>, value: &Value) -> Span {
    let Value::Var { name, .. } = value else { return value.span() };
    match scope.outside_variable(&name.value) {
        None => scope.environment_variable(&name.value).map_or(value.span(), Value::span),
        Some(_) => value.span(),
    }
}

/// Whether it is a variable of the environment that has neither a value nor a default.
pub fn is_unset(scope: &Scope<'_>, value: &Value) -> bool {
    match value {
        Value::Env { name, default: None, .. } => (scope.inputs.env)(&name.value).is_none_or(|text| text.is_empty()),
        _ => false,
    }
}

fn variable(
    scope: &Scope<'_>,
    span: Span,
    name: &TextLit,
    default: Option<&TextLit>,
    reach: Reach,
    problems: &mut Problems,
) -> Option<Given> {
    if let Some(text) = scope.outside_variable(&name.value) {
        return Some(Given::Outside(text));
    }
    let chosen = if reach == Reach::Environment { scope.environment_variable(&name.value) } else { None };
    match (chosen, default) {
        (Some(value), _) => evaluate_in(scope, value, Reach::Outside, problems),
        (None, Some(default)) => Some(Given::Written(Json::String(default.value.clone()))),
        (None, None) if scope.variable_may_be_unset(&name.value) => Some(Given::Unset),
        (None, None) => {
            problems.push(error::unset_variable(scope, &name.value, span));
            None
        }
    }
}

/// What `var` gives as text, for SQL templates; problems of the value are told where it stands.
pub fn variable_text(scope: &Scope<'_>, name: &str) -> Option<String> {
    let outside = scope.outside_variable(name);
    outside.or_else(|| {
        let value = scope.environment_variable(name)?;
        match evaluate_in(scope, value, Reach::Outside, &mut Problems::default())?.json() {
            Some(Json::String(text)) => Some(text),
            Some(other) => Some(other.to_string()),
            None => Some(String::new()),
        }
    })
}

/// How other languages read what `env("NAME")` and `var("name")` do: `env.NAME`.
const OUTSIDE: [(&str, &str); 5] =
    [("process.env.", "env"), ("env.", "env"), ("secrets.", "env"), ("vars.", "var"), ("var.", "var")];

/// What a word, or a text of nothing else, that would be text is surely meant to be.
fn meant_from_outside(text: &str) -> Option<String> {
    let of_shells = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match of_shells {
        Some(name) if is_name(name) => Some(format!("env(\"{name}\")")),
        Some(name) => outside_word(name).filter(|_| name.split('.').all(is_name)),
        None => outside_call(text).or_else(|| outside_word(text)),
    }
}

/// `{{ var('name') }}`
fn outside_call(text: &str) -> Option<String> {
    let call = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let calls = [("var(", "var"), ("env_var(", "env"), ("env(", "env")];
    let (rest, function) = calls.iter().find_map(|(opened, function)| Some((call.strip_prefix(opened)?, function)))?;
    let name = rest.strip_suffix(')')?.trim();
    let name = ['\'', '"'].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote))?;
    (!name.contains(['\'', '"'])).then(|| format!("{function}(\"{name}\")"))
}

fn outside_word(word: &str) -> Option<String> {
    let found = OUTSIDE.iter().find_map(|(prefix, function)| Some((word.strip_prefix(prefix)?, function)));
    found.filter(|(name, _)| !name.is_empty()).map(|(name, function)| format!("{function}(\"{name}\")"))
}

pub fn is_from_outside(word: &str) -> bool {
    meant_from_outside(word).is_some()
}

/// Words that would pass for text.
pub fn words(files: &[File], problems: &mut Problems) {
    for setting in files.iter().flat_map(|file| &file.items).flat_map(item_settings) {
        words_in(&setting.value, problems);
    }
}

fn words_in(value: &Value, problems: &mut Problems) {
    match value {
        Value::Word(word) => {
            let meant = meant_from_outside(&word.value);
            problems.0.extend(meant.map(|meant| error::from_outside(&word.value, word.span, &meant)));
        }
        Value::Text(text) => {
            let meant = meant_from_outside(&text.value);
            problems.0.extend(meant.map(|meant| error::from_outside(&text.value, text.span, &meant)));
        }
        Value::List { items, .. } => items.iter().for_each(|item| words_in(item, problems)),
        Value::Block(block) => block.settings.iter().for_each(|setting| words_in(&setting.value, problems)),
        Value::Number(_) | Value::Bool(_) | Value::Env { .. } | Value::Var { .. } => {}
    }
}

/// Names that some `var(..)` of the files asks for.
pub fn variables_named(files: &[File]) -> Vec<String> {
    let mut names = Vec::new();
    for item in files.iter().flat_map(|file| &file.items) {
        for setting in item_settings(item) {
            named(&setting.value, &mut names);
        }
    }
    names
}

fn item_settings(item: &Item) -> Vec<&Setting> {
    match item {
        Item::Project(item) => item.settings.iter().collect(),
        Item::Environment(item) => item.settings.iter().collect(),
        Item::Source(item) | Item::Destination(item) => item.settings.iter().collect(),
        Item::Activation(item) => super::walk::activation_settings(item),
        Item::Model(item) => super::walk::model_settings(item),
        // What a test sets, it does not ask for.
        Item::Segment(_) | Item::Test(_) => Vec::new(),
    }
}

fn named(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Var { name, .. } => names.push(name.value.clone()),
        Value::List { items, .. } => items.iter().for_each(|item| named(item, names)),
        Value::Block(block) => block.settings.iter().for_each(|setting| named(&setting.value, names)),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Word(_) | Value::Env { .. } => {}
    }
}
