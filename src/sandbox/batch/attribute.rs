//! An attribute: what its key says, and what is left of the profile's value afterwards.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::{pattern, value};

static CUSTOM: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z0-9_]{1,30}$"));
static TYPED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(date|url)\((.*)\)$"));

const ITEMS_MAX: usize = 25;
/// Of one profile, arrays counted alone.
const ARRAYS_MAX: usize = 15;

const NATIVE: [&str; 8] = [
    "$email_address",
    "$email_marketing",
    "$phone_number",
    "$sms_marketing",
    "$language",
    "$region",
    "$timezone",
    "$topic_preferences",
];

/// Changes the profile, or says why it stays as it was.
pub fn write(profile: &mut Map<String, Value>, key: &str, value: &Value) -> Result<(), String> {
    let name = bare(key)?;
    if value.is_null() {
        forget(profile, name);
        return Ok(());
    }
    let written = match value {
        Value::Object(edit) => edited(profile.get(key), edit)?,
        _ => value.clone(),
    };
    match key.chars().next() {
        Some('$') => value::native(key, &written)?,
        _ => value::custom(key.strip_suffix(')').and_then(|key| key.split('(').next()), &written)?,
    }
    if written.is_array() && !profile.get(key).is_some_and(Value::is_array) {
        room_for_array(profile)?;
    }
    // The same name under another type replaces it.
    if !profile.contains_key(key) {
        forget(profile, name);
    }
    profile.insert(key.to_string(), written);
    Ok(())
}

/// The name without `date(...)` or `url(...)`.
fn bare(key: &str) -> Result<&str, String> {
    if key.starts_with('$') {
        return NATIVE.contains(&key).then_some(key).ok_or_else(|| format!("`{key}` is no native attribute"));
    }
    let name = TYPED.captures(key).and_then(|parts| parts.get(2)).map_or(key, |name| name.as_str());
    CUSTOM.is_match(name).then_some(name).ok_or("a name has 1 to 30 characters of a-z, 0-9 and _".into())
}

fn forget(profile: &mut Map<String, Value>, name: &str) {
    profile.retain(|key, _| bare(key).is_ok_and(|known| known != name));
}

fn room_for_array(profile: &Map<String, Value>) -> Result<(), String> {
    let arrays = profile.iter().filter(|(key, value)| !key.starts_with('$') && value.is_array()).count();
    match arrays < ARRAYS_MAX {
        true => Ok(()),
        false => Err(format!("a profile has at most {ARRAYS_MAX} arrays")),
    }
}

/// `{"$add": [...], "$remove": [...]}` on what the profile holds.
fn edited(held: Option<&Value>, edit: &Map<String, Value>) -> Result<Value, String> {
    if edit.is_empty() || edit.keys().any(|key| key != "$add" && key != "$remove") {
        return Err("an object may only hold $add and $remove".into());
    }
    let list = |name| match edit.get(name) {
        None => Ok(Vec::new()),
        Some(list) => value::texts(list, ITEMS_MAX).map_err(|reason| format!("{name}: {reason}")),
    };
    let (add, remove) = (list("$add")?, list("$remove")?);
    let held = held.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut items: Vec<&str> = held.filter(|item| !remove.contains(item)).collect();
    for item in add {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Ok(json!(items))
}
