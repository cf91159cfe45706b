//! Where ledgers lie, what a run is called, where requests go, what must never show.

use std::path::{Path, PathBuf};

use crate::engine::{Options, Sandboxed};
use crate::ir::secret::{Redactor, Secret};
use crate::ir::spec::{Connection, SourceKind, Spec};
use crate::load::passwords;
use crate::world::{World, sandboxed};

/// Ledgers of every environment are their own, and so are those of each sandbox.
pub fn ledger_folder(root: &Path, spec: &Spec, options: &Options) -> PathBuf {
    // Here, paths are told as they would be typed.
    let root = if root == Path::new(".") { Path::new("") } else { root };
    let folder = root.join(&spec.project.ledger);
    match &options.sandbox {
        None => folder,
        Some(Sandboxed::InProcess) => folder.join("sandbox"),
        Some(Sandboxed::At(url)) => folder.join(format!("sandbox-{}", place(url))),
    }
}

/// `http://127.0.0.1:4010` as part of a folder's name: `127.0.0.1-4010`.
fn place(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.trim_matches('/').replace(|letter: char| !letter.is_alphanumeric() && letter != '.', "-")
}

/// Every secret of the project, so that none of them shows, wherever it may be echoed.
pub fn redactor(spec: &Spec) -> Redactor {
    let settings = spec.connections.values().flat_map(|connection| connection.settings.secrets());
    let options = spec.activations.iter().flat_map(|activation| activation.options.secrets());
    let sources = spec.sources.values().filter_map(|source| match &source.kind {
        SourceKind::Postgres { url } | SourceKind::MySql { url } => Some(url),
        SourceKind::DuckDb { .. } | SourceKind::Sqlite { .. } => None,
    });
    let whole: Vec<_> = settings.chain(options).chain(sources.clone()).chain(&spec.project.notify).cloned().collect();
    let passwords = sources.flat_map(|url| passwords(url.reveal())).map(Secret::new);
    Redactor::new(whole.into_iter().chain(passwords))
}

pub fn run_id(world: &dyn World) -> String {
    let second = world.now().strftime("%Y%m%dT%H%M%S");
    format!("{second}-{:04x}", world.random() & 0xffff)
}

pub fn duck_time(world: &dyn World) -> String {
    world.now().strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// Where the requests of a connection go, when that is not what its definition says.
pub fn base_url(connection: &Connection, sandbox: Option<&Sandboxed>) -> Option<String> {
    let kind = connection.kind.kind.as_str();
    match sandbox {
        Some(Sandboxed::InProcess) => Some(sandboxed::base_url(None, kind)),
        Some(Sandboxed::At(url)) => Some(sandboxed::base_url(Some(url), kind)),
        None => connection.base_url.clone(),
    }
}
