//! Filters that definitions may use besides minijinja's own: what authentication schemes and careless vendors need.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};
use sha1::{Digest, Sha1};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("base64", |text: String| STANDARD.encode(text));
    environment.add_filter("sha1_hex", sha1_hex);
    environment.add_filter("lower_keys", lower_keys);
    environment.add_filter("string", string);
}

/// Text as templates write it: minijinja's own filter writes booleans the way of Python, which no API knows.
fn string(value: Value) -> Value {
    match value.kind() {
        ValueKind::String => value,
        ValueKind::Bool => Value::from(value.is_true().to_string()),
        _ => Value::from(value.to_string()),
    }
}

fn sha1_hex(text: String) -> String {
    Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value with the names of its objects in lower case, all the way down.
fn lower_keys(value: Value) -> Result<Value, Error> {
    let mut json = serde_json::to_value(&value)
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "`lower_keys` takes JSON values"))?;
    if !matches!(value.kind(), ValueKind::Map | ValueKind::Seq) {
        return Ok(value);
    }
    lower(&mut json);
    Ok(Value::from_serialize(json))
}

fn lower(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(lower),
        serde_json::Value::Object(entries) => {
            let old = std::mem::take(entries);
            for (name, mut value) in old {
                lower(&mut value);
                entries.insert(name.to_lowercase(), value);
            }
        }
        _ => {}
    }
}
