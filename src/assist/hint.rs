//! What stands at a place.

use super::node::{self, Node, Targets};
use super::place::Place;
use super::tokens::is_name_char;
use super::{At, Space, View, names, test};
use crate::ir::assist::{Hint, Subject};
use crate::ir::ast::{Activation, Expr, Item, Mapping, Name, Path};
use crate::ir::ident::KindName;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::Metric;
use crate::ir::vocabulary::{ACTIVATION_WORDS, EXPECT_WORDS, ITEM_WORDS, MODEL_WORDS, SMALL_WORDS, TEST_WORDS, Word};

pub fn hint<'a>(view: &View<'a>, at: At<'a>) -> Option<Hint<'a>> {
    match node::at(at.tree, at.offset) {
        Some((span, Node::Expr(item, expr))) => column(view, item, expr, at.offset - span.start),
        Some((span, node)) => Some(Hint { span, subject: subject(view, node)? }),
        None => keyword(at),
    }
}

fn subject<'a>(view: &View<'a>, node: Node<'a>) -> Option<Subject<'a>> {
    let item = |space, name: &Name| {
        let item = names::defined(view.files, space, &name.value)?;
        Some(Subject::Item(item, view.columns_of(item)))
    };
    match node {
        Node::Defined(item, _) => Some(Subject::Item(item, view.columns_of(item))),
        Node::Dataset(name) | Node::Source(name) => item(Space::Datasets, name),
        Node::Destination(name) => item(Space::Destinations, name),
        Node::After(name) => item(Space::Activations, name),
        Node::DestinationKind(name) => view.catalog.destinations.get(&KindName(name.value.clone())).map(Subject::Kind),
        Node::Service(activation) => view.target(activation).map(|(kind, service)| Subject::Service(kind, service)),
        Node::Mode(activation, name) => {
            let service = view.target(activation).map(|(_, service)| service);
            Some(Subject::Mode(Mode::parse(&name.value)?, service))
        }
        Node::Metric(name) => Metric::parse(&name.value).map(Subject::Metric),
        Node::Setting(owner, setting) => {
            let known = view.declared(owner).into_iter().find(|known| known.name == setting.key.value)?;
            Some(Subject::Setting(Box::new(known)))
        }
        Node::Target(activation, targets, mapping) => target(view, activation, targets, mapping),
        Node::Column(item, column) => {
            let columns = view.columns_of(item)?;
            columns.iter().find(|known| known.name.eq_ignore_ascii_case(&column.name)).map(Subject::Column)
        }
        Node::Given(item, path) => column_named(view, item, path),
        Node::Expected(test, path) => match test::mapping(view, &test.of.value, path) {
            Some((activation, targets, mapping)) => target(view, activation, targets, mapping),
            None => column_named(view, names::defined(view.files, Space::Activations, &test.of.value)?, path),
        },
        Node::SourceKind | Node::Expr(..) | Node::Variable(_) | Node::Path(_) => None,
    }
}

fn target<'a>(view: &View<'a>, activation: &Activation, targets: Targets, mapping: &Mapping) -> Option<Subject<'a>> {
    let (_, service) = view.target(activation)?;
    let name = match &mapping.target {
        Some(path) => path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("."),
        None => mapping.column.as_ref()?.name.clone(),
    };
    match targets {
        Targets::Identifiers => service.identifier(&name).map(|known| Subject::Identifier(service, known)),
        Targets::Fields => service.field(&name).map(|known| Subject::Field(service, known)),
        Targets::Custom => service.custom.as_ref().map(|custom| Subject::Custom(service, custom)),
    }
}

fn column_named<'a>(view: &View<'a>, item: &Item, path: &Path) -> Option<Subject<'a>> {
    let name = test::written(path);
    view.columns_of(item)?.iter().find(|known| known.name.eq_ignore_ascii_case(&name)).map(Subject::Column)
}

fn column<'a>(view: &View<'a>, item: &Item, expr: &Expr, offset: usize) -> Option<Hint<'a>> {
    let (start, word) = word_at(&expr.text, offset)?;
    let columns = view.columns_of(item)?;
    let known = columns.iter().find(|known| known.name.eq_ignore_ascii_case(word))?;
    Some(Hint { span: expr.span.part(start, word.len()), subject: Subject::Column(known) })
}

/// The word around a place, or the name in double quotes.
fn word_at(text: &str, offset: usize) -> Option<(usize, &str)> {
    let (before, after) = (text.get(..offset)?, text.get(offset..)?);
    let quotes = before.matches('"').count();
    if quotes % 2 == 1 {
        let start = before.rfind('"')? + 1;
        return Some((start, &text[start..offset + after.find('"')?]));
    }
    let start = before
        .rfind(|c: char| !is_name_char(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = offset + after.find(|c: char| !is_name_char(c)).unwrap_or(after.len());
    (start < end).then(|| (start, &text[start..end]))
}

fn keyword(at: At<'_>) -> Option<Hint<'_>> {
    let (start, word) = word_at(at.text, at.offset)?;
    let place = Place::at(at.text, start + word.len());
    let words: Vec<&'static Word> = match (place.within, place.frames.as_slice(), place.entry.is_empty()) {
        (Some(_), ..) => return None,
        (None, [], true) => ITEM_WORDS.iter().collect(),
        (None, [_], true) => ACTIVATION_WORDS.iter().chain(&MODEL_WORDS).chain(&TEST_WORDS).collect(),
        (None, _, true) => return None,
        (None, ..) if place.words() == ["expect"] => EXPECT_WORDS.iter().collect(),
        (None, ..) => SMALL_WORDS.iter().collect(),
    };
    let known = words.into_iter().find(|known| known.word == word)?;
    Some(Hint { span: Span::new(at.file, start, start + word.len()), subject: Subject::Word(known) })
}
