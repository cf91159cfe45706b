//! Rows offered to a destination, a page at a time: column by column, so that nothing is allocated for a row.

use std::sync::Arc;

use super::delivery::DeltaRow;
use super::mode::ChangeKind;
use super::value::{Cell, Value, Values};

/// A row offered to the destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    page: Arc<Page>,
    at: usize,
}

/// Rows that were read together. Every column has a value for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub rows: Vec<DeltaRow>,
    pub kinds: Vec<ChangeKind>,
    /// The identifier in use: the first that is not empty.
    pub which: Vec<usize>,
    /// Every field travels, whatever the call would send.
    pub whole: Vec<bool>,
    /// A look-up must come first: the last outcome was unclear and the call says `repeat: {after: CALL}`.
    pub look_first: Vec<bool>,
    /// Which of the mapped fields are owed; empty where every field travels.
    pub owed: Vec<Vec<bool>>,
    pub remote_ids: Values,
    /// One for each mapped identifier, normalised; the empty ones are NULL.
    pub identifiers: Vec<Values>,
    /// One for each mapped field, as the wire wants it.
    pub values: Vec<Values>,
}

/// What a row on its own says.
#[derive(Clone, Debug)]
pub struct Alone {
    pub row: DeltaRow,
    pub kind: ChangeKind,
    pub which: usize,
    pub whole: bool,
    pub look_first: bool,
    pub owed: Vec<bool>,
    pub remote_id: Option<String>,
    pub identifiers: Vec<Option<String>>,
    pub values: Vec<Value>,
}

impl Page {
    /// The rows of the page, in the order of their numbers.
    pub fn offers(self) -> Vec<Offer> {
        let page = Arc::new(self);
        let mut offers: Vec<Offer> = (0..page.rows.len()).map(|at| Offer { page: page.clone(), at }).collect();
        offers.sort_by_key(Offer::row);
        offers
    }
}

impl Offer {
    pub fn alone(alone: Alone) -> Offer {
        let value = |value: Value| Values::Others(vec![value]);
        let text = |text: Option<String>| value(text.map_or(Value::Null, Value::Text));
        let page = Page {
            rows: vec![alone.row],
            kinds: vec![alone.kind],
            which: vec![alone.which],
            whole: vec![alone.whole],
            look_first: vec![alone.look_first],
            owed: vec![alone.owed],
            remote_ids: text(alone.remote_id),
            identifiers: alone.identifiers.into_iter().map(text).collect(),
            values: alone.values.into_iter().map(value).collect(),
        };
        Offer { page: Arc::new(page), at: 0 }
    }

    pub fn row(&self) -> DeltaRow {
        self.page.rows[self.at]
    }

    pub fn kind(&self) -> ChangeKind {
        self.page.kinds[self.at]
    }

    pub fn which(&self) -> usize {
        self.page.which[self.at]
    }

    pub fn whole(&self) -> bool {
        self.page.whole[self.at]
    }

    pub fn look_first(&self) -> bool {
        self.page.look_first[self.at]
    }

    pub fn owes(&self, field: usize) -> bool {
        self.page.owed[self.at].get(field).copied().unwrap_or(false)
    }

    pub fn remote_id(&self) -> Option<&str> {
        self.page.remote_ids.at(self.at).text()
    }

    pub fn identifier(&self, at: usize) -> Option<&str> {
        self.page.identifiers.get(at)?.at(self.at).text()
    }

    pub fn identifiers(&self) -> impl Iterator<Item = Option<&str>> {
        self.page.identifiers.iter().map(|values| values.at(self.at).text())
    }

    /// The identifier in use.
    pub fn identified_by(&self) -> &str {
        self.identifier(self.which()).unwrap_or_default()
    }

    pub fn value(&self, field: usize) -> Cell<'_> {
        self.page.values.get(field).map_or(Cell::Null, |values| values.at(self.at))
    }

    pub fn values(&self) -> impl Iterator<Item = Cell<'_>> {
        self.page.values.iter().map(|values| values.at(self.at))
    }
}
