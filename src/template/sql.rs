//! `var('x')` and `ref('x')` in SQL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use super::TemplateError;

mod pieces;

pub use pieces::Part;

/// A name asked for: the function, then its argument.
type Name = (&'static str, String);

/// What is known of the names so far, and the one a rendering stopped at.
#[derive(Default)]
struct Answers {
    known: HashMap<Name, Option<String>>,
    missing: Option<Name>,
}

/// More names than any query has; a bound, so that a loop in a template ends.
const NAMES_MAX: usize = 10_000;

/// Fills in `{{ var('x') }}` and `{{ ref('x') }}`. `ref` with a package (`ref('shop', 'orders')`) asks for `shop.orders`.
///
/// What comes of it, in parts that each say what they stand for. minijinja's functions must outlive the caller's, so a rendering stops at the first unknown name, asks, and starts again.
pub fn render_sql(
    text: &str,
    vars: &dyn Fn(&str) -> Option<String>,
    refs: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Part>, TemplateError> {
    let answers = Arc::new(Mutex::new(Answers::default()));
    let environment = environment(&answers);
    for _ in 0..NAMES_MAX {
        let rendered = environment.render_str(text, ());
        let missing = locked(&answers).missing.take();
        match (rendered, missing) {
            (Err(_), Some((function, name))) => {
                let found = if function == "var" { vars(&name) } else { refs(&name) };
                locked(&answers).known.insert((function, name), found);
            }
            (Ok(sql), _) => return Ok(pieces::parts(text, sql, &environment)),
            (Err(error), None) => return Err(told(&error, text)),
        }
    }
    Err(TemplateError::plain(format!("more than {NAMES_MAX} different names are asked for")))
}

const NAMES_ALONE: &str = "`ref` and `var` take names in quotes, and nothing else";

/// In the words of who knows `ref` and `var` from dbt, and neither the library nor its names.
fn told(error: &Error, text: &str) -> TemplateError {
    let there = TemplateError::of(error);
    let word = there.range.clone().and_then(|range| text.get(range)).unwrap_or_default();
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::UnknownFunction, Some(detail)) => {
            format!("there is no function `{}`", detail.trim_end_matches(" is unknown"))
        }
        (ErrorKind::UndefinedError, _) if word.chars().all(|c| c.is_alphanumeric() || c == '_') && !word.is_empty() => {
            format!("`{word}` has no value; a variable is read by `var('{word}')`")
        }
        (ErrorKind::MissingArgument | ErrorKind::TooManyArguments, _) => NAMES_ALONE.to_string(),
        (ErrorKind::InvalidOperation, Some(detail)) if detail.contains("cannot convert") => NAMES_ALONE.to_string(),
        _ => return there,
    };
    TemplateError { message, ..there }
}

fn environment(answers: &Arc<Mutex<Answers>>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_keep_trailing_newline(true);
    environment.set_debug(true);
    environment.remove_global("debug");
    let shared = answers.clone();
    environment.add_function("var", move |name: String| ask(&shared, "var", name));
    let shared = answers.clone();
    environment.add_function("ref", move |first: String, second: Option<String>| {
        ask(&shared, "ref", second.map_or_else(|| first.clone(), |name| format!("{first}.{name}")))
    });
    environment
}

fn ask(answers: &Mutex<Answers>, function: &'static str, name: String) -> Result<String, Error> {
    let mut answers = locked(answers);
    let asked = (function, name);
    match answers.known.get(&asked) {
        Some(Some(value)) => Ok(value.clone()),
        Some(None) => Err(Error::new(ErrorKind::InvalidOperation, format!("no {} `{}`", noun(function), asked.1))),
        None => {
            answers.missing = Some(asked);
            Err(Error::new(ErrorKind::InvalidOperation, "not known yet"))
        }
    }
}

fn noun(function: &str) -> &'static str {
    if function == "var" { "variable" } else { "dbt model" }
}

fn locked(answers: &Mutex<Answers>) -> std::sync::MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
