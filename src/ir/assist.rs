//! What an editor asks of a place in a text, and what it is told.

use super::ast;
use super::catalog::{Custom, CustomType, Destination, Field, Identifier, Service, Setting};
use super::facts::ColumnFacts;
use super::mode::Mode;
use super::span::Span;
use super::spec::Metric;
use super::vocabulary::Word;

/// A thing that a name or word in a pipeline stands for.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    Word(&'static Word),
    Kind(&'a Destination),
    Service(&'a Destination, &'a Service),
    /// In general, or as a service does it.
    Mode(Mode, Option<&'a Service>),
    Setting(Box<Setting>),
    /// A field, under the name that was used for it.
    Field(&'a Service, &'a Field),
    Identifier(&'a Service, &'a Identifier),
    /// Attributes of the account's own.
    Custom(&'a Service, &'a Custom),
    CustomType(&'a CustomType),
    Metric(Metric),
    /// An item of the project, and the columns of its rows where they are known.
    Item(&'a ast::Item, Option<&'a [ColumnFacts]>),
    Column(&'a ColumnFacts),
}

/// What a place says to a reader who points at it.
#[derive(Clone, Debug)]
pub struct Hint<'a> {
    pub span: Span,
    pub subject: Subject<'a>,
}

/// What may be written at a place, in place of the letters that stand there already.
#[derive(Clone, Debug)]
pub struct Completion<'a> {
    pub span: Span,
    pub offers: Vec<Offer<'a>>,
}

#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// As it is written.
    pub label: String,
    /// A few words beside it.
    pub detail: String,
    /// What usually follows, with gaps as in `vocabulary::Word::shape`.
    pub shape: &'static str,
    pub kind: OfferKind,
    pub subject: Option<Subject<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    Word,
    Name,
    Kind,
    Setting,
    Value,
    Field,
    Column,
}

/// Text in place of other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Where a name or word is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Place(Span),
    /// A file, by its path below the project's folder.
    File(String),
}
