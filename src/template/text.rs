//! Text with `{{ expr }}` in it. Only expressions: no blocks, no comments, so that a text is what it shows.

use std::collections::BTreeSet;

use super::{Engine, Expression, Scope, TemplateError};
use crate::ir::secret::percent_encoded;

#[derive(Clone, Debug)]
pub struct Text {
    parts: Vec<Part>,
    lenient: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    Expression(Expression),
}

impl Text {
    pub(super) fn compile(engine: Engine, source: &str) -> Result<Text, TemplateError> {
        let parts = if let Some((start, end)) = lone_expression(source)? {
            vec![compile_part(engine, source, start, end)?]
        } else {
            split(engine, source)?
        };
        Ok(Text { parts, lenient: engine.is_lenient() })
    }

    /// Text without an expression.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The expression, where the text is exactly one.
    pub fn expression(&self) -> Option<&Expression> {
        match self.parts.as_slice() {
            [Part::Expression(expression)] => Some(expression),
            _ => None,
        }
    }

    /// The value rule: exactly one expression is that value, anything else is text.
    pub fn value(&self, scope: &Scope) -> Result<serde_json::Value, TemplateError> {
        match self.expression() {
            Some(expression) => expression.eval(scope),
            None => Ok(self.text(scope)?.map_or(serde_json::Value::Null, serde_json::Value::String)),
        }
    }

    /// The text; `None` where it is one expression and that is none. None within other text is nothing in an answer, and an
    /// error in a request.
    pub fn text(&self, scope: &Scope) -> Result<Option<String>, TemplateError> {
        if let Some(expression) = self.expression() {
            return expression.datum(scope)?.text();
        }
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Expression(expression) => match expression.datum(scope)?.text()? {
                    Some(text) => out.push_str(&text),
                    None if self.lenient => {}
                    None => return Err(none(expression)),
                },
            }
        }
        Ok(Some(out))
    }

    /// The text with every value in it percent-encoded, so that a value can never become a second path segment. None is an
    /// error: a path with a gap is another path.
    pub fn path(&self, scope: &Scope) -> Result<String, TemplateError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Expression(expression) => {
                    let text = expression.datum(scope)?.text()?.ok_or_else(|| none(expression))?;
                    out.push_str(&percent_encoded(&text));
                }
            }
        }
        Ok(out)
    }

    /// Names it takes from its scope, sorted.
    pub fn names(&self) -> Vec<String> {
        self.gather(Expression::names)
    }

    /// Names with what is read of them (`record.change`), sorted.
    pub fn paths(&self) -> Vec<String> {
        self.gather(Expression::paths)
    }

    fn gather(&self, of: fn(&Expression) -> Vec<String>) -> Vec<String> {
        let expressions = self.parts.iter().filter_map(|part| match part {
            Part::Expression(expression) => Some(expression),
            Part::Literal(_) => None,
        });
        expressions.flat_map(of).collect::<BTreeSet<String>>().into_iter().collect()
    }
}

fn none(expression: &Expression) -> TemplateError {
    TemplateError::plain(format!("`{}` is none", expression.source()))
}

/// Where the inside of the only expression begins and ends, if there is nothing but white space around it.
fn lone_expression(source: &str) -> Result<Option<(usize, usize)>, TemplateError> {
    let trimmed = source.trim();
    if !trimmed.starts_with("{{") {
        return Ok(None);
    }
    let start = source.len() - source.trim_start().len() + 2;
    let end = closing(source, start).ok_or_else(|| never_closed(start))?;
    Ok(source[end + 2..].trim().is_empty().then_some((start, end)))
}

fn split(engine: Engine, source: &str) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = 0;
    while let Some(open) = source[rest..].find('{').map(|at| at + rest) {
        match source.as_bytes().get(open + 1) {
            Some(b'{') => {
                push_literal(&mut parts, &source[rest..open]);
                let end = closing(source, open + 2).ok_or_else(|| never_closed(open + 2))?;
                parts.push(compile_part(engine, source, open + 2, end)?);
                rest = end + 2;
            }
            Some(b'%' | b'#') => {
                return Err(TemplateError::new(
                    "only `{{ ... }}` may stand here, no blocks or comments",
                    open..open + 2,
                ));
            }
            _ => {
                push_literal(&mut parts, &source[rest..=open]);
                rest = open + 1;
            }
        }
    }
    push_literal(&mut parts, &source[rest..]);
    Ok(parts)
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Literal(before)) => before.push_str(text),
        _ => parts.push(Part::Literal(text.to_string())),
    }
}

fn compile_part(engine: Engine, source: &str, start: usize, end: usize) -> Result<Part, TemplateError> {
    let inside = &source[start..end];
    if inside.trim().is_empty() {
        return Err(TemplateError::new("nothing stands between `{{` and `}}`", start - 2..end + 2));
    }
    let lead = inside.len() - inside.trim_start().len();
    let expression = engine.expression(inside.trim()).map_err(|error| error.shifted(start + lead))?;
    Ok(Part::Expression(expression))
}

/// Where the `}}` begins that closes the expression whose inside begins at `start`: outside quotes and brackets.
pub(super) fn closing(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut at, mut depth) = (start, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"') => at = skip_quoted(bytes, at, quote),
            b'(' | b'[' | b'{' => depth += 1,
            b'}' if depth == 0 && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// `start` lies behind the braces.
fn never_closed(start: usize) -> TemplateError {
    TemplateError::new("`{{` is never closed", start - 2..start)
}

/// The place of the closing quote, or the end.
pub(super) fn skip_quoted(bytes: &[u8], open: usize, quote: u8) -> usize {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}
