//! What may be written at a place. The place is told by the text, since a tree of text that is being written has holes.

use super::offers::{self, columns, known_columns, settings, words};
use super::place::{Frame, Place, item_text};
use super::tokens::{Sort, Token, tokens};
use super::{At, Space, View, names, test};
use crate::ir::assist::{Completion, Offer, OfferKind, Subject};
use crate::ir::ast::{File, Item};
use crate::ir::catalog::{ANY, Destination, Service, Setting};
use crate::ir::ident::DatasetName;
use crate::ir::mode::Mode;
use crate::ir::span::Span;
use crate::ir::spec::{FileFormat, Metric};
use crate::ir::test::{METHODS, STOPS};
use crate::ir::vocabulary::{self, ACTIVATION_WORDS, EXPECT_WORDS, ITEM_WORDS, MODEL_WORDS, SOURCE_KINDS, TEST_WORDS};

pub fn complete<'a>(view: &View<'a>, at: At<'a>) -> Completion<'a> {
    let place = Place::at(at.text, at.offset);
    let span = Span::new(at.file, place.start, at.offset);
    let in_head = place.frames.last().is_some_and(|frame| is_first_line(frame, at.text, place.start));
    let writing = Writing { view, item: Written::of(at), frames: &place.frames, words: place.words(), in_head };
    let offers = if place.within.is_some() { writing.in_quotes() } else { writing.offers() };
    Completion { span, offers }
}

/// Whether a place is on the line that a block begins with.
fn is_first_line(frame: &Frame<'_>, text: &str, at: usize) -> bool {
    let start = frame.head.last().map_or(at, Token::end);
    let inside = text.get(start..at).and_then(|between| between.split_once(frame.bracket));
    inside.is_some_and(|(_, inside)| !inside.trim_start().contains('\n'))
}

/// The model that the text around a place speaks of, where the tree does not know the item.
pub fn model_in_text(files: &[File], at: At<'_>) -> Option<DatasetName> {
    Written::of(at).model(files)
}

/// An item as far as its text tells.
struct Written<'t> {
    tokens: Vec<Token<'t>>,
}

impl<'t> Written<'t> {
    fn of(at: At<'t>) -> Self {
        Written { tokens: tokens(item_text(at.text, at.offset), 0) }
    }

    /// What follows the first entry that begins with a word.
    fn entry(&self, word: &str) -> &[Token<'t>] {
        let begins = |at: usize| at > 0 && matches!(self.tokens[at - 1].sort, Sort::Break | Sort::Open);
        let found = (0..self.tokens.len()).find(|at| self.tokens[*at].is(word) && begins(*at));
        let rest = found.map_or(&[][..], |at| &self.tokens[at + 1..]);
        &rest[..rest.iter().position(|token| token.sort == Sort::Break).unwrap_or(rest.len())]
    }

    fn word(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn target<'a>(&self, view: &View<'a>) -> Option<(&'a Destination, &'a Service)> {
        match self.entry("to") {
            [destination, dot, service, ..] if dot.is(".") => view.service(destination.text, Some(service.text)),
            [destination, ..] => view.service(destination.text, None),
            [] => None,
        }
    }

    fn model(&self, files: &[File]) -> Option<DatasetName> {
        let name = self.word(1);
        match (self.word(0), self.entry("from")) {
            ("model", _) => Some(DatasetName(name.to_string())),
            ("segment", _) => names::model_named(files, self.word(3)),
            ("test", _) => names::model_of(files, names::defined(files, Space::Activations, self.word(3))?),
            ("activation", [word, ..]) if word.is("file") => Some(inline(files, name)),
            ("activation", [_, how, ..]) if how.is("table") || how.is("sql") => Some(inline(files, name)),
            ("activation", [dataset, ..]) => names::model_named(files, dataset.text),
            _ => None,
        }
    }
}

fn inline(files: &[File], activation: &str) -> DatasetName {
    DatasetName::inline(activation, names::defined(files, Space::Datasets, activation).is_some())
}

struct Writing<'w, 'a> {
    view: &'w View<'a>,
    item: Written<'a>,
    frames: &'w [Frame<'a>],
    /// The entry up to the word that is being written.
    words: Vec<&'a str>,
    /// On the line of the innermost block that names the columns, where it is a table.
    in_head: bool,
}

impl<'a> Writing<'_, 'a> {
    fn offers(&self) -> Vec<Offer<'a>> {
        match self.frames {
            [] => self.top(),
            [item] => match item.word() {
                "model" => self.entry(&MODEL_WORDS, item),
                "activation" => self.entry(&ACTIVATION_WORDS, item),
                "test" => self.entry(&TEST_WORDS, item),
                "project" => self.settings(vocabulary::project_settings()),
                "source" => {
                    let kind = item.head.get(3).map_or("", |kind| kind.text);
                    self.settings(vocabulary::source_settings(kind).unwrap_or_default())
                }
                "destination" => self.settings(self.view.of_kind(item.head.get(3).map_or("", |kind| kind.text))),
                _ => Vec::new(),
            },
            [item, block, inner @ ..] if item.word() == "activation" || item.word() == "model" => {
                self.in_block(block, inner)
            }
            [item, block] if item.word() == "test" && self.words.is_empty() => self.in_test(block),
            [item, part] if item.word() == "destination" => {
                let kind = item.head.get(3).map_or("", |kind| kind.text);
                parts(&self.view.of_kind(kind), part.word())
            }
            _ => Vec::new(),
        }
    }

    fn in_block(&self, block: &Frame<'a>, inner: &[Frame<'a>]) -> Vec<Offer<'a>> {
        let service = self.item.target(self.view).map(|(_, service)| service);
        let custom = block.word() == "custom";
        match (block.word(), inner) {
            ("to", []) => self.settings(service.map_or_else(Vec::new, |service| service.options.clone())),
            ("to", [part]) => parts(service.map_or(&[][..], |service| &service.options), part.word()),
            ("from", []) => self.settings(self.file_options(block)),
            ("from", [part]) if matches!(part.word(), "types" | "columns") && self.words.is_empty() => self.columns(),
            ("mode", []) => {
                let mode = block.head.get(1).and_then(|name| Mode::parse(name.text));
                self.settings(mode.map_or_else(Vec::new, vocabulary::mode_options))
            }
            ("identify" | "map" | "custom", []) => self.mapping(block.word(), service),
            // Braces of an expression, not of options.
            ("identify" | "map" | "custom", [options, ..]) if options.head.is_empty() => self.columns(),
            ("map" | "custom", [_]) => self.mapping_options(custom, service),
            _ => Vec::new(),
        }
    }

    fn in_test(&self, block: &Frame<'a>) -> Vec<Offer<'a>> {
        let tested = names::defined(self.view.files, Space::Activations, self.item.word(3));
        let Some(Item::Activation(tested)) = tested else { return Vec::new() };
        let mut found = match block.word() {
            "vars" => offers::variables(self.view.files),
            "rows" | "before" if self.in_head => test::given(self.view, tested),
            "expect" if self.in_head => test::expected(self.view, tested),
            _ => Vec::new(),
        };
        found.retain(|offer| !block.before.contains(&offer.label.as_str()));
        found
    }

    fn top(&self) -> Vec<Offer<'a>> {
        match self.words.as_slice() {
            [] => words(&ITEM_WORDS),
            ["source", _, "="] => SOURCE_KINDS.iter().map(|kind| offers::plain(kind, OfferKind::Kind)).collect(),
            ["destination", _, "="] => self.view.catalog.destinations.values().map(offers::kind).collect(),
            ["segment", _] => offers::small(&["of"]),
            ["segment", _, "of"] => self.named(&["model", "segment"]),
            ["test", _] => offers::small(&["of"]),
            ["test", _, "of"] => self.named(&["activation"]),
            ["segment", _, "of", _] => offers::small(&["where"]),
            ["segment", _, "of", _, "where", ..] => self.columns(),
            _ => Vec::new(),
        }
    }

    fn entry(&self, known: &'static [vocabulary::Word], block: &Frame<'a>) -> Vec<Offer<'a>> {
        let words = self.words.as_slice();
        match words {
            [] => {
                let once = |word: &str| !matches!(word, "after" | "map" | "custom" | "warn" | "stop" | "expect");
                let left = known.iter().filter(|word| !(once(word.word) && block.before.contains(&word.word)));
                left.map(offers::word).collect()
            }
            ["from", ..] if words.contains(&"where") => self.columns(),
            ["from"] => {
                let mut found = self.named(&["model", "segment", "source"]);
                found.extend(offers::small(&["file"]));
                found
            }
            ["from", name] if self.is_source(name) => offers::small(&["table", "sql"]),
            ["from", _, "sql"] => offers::small(&["file"]),
            ["from", _, ..] => offers::small(&["where"]),
            ["key", ..] => self.columns(),
            ["to"] => self.addresses(),
            ["mode"] => self.modes(),
            ["after", ..] => {
                let own = self.item.word(1);
                self.named(&["activation"]).into_iter().filter(|offer| offer.label != own).collect()
            }
            ["warn" | "stop"] => offers::small(&["when"]),
            ["warn" | "stop", "when"] => Metric::ALL.into_iter().map(offers::metric).collect(),
            ["warn" | "stop", "when", _] => {
                [">", ">=", "<", "<="].map(|sign| offers::plain(sign, OfferKind::Value)).into()
            }
            ["identify"] => offers::small(&["all"]),
            ["expect"] => offers::words(&EXPECT_WORDS),
            ["expect", "request"] => METHODS.iter().map(|name| offers::plain(name, OfferKind::Value)).collect(),
            ["expect", "error"] => {
                STOPS.iter().map(|code| offers::plain(&format!("\"{code}\""), OfferKind::Value)).collect()
            }
            ["rows" | "before"] => offers::small(&["file", "sql"]),
            ["environment"] => self.named(&["environment"]),
            _ => Vec::new(),
        }
    }

    fn is_source(&self, name: &str) -> bool {
        matches!(names::defined(self.view.files, Space::Datasets, name), Some(Item::Source(_)))
    }

    fn named(&self, wanted: &[&str]) -> Vec<Offer<'a>> {
        let mut found: Vec<Offer<'a>> = Vec::new();
        for item in names::items(self.view.files) {
            let word = super::outline::word(item);
            if let Some(name) = names::item_name(item).filter(|_| wanted.contains(&word)) {
                let subject = Subject::Item(item, self.view.columns_of(item));
                found.push(Offer {
                    detail: word.into(),
                    subject: Some(subject),
                    ..offers::plain(&name.value, OfferKind::Name)
                });
            }
        }
        found
    }

    /// Destinations with their services.
    fn addresses(&self) -> Vec<Offer<'a>> {
        let mut found = Vec::new();
        for offer in self.named(&["destination"]) {
            let Some(kind) = self.view.kind(&offer.label) else {
                found.push(offer);
                continue;
            };
            found.extend(kind.services.iter().map(|service| offers::address(&offer.label, kind, service)));
        }
        found
    }

    fn modes(&self) -> Vec<Offer<'a>> {
        match self.item.target(self.view) {
            Some((_, service)) => service.modes.iter().map(|(mode, _)| offers::mode(*mode, Some(service))).collect(),
            None => Mode::ALL.into_iter().map(|mode| offers::mode(mode, None)).collect(),
        }
    }

    fn settings(&self, known: Vec<Setting>) -> Vec<Offer<'a>> {
        let given = self.frames.last().map_or(&[][..], |frame| &frame.before);
        match self.words.as_slice() {
            [] => settings(known.into_iter().filter(|setting| !given.contains(&setting.name.as_str()))),
            [key, "="] => known.iter().find(|setting| setting.name == *key).map_or_else(Vec::new, offers::values),
            _ => Vec::new(),
        }
    }

    fn mapping_options(&self, custom: bool, service: Option<&'a Service>) -> Vec<Offer<'a>> {
        let types = service.and_then(|service| service.custom.as_ref()).filter(|_| custom);
        match (self.words.as_slice(), types) {
            (["type", "="], Some(custom)) => custom.types.iter().map(offers::custom_type).collect(),
            _ => self.settings(vocabulary::mapping_options(custom)),
        }
    }

    fn mapping(&self, block: &str, service: Option<&'a Service>) -> Vec<Offer<'a>> {
        let Some(arrow) = self.words.iter().rposition(|word| *word == "->") else {
            let mut found = self.columns();
            found.extend(offers::small(&["case"]));
            return found;
        };
        match (service, block) {
            (Some(service), _) if arrow + 1 == self.words.len() => targets(service, block),
            _ => Vec::new(),
        }
    }

    fn columns(&self) -> Vec<Offer<'a>> {
        let Some(model) = self.item.model(self.view.files) else { return Vec::new() };
        match self.view.columns_of_model(&model) {
            Some(known) => known_columns(known),
            None => columns(self.view, &model),
        }
    }

    fn file_options(&self, block: &Frame<'a>) -> Vec<Setting> {
        let path = match block.head.as_slice() {
            [_, file, path, ..] if file.is("file") => Some(path.text.trim_matches('"')),
            _ => None,
        };
        let mut known = path.map_or_else(Vec::new, |path| vocabulary::file_options(FileFormat::of(path, None)));
        if self.item.word(0) == "activation" {
            known.push(vocabulary::allow_empty());
        }
        known
    }

    /// Names of variables; what else stands in quotes is the writer's own.
    fn in_quotes(&self) -> Vec<Offer<'a>> {
        match self.words.as_slice() {
            ["expect", "error", quoted] if quoted.starts_with('"') => {
                STOPS.iter().map(|code| offers::plain(code, OfferKind::Value)).collect()
            }
            [.., "var", quoted] if quoted.starts_with('"') => offers::variables(self.view.files),
            _ => Vec::new(),
        }
    }
}

fn parts<'a>(known: &[Setting], name: &str) -> Vec<Offer<'a>> {
    let setting = known.iter().find(|setting| setting.name == name);
    let parts = setting.into_iter().flat_map(|setting| &setting.parts);
    parts.map(|part| offers::plain(part, OfferKind::Setting)).collect()
}

fn targets<'a>(service: &'a Service, block: &str) -> Vec<Offer<'a>> {
    let fields = service.fields.iter().filter(|field| field.name != ANY && !field.read_only);
    let identifiers = service.identifiers.iter().filter(|one| one.name != ANY);
    match block {
        "identify" => identifiers.map(|one| offers::identifier(service, one)).collect(),
        "map" => fields.map(|field| offers::field(service, field)).collect(),
        _ => Vec::new(),
    }
}
