//! Options that are templates themselves: where a call's template is exactly `{{ option.NAME.PART }}` and the option is of that
//! kind, what the pipeline wrote stands in its place.

use serde_json::Value as Json;

use super::program::Setup;
use crate::ir::catalog::{SettingKind, Template, Tree};

pub fn template(template: &Template, setup: &Setup<'_>) -> Template {
    match written(&template.0, setup) {
        Some(Json::String(text)) => Template(text.clone()),
        Some(Json::Null) | None => template.clone(),
        Some(other) => Template(other.to_string()),
    }
}

/// Goes into objects and lists, but not into what it has put there.
pub fn tree(tree: &Tree, setup: &Setup<'_>) -> Tree {
    match tree {
        Json::String(text) => written(text, setup).filter(|it| !it.is_null()).unwrap_or(tree).clone(),
        Json::Array(items) => Json::Array(items.iter().map(|item| self::tree(item, setup)).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(name, member)| (name.clone(), self::tree(member, setup))).collect())
        }
        plain => plain.clone(),
    }
}

fn written<'a>(text: &str, setup: &Setup<'a>) -> Option<&'a Json> {
    let path = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim().strip_prefix("option.")?;
    let mut parts = path.split('.');
    let name = parts.next()?;
    let declared = setup.service.options.iter().find(|option| option.name == name)?;
    if declared.kind != SettingKind::Template {
        return None;
    }
    let given: Option<&'a Json> = setup.options.plain(name);
    parts.try_fold(given?, |value, part| value.get(part))
}
