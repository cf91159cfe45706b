//! `project { ... }` and the environments.

use serde_json::Value as Json;

use super::error;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use super::{Unset, values};
use crate::diag::Problems;
use crate::ir::ast::{Setting, Value};
use crate::ir::spec::{Project, SettingValue, Settings};
use crate::ir::vocabulary;

/// What `{env}` in `ledger` stands for in a project without environments.
const UNNAMED: &str = "default";
const LEDGER: &str = ".sendoff/{env}";

pub fn resolve(scope: &Scope<'_>, problems: &mut Problems) -> Project {
    environments(scope, problems);
    let settings = scope.names.project.map_or_else(Settings::default, |project| {
        let place = Place::settings("`project`", project.span);
        let declared = vocabulary::project_settings();
        let is_needed = scope.inputs.unset != Unset::Elsewhere;
        let filled =
            scope.reading(is_needed, || fill(scope, &place, Declared::plain(&declared), &project.settings, problems));
        if let Some(SettingValue::Unset) = filled.0.get("ledger") {
            // Looked at once more: where ledgers lie is the one thing that whoever reads them alone has to know.
            let ledger = project.settings.iter().find(|setting| setting.key.value == "ledger");
            ledger.map(|ledger| values::evaluate(scope, &ledger.value, problems));
        }
        filled
    });
    scope.names.project.iter().for_each(|project| placeholders(&project.settings, problems));
    let environment = scope.environment.map(|environment| environment.name.value.clone());
    let ledger = text(&settings, "ledger").unwrap_or_else(|| LEDGER.to_string());
    Project {
        ledger: ledger.replace("{env}", environment.as_deref().unwrap_or(UNNAMED)),
        environment,
        extension_directory: text(&settings, "extension_directory"),
        autoinstall: settings.plain("autoinstall").and_then(Json::as_bool).unwrap_or(false),
        notify: match settings.0.get("notify") {
            Some(SettingValue::Secret(url)) if !url.reveal().is_empty() => Some(url.clone()),
            _ => None,
        },
    }
}

/// `{env}` is all that braces hold in the path of the ledgers. Shells write `${env}`.
fn placeholders(settings: &[Setting], problems: &mut Problems) {
    let ledgers = settings.iter().filter(|setting| setting.key.value == "ledger");
    for literal in
        ledgers.filter_map(|setting| if let Value::Text(literal) = &setting.value { Some(literal) } else { None })
    {
        for (brace, _) in literal.value.match_indices('{') {
            let start = brace - usize::from(literal.value[..brace].ends_with('$'));
            let name = literal.value[start..].split_inclusive('}').next().unwrap_or_default();
            if name != "{env}" {
                problems.push(error::placeholder(name, literal.inner.part(start, name.len())));
            }
        }
    }
}

pub fn text(settings: &Settings, name: &str) -> Option<String> {
    settings.plain(name).and_then(Json::as_str).map(str::to_string)
}

/// The values of an environment are looked at where `var` asks for them; here only what holds for every one.
fn environments(scope: &Scope<'_>, problems: &mut Problems) {
    for environment in scope.names.environments.values() {
        for (at, setting) in environment.settings.iter().enumerate() {
            if let Some(first) = values::earlier(&environment.settings[..at], setting) {
                problems.push(error::duplicate_setting(&setting.key, first.key.span));
            }
        }
    }
}
