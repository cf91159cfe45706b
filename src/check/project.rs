//! `project { ... }` and the environments.

use serde_json::Value as Json;

use super::error;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use super::values;
use crate::diag::Problems;
use crate::ir::spec::{Project, SettingValue, Settings};
use crate::ir::vocabulary;

/// What `{env}` in `ledger` stands for in a project without environments.
const UNNAMED: &str = "default";
const LEDGER: &str = ".sendoff/{env}";

pub fn resolve(scope: &Scope<'_>, problems: &mut Problems) -> Project {
    environments(scope, problems);
    let settings = scope.names.project.map_or_else(Settings::default, |project| {
        let place = Place::settings("`project`", project.span);
        fill(scope, &place, Declared::plain(&vocabulary::project_settings()), &project.settings, problems)
    });
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
