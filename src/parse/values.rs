//! Settings and their values.

use pest::iterators::Pair;

use super::recover::Place;
use super::{Reader, Rule, child, error};
use crate::ir::ast::{Block, Escapes, Setting, TextLit, Value};
use crate::ir::span::{Span, Spanned};

impl<'t> Reader<'t> {
    pub(super) fn settings_in(&mut self, pair: &Pair<'t, Rule>) -> Vec<Setting> {
        self.block_in(pair).map(|block| block.settings).unwrap_or_default()
    }

    pub(super) fn block_in(&mut self, pair: &Pair<'t, Rule>) -> Option<Block> {
        child(pair, Rule::settings).map(|block| self.block(&block))
    }

    fn block(&mut self, pair: &Pair<'t, Rule>) -> Block {
        Block { span: self.span(pair), settings: self.entries(Place::Settings, pair, Self::setting) }
    }

    fn setting(&mut self, pair: &Pair<'t, Rule>) -> Option<Setting> {
        let key = self.setting_key(&child(pair, Rule::setting_key)?);
        let value = pair.clone().into_inner().find_map(|inner| self.value(&inner));
        let Some(value) = value else {
            self.unread.push(key);
            return None;
        };
        Some(Setting { span: self.span(pair), key, value })
    }

    fn setting_key(&mut self, pair: &Pair<'t, Rule>) -> Spanned<String> {
        match child(pair, Rule::text) {
            Some(text) => Spanned::new(self.text_lit(&text).value, self.span(pair)),
            None => self.spanned(pair),
        }
    }

    /// `None` for what is not a value, and for a mistake, once told.
    fn value(&mut self, pair: &Pair<'t, Rule>) -> Option<Value> {
        let span = self.span(pair);
        Some(match pair.as_rule() {
            Rule::text | Rule::triple_text => Value::Text(self.text_lit(pair)),
            Rule::number => Value::Number(self.spanned(pair)),
            Rule::boolean => Value::Bool(Spanned::new(pair.as_str() == "true", span)),
            Rule::word => Value::Word(self.spanned(pair)),
            Rule::list => Value::List { span, items: self.entries(Place::List, pair, Self::value) },
            Rule::settings if pair.as_str().starts_with("{{") => {
                self.problems.push(error::template_as_value(span, pair.as_str()));
                return None;
            }
            Rule::settings => Value::Block(self.block(pair)),
            Rule::env => {
                let (name, default) = self.arguments(pair)?;
                Value::Env { span, name, default }
            }
            Rule::var => {
                let (name, default) = self.arguments(pair)?;
                Value::Var { span, name, default }
            }
            Rule::single_quoted => {
                self.problems.push(error::single_quotes(span, pair.as_str()));
                return None;
            }
            Rule::foreign_call => {
                let name = self.name_in(pair)?;
                self.problems.push(error::foreign_call(&name, span, pair.as_str()));
                return None;
            }
            _ => return None,
        })
    }

    fn arguments(&mut self, pair: &Pair<'t, Rule>) -> Option<(TextLit, Option<TextLit>)> {
        let texts: Vec<_> = super::children(pair, Rule::text).collect();
        let mut texts = texts.iter().map(|text| self.text_lit(text));
        Some((texts.next()?, texts.next()))
    }

    pub(super) fn text_in(&mut self, pair: &Pair<'t, Rule>) -> Option<TextLit> {
        let text = child(pair, Rule::triple_text).or_else(|| child(pair, Rule::text))?;
        Some(self.text_lit(&text))
    }

    pub(super) fn text_lit(&mut self, pair: &Pair<'t, Rule>) -> TextLit {
        let span = self.span(pair);
        let triple = pair.as_rule() == Rule::triple_text;
        let quotes = if triple { 3 } else { 1 };
        let inner = Span::new(self.file, span.start + quotes, span.end - quotes);
        let raw = &self.text[inner.start..inner.end];
        let (value, escapes) = if triple { (raw.to_string(), Vec::new()) } else { self.unescape(raw, inner) };
        TextLit { value, span, inner, triple, escapes }
    }

    fn unescape(&mut self, raw: &str, inner: Span) -> (String, Escapes) {
        let mut out = String::with_capacity(raw.len());
        let mut escapes = Vec::new();
        let mut rest = raw;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let offset = raw.len() - rest.len() + at;
            let (meant, len) = escape(&rest[at + 1..]);
            let start = out.len();
            match meant {
                Some(meant) => out.push(meant),
                None => self.problems.push(error::escape(inner.part(offset, len + 1), &rest[at..at + 1 + len])),
            }
            escapes.push((start..out.len(), offset..offset + 1 + len));
            rest = &rest[at + 1 + len..];
        }
        (out + rest, escapes)
    }
}

/// What stands behind a backslash: the character meant, if it is a known escape, and how many bytes it takes.
fn escape(rest: &str) -> (Option<char>, usize) {
    let first = rest.chars().next();
    let len = first.map_or(0, char::len_utf8);
    match first {
        Some('"') => (Some('"'), len),
        Some('\\') => (Some('\\'), len),
        Some('n') => (Some('\n'), len),
        Some('t') => (Some('\t'), len),
        Some('u') => match rest.strip_prefix("u{").and_then(|code| code.split_once('}')) {
            Some((code, _)) => (u32::from_str_radix(code, 16).ok().and_then(char::from_u32), code.len() + 3),
            None => (None, len),
        },
        _ => (None, len),
    }
}
