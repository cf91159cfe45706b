//! Blocks, and the entries of models and activations.

use pest::iterators::Pair;

use super::recover::Place;
use super::{Bracketed, Reader, Rule, child, children, error};
use crate::ir::ast::{
    ActivationEntry, After, Column, From, Guard, Identify, Input, Key, MapBlock, ModeEntry, ModelEntry, To,
};
use crate::ir::span::{Span, Spanned};
use crate::ir::spec::{Compare, guard_number};

impl<'t> Reader<'t> {
    /// Reads the entries of a block with `read`, and tells what is wrong with the others.
    pub(super) fn entries<T>(
        &mut self,
        place: Place,
        block: &Pair<'t, Rule>,
        read: fn(&mut Self, &Pair<'t, Rule>) -> Option<T>,
    ) -> Vec<T> {
        let mut entries = Vec::new();
        let mut closed = true;
        let mut before = None;
        self.commas(place, block);
        for pair in block.clone().into_inner() {
            match pair.as_rule() {
                Rule::COMMENT => {}
                Rule::unclosed => closed = false,
                Rule::wrong_close | Rule::crossed_line => self.crossed(block, &pair),
                Rule::surplus | Rule::surplus_value => {
                    if self.surplus(place, before.as_ref(), &pair) {
                        entries.pop();
                    }
                }
                Rule::bad_entry | Rule::bad_setting | Rule::bad_mapping | Rule::bad_row | Rule::bad_value => {
                    self.bad(place, before.as_ref(), &pair)
                }
                _ => {
                    self.in_condition = false;
                    entries.extend(read(self, &pair));
                    before = Some(pair);
                }
            }
        }
        let (open, end) = (block.as_span().start(), block.as_span().end());
        self.blocks.push(Bracketed { open, end, closed });
        entries
    }

    /// Entries end with one comma, or none.
    fn commas(&mut self, place: Place, block: &Pair<'t, Rule>) {
        if place == Place::Table {
            return;
        }
        // Before the first entry there is nothing to end.
        let (mut at, mut ended) = (block.as_span().start() + 1, true);
        for pair in block.clone().into_inner() {
            let start = pair.as_span().start();
            for (comma, _) in self.text.get(at..start).unwrap_or_default().match_indices(',') {
                if ended {
                    self.problems.push(error::comma_too_many(Span::new(self.file, at + comma, at + comma + 1)));
                }
                ended = true;
            }
            at = pair.as_span().end();
            ended &= pair.as_rule() == Rule::COMMENT;
        }
        let rest = self.text.get(at..block.as_span().end()).unwrap_or_default();
        for (comma, _) in rest.match_indices(',').skip(usize::from(!ended)) {
            self.problems.push(error::comma_too_many(Span::new(self.file, at + comma, at + comma + 1)));
        }
    }

    pub(super) fn model_entry(&mut self, pair: &Pair<'t, Rule>) -> Option<ModelEntry> {
        Some(match pair.as_rule() {
            Rule::from => ModelEntry::From(self.from(pair)?),
            _ => ModelEntry::Key(self.key(pair)?),
        })
    }

    pub(super) fn activation_entry(&mut self, pair: &Pair<'t, Rule>) -> Option<ActivationEntry> {
        let span = self.span(pair);
        Some(match pair.as_rule() {
            Rule::from => ActivationEntry::From(self.from(pair)?),
            Rule::key | Rule::loose_key => ActivationEntry::Key(self.key(pair)?),
            Rule::to => ActivationEntry::To(self.to(pair)?),
            Rule::mode => {
                ActivationEntry::Mode(ModeEntry { span, name: self.name_in(pair)?, options: self.block_in(pair) })
            }
            Rule::after => {
                let names = children(pair, Rule::name).map(|name| self.spanned(&name)).collect();
                ActivationEntry::After(After { span, names })
            }
            Rule::identify => {
                let all = child(pair, Rule::all_word).is_some();
                ActivationEntry::Identify(Identify { span, all, mappings: self.mappings_in(pair) })
            }
            Rule::map => ActivationEntry::Map(MapBlock { span, mappings: self.mappings_in(pair) }),
            Rule::custom => ActivationEntry::Custom(MapBlock { span, mappings: self.mappings_in(pair) }),
            _ => ActivationEntry::Guard(self.guard(pair)?),
        })
    }

    fn from(&mut self, pair: &Pair<'t, Rule>) -> Option<From> {
        let input = pair.clone().into_inner().find_map(|inner| self.input(&inner))?;
        Some(From { span: self.span(pair), input, options: self.block_in(pair), filter: self.filter_in(pair) })
    }

    fn input(&mut self, pair: &Pair<'t, Rule>) -> Option<Input> {
        match pair.as_rule() {
            Rule::file_input => Some(Input::File { path: self.text_in(pair)? }),
            Rule::sql_file_input => Some(Input::SqlFile { source: self.name_in(pair)?, path: self.text_in(pair)? }),
            Rule::sql_input => Some(Input::Sql { source: self.name_in(pair)?, text: self.text_in(pair)? }),
            Rule::table_input => {
                let table = self.path(&child(pair, Rule::path)?);
                Some(Input::Table { source: self.name_in(pair)?, table })
            }
            Rule::named_input => Some(Input::Named(self.name_in(pair)?)),
            _ => None,
        }
    }

    fn key(&mut self, pair: &Pair<'t, Rule>) -> Option<Key> {
        let columns: Vec<Column> = children(pair, Rule::column).map(|column| self.column(&column)).collect();
        let span = self.span(pair);
        if pair.as_rule() == Rule::loose_key {
            self.problems.push(error::loose_key(span, &columns));
            self.unread.push(Spanned::new("key".into(), span));
            return None;
        }
        Some(Key { span, columns })
    }

    fn to(&mut self, pair: &Pair<'t, Rule>) -> Option<To> {
        let address = child(pair, Rule::address)?;
        let mut names = children(&address, Rule::name).map(|name| self.spanned(&name));
        let (destination, service) = (names.next()?, names.next());
        Some(To { span: self.span(pair), destination, service, settings: self.block_in(pair) })
    }

    fn guard(&mut self, pair: &Pair<'t, Rule>) -> Option<Guard> {
        let op = self.spanned(&child(pair, Rule::guard_op)?);
        let mut value = self.spanned(&child(pair, Rule::guard_value)?);
        value.value.retain(|c| !c.is_whitespace());
        self.check_guard(&op, &value);
        let stop = child(pair, Rule::stop_word).is_some();
        Some(Guard { span: self.span(pair), stop, metric: self.name_in(pair)?, op, value })
    }

    fn check_guard(&mut self, op: &Spanned<String>, value: &Spanned<String>) {
        if Compare::parse(&op.value).is_none() {
            self.told_to = self.line_end(op.span.start);
            self.problems.push(error::guard_op(op));
        } else if guard_number(&value.value).is_none() {
            self.problems.push(error::guard_value(value));
        }
    }
}
