//! Expressions and texts of definitions and SQL. The one home of minijinja.
//!
//! An [`Engine`] compiles; what it gives is evaluated against a [`Scope`], the names an expression can see. Expressions see
//! nothing but their scope: no files, no environment, no other templates.

mod filters;
mod plain;
mod scope;
mod slot;
mod sql;
mod text;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use plain::Plain;
pub use scope::{Datum, Scope};
pub use slot::{Flaw, flaws, flaws_of, flaws_of_default, no_rows};
pub use sql::{Part, render_sql};
pub use text::Text;

static LENIENT: LazyLock<Environment<'static>> = LazyLock::new(|| environment(UndefinedBehavior::Chainable));
static STRICT: LazyLock<Environment<'static>> = LazyLock::new(|| environment(UndefinedBehavior::Strict));

fn environment(undefined: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(undefined);
    environment.set_debug(true);
    environment.remove_global("debug");
    filters::add(&mut environment);
    environment
}

/// Compiles expressions and texts; costs nothing to copy.
#[derive(Clone, Copy)]
pub struct Engine {
    environment: &'static Environment<'static>,
}

impl Engine {
    /// For answers, whose shape no one can promise: what is not there is none, however deep it is looked for.
    pub fn lenient() -> Engine {
        Engine { environment: &LENIENT }
    }

    /// For requests: what is not there is an error, so that no gap is ever sent.
    pub fn strict() -> Engine {
        Engine { environment: &STRICT }
    }

    /// Compiles a bare expression, such as `status == 202`. minijinja panics where braces close what nobody opened.
    pub fn expression(&self, source: &str) -> Result<Expression, TemplateError> {
        if let Some(at) = text::closing(source, 0) {
            return Err(TemplateError::new("`}}` closes an expression, and none is open", at..at + 2));
        }
        let compiled =
            self.environment.compile_expression_owned(source.to_string()).map_err(|error| TemplateError::of(&error))?;
        Ok(Expression { plain: Plain::of(source), source: source.into(), compiled: Arc::new(compiled) })
    }

    /// Compiles text that may hold `{{ expr }}`.
    pub fn text(&self, template: &crate::ir::catalog::Template) -> Result<Text, TemplateError> {
        Text::compile(*self, &template.0)
    }

    fn is_lenient(&self) -> bool {
        matches!(self.environment.undefined_behavior(), UndefinedBehavior::Chainable)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_lenient() { "Engine(lenient)" } else { "Engine(strict)" })
    }
}

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    plain: Option<Plain>,
    compiled: Arc<minijinja::Expression<'static, 'static>>,
}

impl Expression {
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The value; what is undefined is `null`.
    pub fn eval(&self, scope: &Scope) -> Result<serde_json::Value, TemplateError> {
        self.datum(scope)?.json()
    }

    /// The value as it is, for a further scope: nothing is converted.
    pub fn datum(&self, scope: &Scope) -> Result<Datum, TemplateError> {
        self.compiled.eval(scope.root()).map(Datum).map_err(|error| TemplateError::of(&error))
    }

    pub fn truth(&self, scope: &Scope) -> Result<bool, TemplateError> {
        match self.plain.as_ref().and_then(|plain| plain.truth(scope)) {
            Some(truth) => Ok(truth),
            None => Ok(self.datum(scope)?.is_true()),
        }
    }

    /// The items of a list (or the `[key, value]` pairs that `|items` makes); what is undefined or none has no items.
    pub fn items(&self, scope: &Scope) -> Result<Vec<Datum>, TemplateError> {
        self.datum(scope)?.items()
    }

    /// Names it takes from its scope (`record`), sorted.
    pub fn names(&self) -> Vec<String> {
        self.undeclared(false)
    }

    /// Names with what is read of them (`record.change`), sorted.
    pub fn paths(&self) -> Vec<String> {
        self.undeclared(true)
    }

    fn undeclared(&self, nested: bool) -> Vec<String> {
        let known: BTreeSet<&str> = LENIENT.globals().map(|(name, _)| name).collect();
        let found: BTreeSet<String> = self.compiled.undeclared_variables(nested).into_iter().collect();
        found.into_iter().filter(|name| !known.contains(name.as_str())).collect()
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.source)
    }
}

/// Why a text or expression did not compile or evaluate. The message holds no value, only text of the template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    pub message: String,
    /// Bytes of the template it is about, where known.
    pub range: Option<Range<usize>>,
    /// Counted from 1.
    pub line: Option<usize>,
}

impl TemplateError {
    fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        TemplateError { message: message.into(), range: Some(range), line: None }
    }

    fn plain(message: impl Into<String>) -> Self {
        TemplateError { message: message.into(), range: None, line: None }
    }

    /// Byte offset in the template.
    pub fn offset(&self) -> Option<usize> {
        self.range.as_ref().map(|range| range.start)
    }

    fn of(error: &minijinja::Error) -> Self {
        let message = match (error.kind(), error.detail()) {
            (ErrorKind::UndefinedError, _) => "it reads something that is not there".to_string(),
            (_, Some(detail)) => detail.to_string(),
            (kind, None) => kind.to_string(),
        };
        TemplateError { message, range: error.range(), line: error.line() }
    }

    /// The same error, for a template in which this one's text begins at `start`.
    fn shifted(mut self, start: usize) -> Self {
        self.range = self.range.map(|range| range.start + start..range.end + start);
        self
    }
}

#[cfg(test)]
mod tests;
