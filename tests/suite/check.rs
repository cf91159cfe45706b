//! `tests/golden/check/<case>/`: files of a project (`*.sendoff`, `*.sql`, `destinations/`, `manifest.json`), with `base.sendoff`
//! of the folder above -> `expected`: the problems as drawn, or else the project as meant, in short.
//!
//! A case may add `env` (lines `NAME=VALUE`), `options` (`--no-env`, `--only NAME`, `--env NAME`, `--var NAME=VALUE`) and `columns` (lines
//! `model: name TYPE, ...`, as a source would tell them). A file `alone` leaves `base.sendoff` out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sendoff::catalog::{self, DefinitionFile};
use sendoff::check::{Inputs, Unset, check, expressions, query_paths};
use sendoff::diag::{Drawing, Problems, Sources, draw};
use sendoff::inspect::Learnt;
use sendoff::ir::ast::File;
use sendoff::ir::catalog::Catalog;
use sendoff::ir::facts::ColumnFacts;
use sendoff::ir::ident::DatasetName;
use sendoff::ir::span::Span;
use sendoff::ir::written::Written;
use sendoff::parse::parse;
use sendoff::store::{Store, StoreOptions};

use crate::common::difference;

#[path = "check/summary.rs"]
mod summary;

/// What `base.sendoff` needs.
const BASE_ENV: [&str; 3] = ["BATCH_KEY", "PARCEL_TOKEN", "DEPOT_TOKEN"];

const DRAWING: Drawing = Drawing { color: false, width: 110 };

#[test]
fn check_golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/check");
    let store = Store::open(&StoreOptions::default()).expect("DuckDB opens");
    let cases = folders(&folder);
    assert!(cases.len() >= 45, "only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(|case| compare(&folder, case, &store)).collect();
    assert!(wrong.is_empty(), "{} of {} cases differ\n\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn compare(folder: &Path, case: &Path, store: &Store) -> Option<String> {
    let found = Case::read(folder, case).outcome(store);
    let path = case.join("expected");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).expect("the folder can be written");
        return None;
    }
    let wanted = text(&path).unwrap_or_default();
    (found != wanted).then(|| format!("--- {}\n{}", case.display(), difference(&wanted, &found)))
}

/// A case as read from its folder.
struct Case {
    sources: Sources,
    files: Vec<File>,
    parsing: Problems,
    catalog: Catalog,
    folder: PathBuf,
    query_files: BTreeMap<String, Result<Written, String>>,
    env: BTreeMap<String, String>,
    options: Options,
    columns: Option<BTreeMap<DatasetName, Vec<ColumnFacts>>>,
}

#[derive(Default)]
struct Options {
    unset: Unset,
    only: Option<String>,
    environment: Option<String>,
    vars: BTreeMap<String, String>,
}

impl Case {
    fn read(base: &Path, folder: &Path) -> Case {
        let mut sources = Sources::default();
        let mut paths = with_extension(folder, "sendoff");
        if !folder.join("alone").exists() {
            paths.push(base.join("base.sendoff"));
        }
        let (mut files, mut parsing) = (Vec::new(), Problems::default());
        for path in paths {
            let written = text(&path).unwrap_or_default();
            let id = sources.add(name(&path), &written);
            let (file, problems) = parse(id, &written);
            files.push(file);
            parsing.extend(problems);
        }
        let catalog = definitions(folder, &mut sources, &mut parsing);
        let query_files = query_paths(&files).into_iter().map(|(path, _)| {
            let written = |text: String| {
                let file = sources.add(path.clone(), text.clone());
                Written::from((text.as_str(), Span::new(file, 0, text.len())))
            };
            let read = text(&folder.join(&path)).map(written).ok_or_else(|| "there is no such file".to_string());
            (path, read)
        });
        let query_files = query_files.collect();
        let mut env: BTreeMap<String, String> =
            BASE_ENV.map(|name| (name.to_string(), "a-key".to_string())).into_iter().collect();
        env.extend(lines(folder, "env").iter().filter_map(|line| pair(line, '=')));
        let (options, columns) = (options(folder), columns(folder));
        Case { sources, files, parsing, catalog, folder: folder.to_path_buf(), query_files, env, options, columns }
    }

    fn outcome(&self, store: &Store) -> String {
        let mut learnt = Learnt::default();
        learnt.read(store, &expressions(&self.files)).expect("DuckDB answers");
        let manifest = text(&self.folder.join("manifest.json"));
        let env = |name: &str| self.env.get(name).cloned();
        let inputs = Inputs {
            files: &self.files,
            catalog: &self.catalog,
            facts: &learnt.facts,
            env: &env,
            vars: &self.options.vars,
            only: self.options.only.as_deref(),
            environment: self.options.environment.as_deref(),
            unset: self.options.unset,
            sandbox: false,
            query_files: &self.query_files,
            dbt_manifest: manifest.as_deref().map(Ok),
            columns: self.columns.as_ref(),
        };
        let (spec, checking) = check(&inputs);
        let mut problems = self.parsing.clone();
        problems.extend(checking);
        let drawn = drawn(&problems, &self.sources);
        match spec {
            Some(spec) => format!("{drawn}{}", summary::summary(&spec)),
            None => drawn,
        }
    }
}

fn drawn(problems: &Problems, sources: &Sources) -> String {
    let drawn: Vec<String> = problems.0.iter().map(|problem| draw(problem, sources, DRAWING)).collect();
    drawn.join("\n").lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The product's definitions, those of the made-up vendors, and the case's own.
fn definitions(folder: &Path, sources: &mut Sources, problems: &mut Problems) -> Catalog {
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors");
    let own = [vendors, folder.join("destinations")];
    let kinds = own.iter().filter(|root| root.exists()).flat_map(|root| folders(root));
    let files = kinds.flat_map(|kind| with_extension(&kind, "yaml")).map(|path| {
        let kind = path.parent().map(name).unwrap_or_default();
        let (path, text) = (format!("destinations/{kind}/{}", name(&path)), text(&path).unwrap_or_default());
        DefinitionFile { file: sources.add(path.clone(), text.clone()), path, text }
    });
    let files: Vec<DefinitionFile> = files.collect();
    let (catalog, found) = catalog::with_own(&files, &mut |path, text| sources.add(path, text));
    problems.extend(found);
    catalog
}

fn options(folder: &Path) -> Options {
    let mut options = Options::default();
    for line in lines(folder, "options") {
        match line.split_once(' ') {
            None if line == "--no-env" => options.unset = Unset::Anything,
            None => {}
            Some(("--only", name)) => options.only = Some(name.to_string()),
            Some(("--env", name)) => options.environment = Some(name.to_string()),
            Some((_, var)) => options.vars.extend(pair(var, '=')),
        }
    }
    options
}

fn columns(folder: &Path) -> Option<BTreeMap<DatasetName, Vec<ColumnFacts>>> {
    let lines = lines(folder, "columns");
    let models = lines.iter().filter_map(|line| pair(line, ':')).map(|(model, columns)| {
        let columns = columns.split(", ").filter_map(|column| pair(column.trim(), ' '));
        (DatasetName(model), columns.map(|(name, sql_type)| ColumnFacts { name, sql_type }).collect())
    });
    if lines.is_empty() { None } else { Some(models.collect()) }
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn lines(folder: &Path, file: &str) -> Vec<String> {
    text(&folder.join(file)).unwrap_or_default().lines().map(str::to_string).collect()
}

fn pair(line: &str, between: char) -> Option<(String, String)> {
    line.split_once(between).map(|(name, value)| (name.to_string(), value.to_string()))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn with_extension(folder: &Path, extension: &str) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}
