use std::fs;
use std::path::Path;

use sendoff::catalog::{DefinitionFile, builtin, read};
use sendoff::diag::{Drawing, Problems, Sources, draw};
use sendoff::ir::catalog::Catalog;

const DRAWING: Drawing = Drawing { color: false, width: 110 };

fn read_all(files: &[(String, String)]) -> (Catalog, Problems, Sources) {
    let mut sources = Sources::default();
    let mut definitions = Vec::new();
    for (path, text) in files {
        let file = sources.add(path.clone(), text.clone());
        definitions.push(DefinitionFile { file, path: path.clone(), text: text.clone() });
    }
    let (catalog, problems) = read(&definitions);
    (catalog, problems, sources)
}

fn drawn(problems: &Problems, sources: &Sources) -> String {
    problems.0.iter().map(|problem| draw(problem, sources, DRAWING)).collect()
}

fn builtins() -> Vec<(String, String)> {
    builtin().into_iter().map(|(path, text)| (path.to_string(), text.to_string())).collect()
}

/// The definitions of a folder `tests/vendors/KIND`.
fn vendor(kind: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors").join(kind);
    let mut files: Vec<_> = fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let named = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files
        .iter()
        .map(|file| (format!("destinations/{kind}/{}", named(file)), fs::read_to_string(file).expect("it can be read")))
        .collect()
}

#[test]
fn built_in_definitions_have_no_problems() {
    let (catalog, problems, sources) = read_all(&builtins());
    assert!(problems.is_empty(), "{}", drawn(&problems, &sources));
    assert!(!catalog.destinations.is_empty());
}

#[test]
fn the_made_up_vendor_has_no_problems() {
    let (catalog, problems, sources) = read_all(&vendor("parcel"));
    assert!(problems.is_empty(), "{}", drawn(&problems, &sources));
    let services: usize = catalog.destinations.values().map(|destination| destination.services.len()).sum();
    assert_eq!(services, 3);
}
