//! Conditions so plain that they need no interpreter: every answer is asked some of them, at a microsecond each.

use super::Scope;

/// `garbled`, or `status == 200`.
#[derive(Clone)]
pub struct Plain {
    name: String,
    equals: Option<i64>,
}

impl Plain {
    /// `None` for whatever is more than that.
    pub fn of(source: &str) -> Option<Plain> {
        let (name, equals) = match source.split_once("==") {
            Some((name, number)) => (name, Some(number.trim().parse().ok()?)),
            None => (source, None),
        };
        let (name, lower) = (name.trim(), |letter: char| letter.is_ascii_lowercase() || letter == '_');
        let word = !name.is_empty() && name.chars().all(lower) && !["true", "false", "none"].contains(&name);
        word.then(|| Plain { name: name.to_string(), equals })
    }

    /// `None` where the scope does not have the name, or has no integer under it to compare: what that comes to is not said
    /// here.
    pub fn truth(&self, scope: &Scope) -> Option<bool> {
        let value = scope.value(&self.name)?;
        match self.equals {
            None => Some(value.is_true()),
            Some(number) if value.is_integer() => i64::try_from(value.clone()).ok().map(|value| value == number),
            Some(_) => None,
        }
    }
}
