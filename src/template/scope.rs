//! The names an expression can see, and the values behind them.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value, ValueKind};
use serde::Deserialize;

use super::TemplateError;

/// A value ready for expressions: converted once, then shared.
#[derive(Clone)]
pub struct Datum(pub(super) Value);

impl Datum {
    pub fn of(json: &serde_json::Value) -> Datum {
        Datum(Value::from_serialize(json))
    }

    /// Texts by name.
    pub fn texts<'a>(texts: impl Iterator<Item = (String, &'a str)>) -> Datum {
        Datum(texts.map(|(name, text)| (name, Value::from(text))).collect())
    }

    /// Reads JSON text without a detour; `None` where it is not JSON.
    pub fn parse(text: &str) -> Option<Datum> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Value::deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(Datum(value))
    }

    pub fn json(&self) -> Result<serde_json::Value, TemplateError> {
        serde_json::to_value(&self.0).map_err(|error| TemplateError::plain(format!("not a JSON value: {error}")))
    }

    pub fn is_true(&self) -> bool {
        self.0.is_true()
    }

    /// Undefined or null.
    pub fn is_none(&self) -> bool {
        self.0.is_undefined() || self.0.is_none()
    }

    pub fn as_integer(&self) -> Option<i64> {
        i64::try_from(self.0.clone()).ok()
    }

    /// Items of a list, empty for nothing. A map or a scalar is an error: a definition that walks one reads the wrong thing.
    pub fn items(&self) -> Result<Vec<Datum>, TemplateError> {
        match self.0.kind() {
            ValueKind::Undefined | ValueKind::None => Ok(Vec::new()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = self.0.try_iter().map_err(|error| TemplateError::of(&error))?;
                Ok(items.map(Datum).collect())
            }
            kind => Err(TemplateError::plain(format!("a list is needed, found a {kind}"))),
        }
    }

    /// As text: none is `None`, booleans are `true` and `false`, numbers plain, lists and objects JSON.
    pub fn text(&self) -> Result<Option<String>, TemplateError> {
        match self.0.kind() {
            ValueKind::Undefined | ValueKind::None => Ok(None),
            ValueKind::Bool => Ok(Some(self.0.is_true().to_string())),
            ValueKind::Number | ValueKind::String => Ok(Some(self.0.to_string())),
            _ => self.json().map(|json| Some(json.to_string())),
        }
    }
}

impl From<usize> for Datum {
    fn from(number: usize) -> Datum {
        Datum(Value::from(number))
    }
}

impl From<bool> for Datum {
    fn from(truth: bool) -> Datum {
        Datum(Value::from(truth))
    }
}

/// Says the kind alone: values may be secret.
impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datum({})", self.0.kind())
    }
}

/// Names and their values. `with` adds one on top and leaves the scope below as it is, so a scope for each item of an
/// answer costs one small allocation.
#[derive(Clone, Default)]
pub struct Scope {
    top: Option<Arc<Layer>>,
}

impl Scope {
    pub fn new() -> Scope {
        Scope::default()
    }

    pub fn with(&self, name: &'static str, value: &serde_json::Value) -> Scope {
        self.with_datum(name, Datum::of(value))
    }

    pub fn with_datum(&self, name: &'static str, value: Datum) -> Scope {
        Scope { top: Some(Arc::new(Layer { name, value: value.0, below: self.top.clone() })) }
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.top.as_deref()?.find(name)
    }

    pub(super) fn root(&self) -> Value {
        match &self.top {
            Some(layer) => Value::from_dyn_object(layer.clone()),
            None => Value::from_serialize(()),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = std::iter::successors(self.top.as_deref(), |layer| layer.below.as_deref());
        f.debug_set().entries(names.map(|layer| layer.name)).finish()
    }
}

struct Layer {
    name: &'static str,
    value: Value,
    below: Option<Arc<Layer>>,
}

impl Layer {
    fn find(&self, name: &str) -> Option<&Value> {
        let mut layers = std::iter::successors(Some(self), |layer| layer.below.as_deref());
        layers.find(|layer| layer.name == name).map(|layer| &layer.value)
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Object for Layer {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
