//! Destinations as data: YAML definitions, the product's and a project's own, read into `ir::catalog`. The one home of
//! serde_yaml. Pure: it is handed text.
//!
//! A definition is a folder named after the destination with a `connection.yaml` and one file for each service
//! (`docs/destination-format.md`). A file of the same folder and name that comes later takes the place of an earlier one, so a
//! project may add services to a built-in destination or replace any of its files.

mod answer;
mod call;
mod connection;
mod field;
mod inherit;
mod names;
mod node;
mod readback;
mod reader;
mod route;
mod sense;
mod service;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use self::connection::{Connection, connection};
use self::inherit::{CONNECTION, Home, Written};
use self::node::Node;
use self::reader::Reader;
pub use self::reader::Vocabulary;
use crate::diag::{Problem, Problems};
use crate::ir::catalog::{Catalog, Destination};
use crate::ir::ident::{CallName, KindName};
use crate::ir::span::{FileId, Span};

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// One YAML file. The last folder of its path is the destination, its stem the service or `connection`.
#[derive(Clone, Debug)]
pub struct DefinitionFile {
    pub file: FileId,
    pub path: String,
    pub text: String,
}

/// The product's own definitions: path (`destinations/KIND/SERVICE.yaml`) and text.
pub fn builtin() -> Vec<(&'static str, &'static str)> {
    BUILTIN.to_vec()
}

/// The product's destinations, read once in a process.
pub fn product() -> &'static Catalog {
    static PRODUCT: LazyLock<Catalog> = LazyLock::new(|| {
        let files = builtin().into_iter().enumerate().map(|(number, (path, text))| DefinitionFile {
            file: FileId(number as u32),
            path: path.into(),
            text: text.into(),
        });
        // Nothing is told of these files, since the product's tests prove them: no place in their text is looked for.
        gather(&Reader::new(BTreeMap::new()), &files.collect::<Vec<_>>())
    });
    &PRODUCT
}

/// The product's destinations with a project's own beside them. Those of the product that these change or may inherit from are
/// read again, as files that `add` makes known.
pub fn with_own(own: &[DefinitionFile], add: &mut dyn FnMut(&str, &str) -> FileId) -> (Catalog, Problems) {
    let mut catalog = product().clone();
    let concerned = builtin().into_iter().filter(|(path, _)| own.iter().any(|file| concerns(file, path)));
    let mut files: Vec<DefinitionFile> = concerned
        .map(|(path, text)| DefinitionFile { file: add(path, text), path: path.into(), text: text.into() })
        .collect();
    files.extend_from_slice(own);
    let (read, problems) = read(&files);
    catalog.destinations.extend(read.destinations);
    (catalog, problems)
}

/// Whether a file may have to do with the destination of a built-in one: it is of its kind, or speaks of it.
fn concerns(file: &DefinitionFile, builtin: &str) -> bool {
    let kind = builtin.split('/').rev().nth(1).unwrap_or_default();
    file.path.split(['/', '\\']).rev().nth(1) == Some(kind) || file.text.contains(&format!("{kind}."))
}

/// Reads definitions. Destinations with problems are in the catalog as far as they could be read, so that a pipeline is
/// still checked against them.
pub fn read(files: &[DefinitionFile]) -> (Catalog, Problems) {
    let reader = Reader::new(texts(files));
    let catalog = gather(&reader, files);
    (catalog, finished(reader))
}

/// Every key and word that reading these files asked for.
pub fn vocabulary(files: &[DefinitionFile]) -> Vocabulary {
    let reader = Reader::noting(texts(files));
    gather(&reader, files);
    reader.vocabulary()
}

fn texts(files: &[DefinitionFile]) -> BTreeMap<FileId, &str> {
    files.iter().map(|file| (file.file, file.text.as_str())).collect()
}

fn gather(reader: &Reader<'_>, files: &[DefinitionFile]) -> Catalog {
    // A later file takes the place of an earlier one.
    let latest: BTreeMap<Home, &DefinitionFile> =
        files.iter().filter_map(|file| Some((home(reader, file)?, file))).collect();
    report_orphans(reader, &latest);
    let documents = documents(reader, latest);
    let mut written = Written::default();
    for (home, document) in &documents {
        let calls = document.node.get("calls").map(|node| reader.entries(node)).unwrap_or_default();
        written.calls.insert(home.clone(), calls.iter().map(|(name, node)| (name.as_str(), node)).collect());
    }
    let mut catalog = Catalog::default();
    for (home, document) in documents.iter().filter(|(home, _)| home.1 == CONNECTION) {
        let kind = KindName(home.0.clone());
        if let Some(destination) = destination(reader, &kind, document, &documents, &written) {
            catalog.destinations.insert(kind, destination);
        }
    }
    catalog
}

struct Document<'f> {
    file: &'f DefinitionFile,
    node: Node,
}

/// The files that parse, by destination and name.
fn documents<'f>(reader: &Reader<'_>, latest: BTreeMap<Home, &'f DefinitionFile>) -> BTreeMap<Home, Document<'f>> {
    let mut documents = BTreeMap::new();
    for (home, file) in latest {
        match node::parse(file.file, &file.text) {
            Ok(node) => {
                documents.insert(home, Document { file, node });
            }
            Err(broken) => {
                let message = format!("this is not YAML: {}", broken.message);
                reader.push(Problem::error("catalog::yaml", message).at(broken.span));
            }
        }
    }
    documents
}

fn home(reader: &Reader<'_>, file: &DefinitionFile) -> Option<Home> {
    let parts: Vec<&str> = file.path.split(['/', '\\']).collect();
    let name = |text: &str| {
        let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        (plain && text.starts_with(|c: char| c.is_ascii_lowercase())).then(|| text.to_string())
    };
    let found = match parts.as_slice() {
        ["destinations", _] => None,
        [.., kind, file] => file.strip_suffix(".yaml").and_then(|stem| Some((name(kind)?, name(stem)?))),
        _ => None,
    };
    if found.is_none() {
        let message = format!("`{}` is not the path of a definition", file.path);
        let help = "definitions are `DESTINATION/connection.yaml` and `DESTINATION/SERVICE.yaml`, in lower case";
        reader.push(Problem::error("catalog::file", message).at(Span::new(file.file, 0, 0)).help(help));
    }
    found
}

fn destination(
    reader: &Reader<'_>,
    kind: &KindName,
    document: &Document<'_>,
    documents: &BTreeMap<Home, Document<'_>>,
    written: &Written<'_>,
) -> Option<Destination> {
    let shared = connection(reader, &document.node)?;
    let own = documents.iter().filter(|(home, _)| home.0 == kind.as_str() && home.1 != CONNECTION);
    let services = own.filter_map(|(home, document)| {
        service::service(reader, home, &document.file.path, &document.node, &shared, written)
    });
    let services = services.collect();
    let account = shared_call(reader, kind, &shared.account, written);
    let test = shared_call(reader, kind, &shared.test, written);
    Some(resolved(kind, &document.file.path, shared, services, (account, test)))
}

fn resolved(
    kind: &KindName,
    origin: &str,
    shared: Connection<'_>,
    services: Vec<crate::ir::catalog::Service>,
    (account, test): (Option<CallName>, Option<CallName>),
) -> Destination {
    Destination {
        kind: kind.clone(),
        title: shared.title,
        about: shared.about,
        origin: origin.to_string(),
        settings: shared.settings,
        one_of: shared.one_of,
        base_url: shared.base_url,
        headers: shared.headers,
        token: shared.token,
        limits: shared.limits,
        answer: shared.answer,
        account,
        services,
        unverified: shared.unverified,
        test,
    }
}

/// `account` and `test` name calls of the connection, since they belong to no service.
fn shared_call(reader: &Reader<'_>, kind: &KindName, node: &Option<&Node>, written: &Written<'_>) -> Option<CallName> {
    let home = (kind.0.clone(), CONNECTION.to_string());
    let calls = written.calls.get(&home).into_iter().flatten().map(|(name, _)| *name);
    node.and_then(|node| reader.name(node, "call of the connection", calls)).map(CallName)
}

fn report_orphans(reader: &Reader<'_>, latest: &BTreeMap<Home, &DefinitionFile>) {
    for (home, file) in latest {
        if !latest.contains_key(&(home.0.clone(), CONNECTION.to_string())) {
            let message = format!("the destination `{}` has no `connection.yaml`", home.0);
            let help = format!("it stands beside this file, `destinations/{}/connection.yaml`", home.0);
            reader.push(Problem::error("catalog::file", message).at(Span::new(file.file, 0, 0)).help(help));
        }
    }
}

/// In the order of the places, each once: a call that several services use is read for each of them.
fn finished(reader: Reader<'_>) -> Problems {
    let mut problems = reader.problems.into_inner();
    problems.sort();
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems.0 {
        if !kept.contains(&problem) {
            kept.push(problem);
        }
    }
    Problems(kept)
}
