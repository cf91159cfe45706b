//! Settings and options of every place, checked against what that place declares.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::scope::Scope;
use super::values::{self, Given};
use super::{Unset, error, secret};
use crate::diag::{Problems, list, nearest};
use crate::ir::ast;
use crate::ir::catalog::{Setting, SettingKind, is_header_name};
use crate::ir::mode::Mode;
use crate::ir::secret::{CHARS_MIN, Secret};
use crate::ir::slot;
use crate::ir::span::Span;
use crate::ir::spec::{SettingValue, Settings};

/// What a trial sends for a secret it was not given: requests must have one, and the sandbox takes any.
const STAND_IN: &str = "no-secret";
const URL_STAND_IN: &str = "https://no-secret.invalid";

/// Where settings stand: how messages name the place and what it calls them, and where a missing one is told.
#[derive(Clone, Debug)]
pub struct Place {
    /// "destination kind `batch`"
    pub name: String,
    /// "setting" or "option"
    pub noun: &'static str,
    pub span: Span,
}

impl Place {
    pub fn settings(name: impl Into<String>, span: Span) -> Self {
        Place { name: name.into(), noun: "setting", span }
    }

    pub fn options(name: impl Into<String>, span: Span) -> Self {
        Place { name: name.into(), noun: "option", span }
    }
}

/// What a place declares.
#[derive(Clone, Copy)]
pub struct Declared<'a> {
    pub settings: &'a [Setting],
    /// Groups of which exactly one must be given whole.
    pub one_of: &'a [Vec<String>],
    /// The mode chosen, for settings that only some modes need.
    pub mode: Option<Mode>,
    /// Required settings that may be left out here all the same.
    pub spared: &'a [&'a str],
}

impl<'a> Declared<'a> {
    pub fn plain(settings: &'a [Setting]) -> Self {
        Declared { settings, one_of: &[], mode: None, spared: &[] }
    }
}

/// Fills in what is given and the defaults of the rest; says what is unknown, doubled, missing or of the wrong form.
pub fn fill(
    scope: &Scope<'_>,
    place: &Place,
    declared: Declared<'_>,
    given: &[ast::Setting],
    problems: &mut Problems,
) -> Settings {
    let mut filled = BTreeMap::new();
    for (at, setting) in given.iter().enumerate() {
        if let Some(first) = values::earlier(&given[..at], setting) {
            problems.push(error::duplicate_setting(&setting.key, first.key.span));
            continue;
        }
        match declared.settings.iter().find(|known| known.name == setting.key.value) {
            None => problems.push(error::unknown_setting(place, &setting.key, declared.settings)),
            Some(known) => {
                let is_needed = !(known.secret && scope.inputs.unset == Unset::Secrets);
                let value = scope.reading(is_needed, || one(scope, place, known, setting, problems));
                filled.extend(value.map(|value| (known.name.clone(), value)));
            }
        }
    }
    missing(scope, place, declared, given, problems);
    for setting in declared.settings {
        if let (Some(default), false) = (&setting.default, filled.contains_key(&setting.name)) {
            filled.insert(setting.name.clone(), SettingValue::Plain(default.clone()));
        }
    }
    Settings(filled)
}

fn one(
    scope: &Scope<'_>,
    place: &Place,
    known: &Setting,
    setting: &ast::Setting,
    problems: &mut Problems,
) -> Option<SettingValue> {
    let written = if known.secret { secret::written_out(scope, &known.name, &setting.value) } else { None };
    if let Some((name, span)) = written {
        problems.push(error::secret_literal(name, secret::variable_named(&setting.value), span));
        return None;
    }
    if let ast::Value::Word(word) = &setting.value
        && matches!(known.kind, SettingKind::Text | SettingKind::IdOrName)
        && (word.value == known.name || word.value == "null")
        && !known.values.contains(&word.value)
    {
        problems.push(error::empty_word(known, word));
        return None;
    }
    let stood_in;
    let written = match known.secret && scope.inputs.sandbox {
        true => {
            let text = if known.kind == SettingKind::Url { URL_STAND_IN } else { STAND_IN };
            stood_in = secret::stood_in(scope, &setting.value, text);
            &stood_in
        }
        false => &setting.value,
    };
    let given = values::evaluate(scope, written, problems)?;
    if given == Given::Unset {
        return has_known_parts(place, known, &setting.value, problems).then_some(SettingValue::Unset);
    }
    if known.required && given.is_empty() {
        return nothing(scope, place, known, &setting.value, problems);
    }
    let Some(json) = convert(known.kind, &given) else {
        problems.push(error::setting_kind(known, &setting.value, values::origin(scope, &setting.value)));
        return None;
    };
    if !has_known_parts(place, known, &setting.value, problems)
        || !fits(scope, known, &json, values::origin(scope, &setting.value), problems)
    {
        return None;
    }
    Some(match (known.secret, known.kind, &json) {
        (true, _, Json::String(text)) if is_short(text) && is_meant(scope) => {
            problems.push(error::short_secret(known, setting.value.span()));
            return None;
        }
        (true, _, Json::String(text)) => SettingValue::Secret(Secret::new(text)),
        (true, _, block) => SettingValue::Secret(Secret::block(block, secret::from_outside(scope, written))),
        (false, SettingKind::Template, given) => {
            SettingValue::Plain(slot::completed(&known.slots, known.default.as_ref(), given))
        }
        (false, ..) => SettingValue::Plain(json),
    })
}

/// No key is that short, and none that is could be masked in text. In blocks a name or a password may be, and goes no further
/// than a header, which is masked as a whole.
fn is_short(secret: &str) -> bool {
    !secret.is_empty() && secret.chars().count() < CHARS_MIN
}

/// Whether anybody will take the secret for one: the sandbox takes any.
fn is_meant(scope: &Scope<'_>) -> bool {
    !scope.inputs.sandbox && !scope.may_be_unset()
}

/// A default of "nothing" helps where a setting may be left out; where it is needed, it only puts the mistake off.
fn nothing(
    scope: &Scope<'_>,
    place: &Place,
    known: &Setting,
    value: &ast::Value,
    problems: &mut Problems,
) -> Option<SettingValue> {
    if known.secret && scope.inputs.sandbox {
        return Some(SettingValue::Secret(Secret::new(STAND_IN)));
    }
    if scope.may_be_unset() && !matches!(value, ast::Value::Text(_)) {
        return Some(SettingValue::Unset);
    }
    problems.push(error::empty_setting(place, known, value));
    None
}

/// Whether the names in a block are those that the setting has, where its list is closed.
fn has_known_parts(place: &Place, known: &Setting, value: &ast::Value, problems: &mut Problems) -> bool {
    let ast::Value::Block(block) = value else { return true };
    if known.kind == SettingKind::Headers {
        return are_headers(block, problems);
    }
    let strange = |part: &&ast::Setting| !known.parts.is_empty() && !known.parts.contains(&part.key.value);
    let mut right = true;
    for part in block.settings.iter().filter(strange) {
        problems.push(error::unknown_part(&known.name, &part.key, known.parts.iter().map(String::as_str)));
        right = false;
    }
    let before = problems.0.len();
    if right && !known.one_of.is_empty() {
        let is_given = |name: &str| block.settings.iter().any(|part| part.key.value == name);
        let place = Place { name: format!("`{}` of {}", known.name, place.name), span: block.span, ..place.clone() };
        at_most_one(&place, &known.one_of, &is_given, problems);
    }
    right && problems.0.len() == before
}

fn are_headers(block: &ast::Block, problems: &mut Problems) -> bool {
    let mut right = true;
    for part in block.settings.iter().filter(|part| !is_header_name(&part.key.value)) {
        problems.push(error::header_name(&part.key));
        right = false;
    }
    right
}

fn at_most_one(place: &Place, groups: &[Vec<String>], is_given: &dyn Fn(&str) -> bool, problems: &mut Problems) {
    let begun: Vec<&Vec<String>> = groups.iter().filter(|group| group.iter().any(|name| is_given(name))).collect();
    match begun.as_slice() {
        [] => {}
        [group] => {
            let lacking: Vec<String> = group.iter().filter(|name| !is_given(name)).cloned().collect();
            if !lacking.is_empty() {
                problems.push(error::part_of(place, group, &lacking));
            }
        }
        _ => problems.push(error::several_of(place, &choices(groups))),
    }
}

/// The value as the kind wants it; text from outside may be read as a number or a boolean.
fn convert(kind: SettingKind, given: &Given) -> Option<Json> {
    let (json, outside) = match given {
        Given::Written(json) => (json.clone(), None),
        Given::Outside(text) => (Json::String(text.clone()), Some(text.as_str())),
        Given::Unset => return None,
    };
    let matches = match kind {
        SettingKind::Text => json.is_string(),
        SettingKind::Url => json.as_str().is_some_and(|text| text.is_empty() || is_url(text)),
        SettingKind::Number => json.is_number(),
        SettingKind::Count => json.as_u64().is_some_and(|count| count > 0),
        SettingKind::Headers => json.is_object(),
        SettingKind::Boolean => json.is_boolean(),
        SettingKind::IdOrName => json.is_string() || json.is_u64(),
        SettingKind::Texts => json.as_array().is_some_and(|items| items.iter().all(Json::is_string)),
        SettingKind::Template => json.is_string() || json.is_object(),
        SettingKind::Any => true,
    };
    if matches {
        return Some(json);
    }
    match kind {
        SettingKind::Number => values::number(outside?),
        SettingKind::Count => values::number(outside?).filter(|json| json.as_u64().is_some_and(|count| count > 0)),
        SettingKind::Boolean => outside?.parse().ok().map(Json::Bool),
        SettingKind::Texts if json.is_string() => Some(Json::Array(vec![json])),
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

fn fits(scope: &Scope<'_>, known: &Setting, json: &Json, span: Span, problems: &mut Problems) -> bool {
    let text = match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !known.values.is_empty() && !known.values.contains(&text) {
        problems.push(error::setting_value(known, &text, span));
        return false;
    }
    if known.kind == SettingKind::Url && !known.secret && has_login(&text) {
        problems.push(error::login_in_url(known, span));
        return false;
    }
    if let Some(name) = secret_parameter(&text).filter(|_| known.kind == SettingKind::Url && !known.secret) {
        problems.push(error::secret_in_url(known, name, span));
        return false;
    }
    // What is part of a target stands in reports.
    if (known.secret || known.identity || known.kind == SettingKind::Url) && holds_control(json) {
        problems.push(error::control_character(known, span));
        return false;
    }
    if known.pattern.as_ref().is_some_and(|pattern| !scope.fits(pattern, &text)) {
        problems.push(error::setting_pattern(known, &text, span));
        return false;
    }
    true
}

/// `https://user:password@host`
fn has_login(url: &str) -> bool {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@'))
}

/// `?api_key=...`
fn secret_parameter(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    let pairs = query.split(['&', '#']).filter_map(|pair| pair.split_once('='));
    let names = pairs.filter(|(_, value)| !value.is_empty()).map(|(name, _)| name);
    names.into_iter().find(|name| {
        let words = name.to_ascii_lowercase();
        let mut words = words.split(['_', '-', '.']);
        words.any(|word| SECRET.contains(&word))
    })
}

/// What a parameter that is a login is called, or ends in.
const SECRET: [&str; 10] =
    ["key", "apikey", "token", "accesstoken", "secret", "password", "pwd", "sig", "signature", "auth"];

/// Line breaks and the like get into a secret when it is copied; no header takes them.
fn holds_control(json: &Json) -> bool {
    match json {
        Json::String(text) => text.chars().any(char::is_control),
        Json::Array(items) => items.iter().any(holds_control),
        Json::Object(fields) => fields.values().any(holds_control),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

fn missing(scope: &Scope<'_>, place: &Place, declared: Declared<'_>, given: &[ast::Setting], problems: &mut Problems) {
    // One whose value could not be read is told of already.
    let unread = |name: &str| {
        scope
            .unread
            .iter()
            .any(|key| key.value == name && key.span.file == place.span.file && key.span.start > place.span.start)
    };
    let is_given = |name: &str| given.iter().any(|setting| setting.key.value == name) || unread(name);
    let grouped = |name: &str| declared.one_of.iter().flatten().any(|member| member == name);
    for setting in declared.settings {
        if is_given(&setting.name) || setting.default.is_some() || misspelt(declared, given, &setting.name) {
            continue;
        }
        let spared = declared.spared.contains(&setting.name.as_str()) || grouped(&setting.name);
        if setting.required && !spared {
            problems.push(error::missing_setting(place, setting));
        } else if let Some(mode) = declared.mode.filter(|mode| setting.needed_by.contains(mode)) {
            problems.push(error::missing_for_mode(place, setting, mode));
        }
    }
    groups(place, declared, &|name| is_given(name) || misspelt(declared, given, name), problems);
}

/// Whether an unknown setting was probably meant to be this one: then it is not told as missing too. So it is where it is the only
/// one that could be.
fn misspelt(declared: Declared<'_>, given: &[ast::Setting], name: &str) -> bool {
    let known = || declared.settings.iter().map(|setting| setting.name.as_str());
    let mut unknown = given.iter().filter(|setting| known().all(|name| name != setting.key.value));
    unknown.any(|setting| known().count() == 1 || nearest(&setting.key.value, known()) == Some(name))
}

/// Exactly one group must be given whole; members with a default need not be written.
fn groups(place: &Place, declared: Declared<'_>, is_given: &dyn Fn(&str) -> bool, problems: &mut Problems) {
    if declared.one_of.is_empty() {
        return;
    }
    let has_default =
        |name: &str| declared.settings.iter().any(|setting| setting.name == name && setting.default.is_some());
    let begun: Vec<&Vec<String>> =
        declared.one_of.iter().filter(|group| group.iter().any(|name| is_given(name))).collect();
    let lacks = |group: &[String]| -> Vec<String> {
        group.iter().filter(|name| !is_given(name) && !has_default(name)).cloned().collect()
    };
    match begun.as_slice() {
        [] => problems.push(error::none_of(place, &choices(declared.one_of))),
        [group] => {
            let lacking = lacks(group);
            if !lacking.is_empty() {
                problems.push(error::part_of(place, group, &lacking));
            }
        }
        _ => problems.push(error::several_of(place, &choices(declared.one_of))),
    }
}

fn choices(groups: &[Vec<String>]) -> String {
    groups.iter().map(|group| list(group)).collect::<Vec<_>>().join(", or ")
}
