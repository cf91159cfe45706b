//! The items of a file.

use pest::iterators::Pair;

use super::recover::{Piece, Place};
use super::{Reader, Rule, child, children, error};
use crate::ir::ast::{Activation, Connection, Environment, Item, Model, Name, Project, Segment};

impl<'t> Reader<'t> {
    pub(super) fn items(&mut self, file: Pair<'t, Rule>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut before = None;
        let pairs: Vec<_> = file.into_inner().collect();
        for (at, pair) in pairs.iter().cloned().enumerate() {
            match pair.as_rule() {
                Rule::EOI | Rule::COMMENT => {}
                Rule::stray_close if self.headless => {}
                Rule::stray_close => self.problems.push(error::stray_close(self.span(&pair))),
                Rule::surplus => drop(self.surplus(Place::File, before.as_ref(), &pair)),
                Rule::bad_item if self.spilled(before.as_ref(), &pairs[at..]) => {}
                Rule::bad_item if self.unopened(before.as_ref(), &pair) => {}
                Rule::bad_item => self.bad(Place::File, before.as_ref(), &pair),
                _ => {
                    self.headless = false;
                    self.in_condition = false;
                    items.extend(self.item(&pair));
                    before = Some(pair);
                }
            }
        }
        items
    }

    /// `destination crm = batch`, with its settings on the lines below: what it lacks is a `{`.
    fn unopened(&mut self, before: Option<&Pair<'t, Rule>>, pair: &Pair<'t, Rule>) -> bool {
        let connection = before.filter(|item| matches!(item.as_rule(), Rule::source | Rule::destination));
        let Some(head) = connection.filter(|item| child(item, Rule::settings).is_none()) else { return false };
        let pieces = self.pieces(pair);
        let sets = |key: &Piece<'_>, sign: &Piece<'_>| key.is_word() && !error::begins(key.text) && sign.is("=");
        if self.headless || !pieces.first().zip(pieces.get(1)).is_some_and(|(key, sign)| sets(key, sign)) {
            return false;
        }
        let span = self.span(head);
        let keyword = self.text[span.start..span.end].split_whitespace().next().unwrap_or_default();
        self.problems.push(error::no_block(span, keyword));
        self.torn.push(span);
        self.headless = true;
        true
    }

    fn item(&mut self, pair: &Pair<'t, Rule>) -> Option<Item> {
        Some(match pair.as_rule() {
            Rule::project => Item::Project(Project { span: self.span(pair), settings: self.settings_in(pair) }),
            Rule::environment => Item::Environment(Environment {
                span: self.span(pair),
                name: self.name_in(pair)?,
                settings: self.settings_in(pair),
            }),
            Rule::source => Item::Source(self.connection(pair)?),
            Rule::destination => Item::Destination(self.connection(pair)?),
            Rule::model => Item::Model(self.model(pair)?),
            Rule::segment => Item::Segment(self.segment(pair)?),
            Rule::activation => Item::Activation(Box::new(self.activation(pair)?)),
            Rule::test => Item::Test(self.test(pair)?),
            _ => return None,
        })
    }

    pub(super) fn name_in(&self, pair: &Pair<'t, Rule>) -> Option<Name> {
        child(pair, Rule::name).map(|name| self.spanned(&name))
    }

    pub(super) fn two_names(&self, pair: &Pair<'t, Rule>) -> Option<(Name, Name)> {
        let mut names = children(pair, Rule::name).map(|name| self.spanned(&name));
        Some((names.next()?, names.next()?))
    }

    fn connection(&mut self, pair: &Pair<'t, Rule>) -> Option<Connection> {
        let (name, kind) = self.two_names(pair)?;
        Some(Connection { span: self.span(pair), name, kind, settings: self.settings_in(pair) })
    }

    fn model(&mut self, pair: &Pair<'t, Rule>) -> Option<Model> {
        let name = self.name_in(pair)?;
        let block = child(pair, Rule::model_block)?;
        let entries = self.entries(Place::Model, &block, Self::model_entry);
        Some(Model { span: self.span(pair), name, entries })
    }

    fn segment(&mut self, pair: &Pair<'t, Rule>) -> Option<Segment> {
        let (name, of) = self.two_names(pair)?;
        Some(Segment { span: self.span(pair), name, of, filter: self.filter_in(pair) })
    }

    fn activation(&mut self, pair: &Pair<'t, Rule>) -> Option<Activation> {
        let name = self.name_in(pair)?;
        let block = child(pair, Rule::activation_block)?;
        let entries = self.entries(Place::Activation, &block, Self::activation_entry);
        Some(Activation { span: self.span(pair), name, entries })
    }
}
