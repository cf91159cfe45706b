//! What an editor asks of a place in a project: what may be written there, what stands there, where it is defined, and another
//! name for it. Plain functions of a tree and a place: no protocol, no files.

mod complete;
mod hint;
mod names;
mod node;
mod offers;
mod origin;
mod outline;
mod place;
mod settings;
mod test;
mod tokens;

use std::collections::BTreeMap;

use crate::ir::ast::{Activation, File, Item};
use crate::ir::catalog::{Catalog, Destination, Service};
use crate::ir::facts::{ColumnFacts, Facts};
use crate::ir::ident::{DatasetName, KindName};
use crate::ir::span::FileId;

pub use complete::complete;
pub use hint::hint;
pub use names::at as name_at;
pub use names::{Space, rename, uses};
pub use origin::origins;
pub use outline::outline;

pub type ModelColumns = BTreeMap<DatasetName, Vec<ColumnFacts>>;

/// A project as far as it is known while it is written.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub files: &'a [File],
    pub catalog: &'a Catalog,
    pub facts: &'a Facts,
    /// Columns of models: as they are, and as they were when the source was asked.
    pub columns: (&'a ModelColumns, &'a ModelColumns),
}

/// A place in a file: `tree` and `text` are of one and the same moment.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub file: FileId,
    pub tree: &'a File,
    pub text: &'a str,
    pub offset: usize,
}

/// The models that a file's items speak of.
pub fn models(files: &[File], file: FileId) -> Vec<DatasetName> {
    let items = names::items(files).filter(|item| item.span().file == file);
    let mut found: Vec<DatasetName> = items.filter_map(|item| names::model_of(files, item)).collect();
    found.sort();
    found.dedup();
    found
}

/// The model whose columns a place may speak of: for asking its source before anything else is asked.
pub fn model_at(files: &[File], at: At<'_>) -> Option<DatasetName> {
    match item_at(at) {
        Some(item) => names::model_of(files, item),
        None => complete::model_in_text(files, at),
    }
}

fn item_at<'a>(at: At<'a>) -> Option<&'a Item> {
    at.tree.items.iter().rev().find(|item| node::holds(item.span(), at.offset))
}

impl<'a> View<'a> {
    fn kind(&self, destination: &str) -> Option<&'a Destination> {
        match names::defined(self.files, Space::Destinations, destination)? {
            Item::Destination(item) => self.catalog.destinations.get(&KindName(item.kind.value.clone())),
            _ => None,
        }
    }

    fn service(&self, destination: &str, service: Option<&str>) -> Option<(&'a Destination, &'a Service)> {
        let kind = self.kind(destination)?;
        let service = match (service, kind.services.as_slice()) {
            (Some(name), _) => kind.service(name)?,
            (None, [only]) => only,
            (None, _) => return None,
        };
        Some((kind, service))
    }

    fn target(&self, activation: &Activation) -> Option<(&'a Destination, &'a Service)> {
        let to = names::to(activation)?;
        self.service(&to.destination.value, to.service.as_ref().map(|name| name.value.as_str()))
    }

    fn columns_of(&self, item: &Item) -> Option<&'a [ColumnFacts]> {
        self.columns_of_model(&names::model_of(self.files, item)?)
    }

    fn columns_of_model(&self, model: &DatasetName) -> Option<&'a [ColumnFacts]> {
        let (now, then) = self.columns;
        now.get(model).or_else(|| then.get(model)).map(Vec::as_slice)
    }
}
