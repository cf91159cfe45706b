//! Destinations: settings filled in as their definition declares them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error;
use super::project::text;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use crate::diag::Problems;
use crate::ir::ast;
use crate::ir::catalog::{Destination, Template};
use crate::ir::ident::{DestinationName, KindName};
use crate::ir::spec::Connection;
use crate::ir::vocabulary::{BASE_URL, destination_settings};

pub fn resolve_all(scope: &Scope<'_>, problems: &mut Problems) -> BTreeMap<DestinationName, Connection> {
    let mut kinds: BTreeMap<KindName, Arc<Destination>> = BTreeMap::new();
    let mut connections = BTreeMap::new();
    for written in scope.names.destinations.values() {
        let Some(kind) = kind(scope, written, &mut kinds, problems) else { continue };
        let is_needed = scope.needed.destination(&written.name.value);
        let connection = scope.reading(is_needed, || resolve(scope, written, kind, problems));
        connections.insert(connection.name.clone(), connection);
    }
    connections
}

fn kind(
    scope: &Scope<'_>,
    written: &ast::Connection,
    kinds: &mut BTreeMap<KindName, Arc<Destination>>,
    problems: &mut Problems,
) -> Option<Arc<Destination>> {
    let name = KindName(written.kind.value.clone());
    if let Some(kind) = kinds.get(&name) {
        return Some(kind.clone());
    }
    let known = &scope.inputs.catalog.destinations;
    let Some(definition) = known.get(&name) else {
        problems.push(error::unknown_destination_kind(&written.kind, known.keys().map(KindName::as_str)));
        return None;
    };
    let kind = Arc::new(definition.clone());
    kinds.insert(name, kind.clone());
    Some(kind)
}

fn resolve(
    scope: &Scope<'_>,
    written: &ast::Connection,
    kind: Arc<Destination>,
    problems: &mut Problems,
) -> Connection {
    let place = Place::settings(format!("destination kind `{}`", kind.kind), written.name.span);
    let known = destination_settings(&kind);
    let has_base_url = written.settings.iter().any(|setting| setting.key.value == BASE_URL);
    let spared = if has_base_url { only_for_base_url(&kind) } else { Vec::new() };
    let spared: Vec<&str> = spared.iter().map(String::as_str).collect();
    let declared = Declared { settings: &known, one_of: &kind.one_of, mode: None, spared: &spared };
    let mut settings = fill(scope, &place, declared, &written.settings, problems);
    let base_url = text(&settings, BASE_URL);
    settings.0.remove(BASE_URL);
    Connection { name: DestinationName(written.name.value.clone()), span: written.span, kind, settings, base_url }
}

/// Settings that nothing but the definition's own base URL reads. Looked for in the definition's text as a whole: which of
/// its many templates would name one does not matter.
fn only_for_base_url(kind: &Destination) -> Vec<String> {
    let elsewhere = Destination { base_url: Template(String::new()), settings: Vec::new(), ..kind.clone() };
    let elsewhere = format!("{elsewhere:?}");
    let named = |name: &&String| {
        let path = format!("setting.{name}");
        kind.base_url.0.contains(&path) && !elsewhere.contains(&path)
    };
    kind.settings.iter().map(|setting| &setting.name).filter(named).cloned().collect()
}
