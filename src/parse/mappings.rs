//! Mappings, expressions, columns and paths.

use pest::iterators::Pair;

use super::recover::Place;
use super::{Reader, Rule, child, children, error};
use crate::ir::ast::{Column, Expr, Mapping, Path, PathPart};
use crate::ir::span::{Span, Spanned};

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
            if self.is_block(pair, &column) {
                return None;
            }
            let expr = Expr { text: column.as_str().to_string(), span: self.span(&column) };
            let column = Some(self.column(&column));
            return Some(Mapping { span, expr, target: None, column, options: self.block_in(pair) });
        }
        let expr = self.expr(&child(pair, Rule::expr)?);
        self.long_arrow(pair, &expr);
        if self.bent_quotes(&expr) {
            self.unread.extend(child(pair, Rule::path).map(|path| self.spanned(&path)));
            return None;
        }
        let target = Some(self.path(&child(pair, Rule::path)?));
        Some(Mapping { span, expr, target, column: None, options: self.block_in(pair) })
    }

    /// `custom { ... }` inside of `map { ... }`: options that are none.
    fn is_block(&mut self, pair: &Pair<'t, Rule>, word: &Pair<'t, Rule>) -> bool {
        let is_block = matches!(word.as_str(), "map" | "custom" | "identify")
            && child(pair, Rule::settings).is_some_and(|options| child(&options, Rule::bad_setting).is_some());
        if is_block {
            let span = self.span(word);
            self.problems.push(error::nested_block(span, word.as_str()));
            self.unread.push(self.spanned(word));
            self.torn.push(self.span(pair));
        }
        is_block
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
        if let Some(arrow) = child(&condition, Rule::arrow) {
            self.problems.push(error::json_arrow_in_where(self.span(&arrow)));
        }
        let mut expr = self.without_semicolon(self.expr(&condition));
        if self.bent_quotes(&expr) {
            return None;
        }
        if let Some(comma) = child(&condition, Rule::stray_comma) {
            expr = self.before_comma(expr, self.span(&comma));
        }
        if let Some(last) = self.awaits_more(&expr) {
            self.problems.push(error::open_condition(last, &self.text[last.start..last.end]));
            self.condition_below(expr.span);
        }
        Some(expr)
    }

    /// Quotes that a word processor has bent, outside of text.
    fn bent_quotes(&mut self, expr: &Expr) -> bool {
        let Some((start, end)) = error::bent(&expr.text) else { return false };
        self.problems.push(error::bent_quotes(expr.span.part(start, end - start), &expr.text[start..end]));
        self.torn.push(expr.span);
        true
    }

    /// `lower(email) --> email`
    fn long_arrow(&mut self, pair: &Pair<'t, Rule>, expr: &Expr) {
        let Some(arrow) = child(pair, Rule::arrow).filter(|_| expr.text.ends_with('-')) else { return };
        let span = Span { start: expr.span.end - 1, ..expr.span }.to(self.span(&arrow));
        self.problems.push(error::wrong_arrow(span, &self.text[span.start..span.end]));
        self.torn.push(expr.span);
    }

    /// Another language's end of a line, told and taken off.
    pub(super) fn without_semicolon(&mut self, expr: Expr) -> Expr {
        let Some(text) = expr.text.strip_suffix(';').map(str::trim_end) else { return expr };
        self.problems.push(error::semicolon(expr.span.part(expr.text.len() - 1, 1)));
        Expr { text: text.to_string(), span: expr.span.part(0, text.len()) }
    }

    /// The last word of a condition that goes on on the next line.
    fn awaits_more(&self, expr: &Expr) -> Option<Span> {
        let last = expr.text.rsplit(|c: char| c.is_whitespace() || c == ')').next()?;
        let end = self.line_end(expr.span.end);
        let below = self.text[end..].trim_start();
        let word = below.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        let alone = self.text[expr.span.end..end].trim().is_empty() && !below.starts_with('}') && !error::begins(word);
        (alone && error::awaits_more(last)).then(|| Span { start: expr.span.end - last.len(), ..expr.span })
    }

    /// The condition without what follows a comma, which is told: an entry, most often, or what a comment of SQL goes on with.
    fn before_comma(&mut self, expr: Expr, comma: Span) -> Expr {
        let (text, rest) = expr.text.split_at(comma.start - expr.span.start);
        let comment = text.find("--").or_else(|| text.find("//"));
        let end = comment.unwrap_or(text.len());
        match comment {
            Some(at) => {
                let place = Span { start: expr.span.start + at, ..expr.span };
                self.problems.push(error::comment(place, &expr.text[at..]));
            }
            None => {
                let word = rest[1..].split_whitespace().next().unwrap_or_default();
                self.unread.push(Spanned::new(word.to_string(), comma));
                self.problems.push(error::comma_in_where(comma));
            }
        }
        let text = text[..end].trim_end();
        Expr { text: text.to_string(), span: expr.span.part(0, text.len()) }
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
