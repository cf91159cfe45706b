//! `to DESTINATION.SERVICE { ... }`

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use crate::diag::Problems;
use crate::ir::ast::To;
use crate::ir::catalog::{Catalog, Service};
use crate::ir::ident::DestinationName;
use crate::ir::mode::Mode;
use crate::ir::spec::{Connection, Settings};

/// The services of the destinations in use, shared by the activations that write to them.
pub struct Shelf {
    services: BTreeMap<(String, String), Arc<Service>>,
}

impl Shelf {
    pub fn new(catalog: &Catalog, connections: &BTreeMap<DestinationName, Connection>) -> Shelf {
        let used = connections.values().filter_map(|connection| catalog.destinations.get(&connection.kind.kind));
        let services = used.flat_map(|kind| {
            kind.services
                .iter()
                .map(|service| ((kind.kind.0.clone(), service.name.0.clone()), Arc::new(service.clone())))
        });
        Shelf { services: services.collect() }
    }

    fn get(&self, kind: &str, service: &str) -> Option<Arc<Service>> {
        self.services.get(&(kind.to_string(), service.to_string())).cloned()
    }
}

/// Where an activation writes to.
#[derive(Clone)]
pub struct Target<'a> {
    pub connection: &'a Connection,
    pub service: Arc<Service>,
}

impl Target<'_> {
    /// "`crm.contacts`", by the kind, as the documentation names it.
    pub fn title(&self) -> String {
        format!("`{}.{}`", self.connection.kind.kind, self.service.name)
    }
}

/// `None` where the destination or service cannot be made out; a destination that is itself wrong says so at its place.
pub fn resolve<'a>(
    scope: &Scope<'_>,
    to: &To,
    shelf: &Shelf,
    connections: &'a BTreeMap<DestinationName, Connection>,
    problems: &mut Problems,
) -> Option<Target<'a>> {
    let destinations = &scope.names.destinations;
    if !destinations.contains_key(to.destination.value.as_str()) {
        let kinds = scope.inputs.catalog.destinations.keys().map(|kind| kind.as_str());
        problems.push(error::unknown_destination(&to.destination, destinations.keys().copied(), kinds));
        return None;
    }
    if scope.names.disputed.contains(to.destination.value.as_str()) {
        return None;
    }
    let connection = connections.get(&DestinationName(to.destination.value.clone()))?;
    let kind = &connection.kind;
    let service = match &to.service {
        Some(name) => match shelf.get(kind.kind.as_str(), &name.value) {
            Some(service) => service,
            None => {
                problems.push(error::unknown_service(name, kind));
                return None;
            }
        },
        None => match kind.services.as_slice() {
            [only] => shelf.get(kind.kind.as_str(), only.name.as_str())?,
            _ => {
                problems.push(error::missing_service(&to.destination, kind));
                return None;
            }
        },
    };
    Some(Target { connection, service })
}

pub fn options(
    scope: &Scope<'_>,
    to: &To,
    target: &Target<'_>,
    mode: Option<Mode>,
    problems: &mut Problems,
) -> Settings {
    let given = to.settings.as_ref().map_or(&[][..], |block| &block.settings);
    let place = Place::settings(format!("service {}", target.title()), to.span);
    let service = &target.service;
    let declared = Declared { settings: &service.options, one_of: &service.one_of, mode, spared: &[] };
    fill(scope, &place, declared, given, problems)
}
