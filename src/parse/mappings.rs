//! Mappings, expressions, columns and paths.

use pest::iterators::Pair;

use super::recover::Place;
use super::{Reader, Rule, child, children, error};
use crate::ir::ast::{Column, Expr, Mapping, Path, PathPart};

impl<'t> Reader<'t> {
    pub(super) fn mappings_in(&mut self, pair: &Pair<'t, Rule>) -> Vec<Mapping> {
        match child(pair, Rule::mappings) {
            Some(block) => self.entries(Place::Mappings, &block, Self::mapping),
            None => Vec::new(),
        }
    }

    fn mapping(&mut self, pair: &Pair<'t, Rule>) -> Option<Mapping> {
        let span = self.span(pair);
        if let Some(column) = child(pair, Rule::column) {
            let expr = Expr { text: column.as_str().to_string(), span: self.span(&column) };
            let column = Some(self.column(&column));
            return Some(Mapping { span, expr, target: None, column, options: self.block_in(pair) });
        }
        let expr = self.expr(&child(pair, Rule::expr)?);
        let target = Some(self.path(&child(pair, Rule::path)?));
        Some(Mapping { span, expr, target, column: None, options: self.block_in(pair) })
    }

    /// The text as written, but for our comments inside brackets: they become blanks, since `#` is no comment in SQL and
    /// places in the text must stay what they are.
    pub(super) fn expr(&self, pair: &Pair<'t, Rule>) -> Expr {
        let span = self.span(pair);
        let mut text = pair.as_str()[..span.end - span.start].to_string();
        for comment in children(pair, Rule::COMMENT) {
            let (start, end) = (comment.as_span().start() - span.start, comment.as_span().end() - span.start);
            text.replace_range(start..end, &" ".repeat(end - start));
        }
        Expr { text, span }
    }

    pub(super) fn filter_in(&mut self, pair: &Pair<'t, Rule>) -> Option<Expr> {
        let condition = child(&child(pair, Rule::filter)?, Rule::condition)?;
        if let Some(comma) = child(&condition, Rule::stray_comma) {
            self.problems.push(error::comma_in_where(self.span(&comma)));
        }
        if let Some(arrow) = child(&condition, Rule::arrow) {
            self.problems.push(error::json_arrow_in_where(self.span(&arrow)));
        }
        Some(self.expr(&condition))
    }

    pub(super) fn column(&self, pair: &Pair<'t, Rule>) -> Column {
        let (name, quoted) = unquoted(pair.as_str());
        Column { span: self.span(pair), name, quoted }
    }

    pub(super) fn path(&self, pair: &Pair<'t, Rule>) -> Path {
        let parts = children(pair, Rule::path_part).map(|part| {
            let (name, quoted) = unquoted(part.as_str());
            PathPart { span: self.span(&part), name, quoted }
        });
        Path { span: self.span(pair), parts: parts.collect() }
    }
}

/// The name inside double quotes, where a doubled quote stands for one; or the bare name.
fn unquoted(text: &str) -> (String, bool) {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => (inner.replace("\"\"", "\""), true),
        None => (text.to_string(), false),
    }
}
