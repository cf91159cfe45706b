//! Trees whose texts may hold expressions, as in definitions: a text that is exactly one stands for its value.

use minijinja::{Environment, value::Value as Found};
use serde_json::Value;

pub fn render(tree: &Value, context: &Value) -> Value {
    match tree {
        Value::String(written) => match expression(written) {
            Some(expression) => serde_json::to_value(evaluated(expression, context)).expect("values are JSON"),
            None => Value::String(filled(written, context)),
        },
        Value::Array(items) => items.iter().map(|item| render(item, context)).collect(),
        Value::Object(parts) => {
            Value::Object(parts.iter().map(|(name, part)| (name.clone(), render(part, context))).collect())
        }
        plain => plain.clone(),
    }
}

/// As text; what is not there is empty.
pub fn text(tree: &Value, context: &Value) -> String {
    match render(tree, context) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

pub fn truth(expression: &str, context: &Value) -> bool {
    evaluated(expression, context).is_true()
}

fn expression(written: &str) -> Option<&str> {
    let inside = written.strip_prefix("{{")?.strip_suffix("}}")?;
    (!inside.contains("{{")).then_some(inside.trim())
}

fn evaluated(expression: &str, context: &Value) -> Found {
    let environment = Environment::new();
    let compiled = environment.compile_expression(expression).unwrap_or_else(|error| panic!("`{expression}`: {error}"));
    compiled.eval(context).unwrap_or_else(|error| panic!("`{expression}`: {error}"))
}

fn filled(written: &str, context: &Value) -> String {
    if !written.contains("{{") {
        return written.to_string();
    }
    Environment::new().render_str(written, context).unwrap_or_else(|error| panic!("`{written}`: {error}"))
}
