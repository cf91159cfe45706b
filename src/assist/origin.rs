//! Where what stands at a place is defined.

use super::node::{self, Node};
use super::{At, Space, View, names, test};
use crate::ir::assist::Origin;
use crate::ir::ast::{Item, Name};
use crate::ir::ident::KindName;

pub fn origins(view: &View<'_>, at: At<'_>) -> Vec<Origin> {
    let Some((_, node)) = node::at(at.tree, at.offset) else { return Vec::new() };
    let item = |space, name: &Name| {
        let item = names::defined(view.files, space, &name.value);
        item.and_then(names::item_name).map(|name| Origin::Place(name.span)).into_iter().collect()
    };
    match node {
        Node::Defined(_, name) => vec![Origin::Place(name.span)],
        Node::Dataset(name) | Node::Source(name) => item(Space::Datasets, name),
        Node::Destination(name) => item(Space::Destinations, name),
        Node::After(name) => item(Space::Activations, name),
        Node::Variable(name) => variables(view, &name.value),
        Node::Path(path) => vec![Origin::File(path.value.clone())],
        Node::DestinationKind(name) => {
            let kind = view.catalog.destinations.get(&KindName(name.value.clone()));
            kind.map(|kind| Origin::File(kind.origin.clone())).into_iter().collect()
        }
        Node::Service(activation) => {
            view.target(activation).map(|(_, service)| Origin::File(service.origin.clone())).into_iter().collect()
        }
        Node::Expected(tested, path) => {
            let mapping = test::mapping(view, &tested.of.value, path).map(|(.., mapping)| mapping);
            mapping
                .map(|mapping| Origin::Place(mapping.target.as_ref().map_or(mapping.expr.span, |path| path.span)))
                .into_iter()
                .collect()
        }
        Node::SourceKind
        | Node::Given(..)
        | Node::Mode(..)
        | Node::Metric(_)
        | Node::Setting(..)
        | Node::Target(..)
        | Node::Expr(..)
        | Node::Column(..) => Vec::new(),
    }
}

/// Every environment may have its own.
fn variables(view: &View<'_>, name: &str) -> Vec<Origin> {
    let environments = names::items(view.files).filter_map(|item| match item {
        Item::Environment(environment) => Some(environment),
        _ => None,
    });
    let settings = environments.flat_map(|environment| &environment.settings);
    let named = settings.filter(|setting| setting.key.value == name);
    named.map(|setting| Origin::Place(setting.key.span)).collect()
}
