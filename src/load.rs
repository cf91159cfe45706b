//! Models into tables: each is read once a run, whatever draws on it. DuckDB reads every kind of source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::diag::{Problem, Problems};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::plan::Sql;
use crate::ir::secret::Redactor;
use crate::ir::span::Span;
use crate::ir::spec::{FileFormat, FileOption, Model, Project, Query, Source, SourceKind, Spec};
use crate::ir::written::Written;
use crate::store::{Store, StoreError};

mod attach;
pub mod error;
mod header;

pub use attach::passwords;

/// A model in DuckDB.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    /// The table, quoted.
    pub relation: Sql,
    pub columns: Vec<ColumnFacts>,
}

/// What DuckDB refused, and where that stands, if it says so.
pub struct Refused {
    error: StoreError,
    place: Option<Span>,
    /// What stands there, in its quotes, where it is a text or a quoted name that somebody wrote.
    literal: Option<String>,
}

impl Refused {
    fn by(error: StoreError, statement: &Written) -> Refused {
        let place = error.offset.and_then(|offset| statement.word(offset));
        let literal = error.offset.filter(|_| place.is_some()).and_then(|offset| statement.quoted(offset));
        Refused { place, literal: literal.map(str::to_string), error }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        Refused { error, place: None, literal: None }
    }
}

/// What reading a model found.
struct Read {
    columns: Vec<ColumnFacts>,
    /// Those that the source has. None where nothing was asked for by name.
    of_source: Vec<ColumnFacts>,
}

/// Reads models in two strides, since nothing may be attached once the store is locked down.
pub struct Loader<'a> {
    pub store: &'a Store,
    pub root: &'a Path,
    pub spec: &'a Spec,
    /// A folder of extension files, before the project's own setting.
    pub extensions: Option<PathBuf>,
    /// Takes connection secrets out of what drivers say.
    pub redactor: Redactor,
}

impl Loader<'_> {
    /// Loads extensions and attaches the sources of these models, read-only. Names that could not be had are problems.
    pub fn attach(&self, models: &BTreeSet<DatasetName>) -> Problems {
        let mut problems = Problems::default();
        for source in self.sources(models) {
            if let Err(problem) = attach::attach(self, source) {
                problems.push(problem);
            }
        }
        problems
    }

    fn sources(&self, models: &BTreeSet<DatasetName>) -> Vec<&Source> {
        let named: BTreeSet<&DatasetName> = models
            .iter()
            .filter_map(|model| match &self.spec.models.get(model)?.query {
                Query::Table { source, .. } | Query::Sql { source, .. } => Some(source),
                Query::File { .. } | Query::Given { .. } => None,
            })
            .collect();
        named.into_iter().filter_map(|name| self.spec.sources.get(name)).collect()
    }

    /// Files and folders that the models name: all that SQL may read from here on.
    pub fn files(&self, models: &BTreeSet<DatasetName>) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for model in models.iter().filter_map(|name| self.spec.models.get(name)) {
            let Query::File { path, .. } = &model.query else { continue };
            match first_star(path) {
                Some(star) => folders.push(self.root.join(path[..star].rfind('/').map_or(".", |end| &path[..end]))),
                None => files.push(self.root.join(path)),
            }
        }
        (files, folders)
    }

    /// Reads one model into a table of its own. `needed`: the columns anything names, where that is known.
    pub fn load(&self, model: &Model, needed: Option<&BTreeSet<String>>) -> Result<LoadedModel, Problem> {
        // Once doors are locked DuckDB calls a file that is not there a forbidden one.
        if let Query::File { path, .. } = &model.query
            && first_star(path).is_none()
            && !self.root.join(path).exists()
        {
            return Err(error::missing_file(model));
        }
        let relation = Sql(format!("memory.main.{}", Sql::name(&format!("model_{}", model.name))));
        let told = |refused| match self.misparted(model) {
            Some(delimiter) => error::delimiter(model, delimiter),
            None => error::reading(self, model, &refused),
        };
        let read = self.read(model, &relation, needed).map_err(told)?;
        if let [_] = read.columns.as_slice()
            && let Some(delimiter) = self.misparted(model)
        {
            return Err(error::delimiter(model, delimiter));
        }
        if let Some(needed) = needed
            && let Some((column, written)) =
                self.doubled(model, &read.of_source, needed).map_err(|error| told(error.into()))?
        {
            return Err(error::same_columns(model, &column, &written));
        }
        Ok(LoadedModel { relation, columns: read.columns })
    }

    fn read(&self, model: &Model, relation: &Sql, needed: Option<&BTreeSet<String>>) -> Result<Read, Refused> {
        let home = self.home(model);
        self.store.execute(&format!("USE {home}"))?;
        let result = self.create(model, relation, needed);
        self.store.execute("USE memory")?;
        let of_source = result?;
        Ok(Read { columns: self.store.describe(&format!("SELECT * FROM {relation}"))?, of_source })
    }

    /// Names in `sql` for a database DuckDB itself queries are looked up in that database.
    fn home(&self, model: &Model) -> Sql {
        match &model.query {
            Query::Sql { source, .. } if !self.runs_in_database(source) => attach::alias(source),
            _ => Sql("memory".to_string()),
        }
    }

    fn runs_in_database(&self, source: &DatasetName) -> bool {
        let kind = self.spec.sources.get(source).map(|source| &source.kind);
        matches!(kind, Some(SourceKind::Postgres { .. } | SourceKind::MySql { .. }))
    }

    /// Gives the columns of the source. A look at them costs as much as reading a small file, so one has to do.
    fn create(
        &self,
        model: &Model,
        relation: &Sql,
        needed: Option<&BTreeSet<String>>,
    ) -> Result<Vec<ColumnFacts>, Refused> {
        let query = self.query(model);
        if let Query::Sql { source, text, .. } = &model.query
            && !self.runs_in_database(source)
        {
            header::one_query(self, text)?;
        }
        let there = needed.map_or_else(|| Ok(Vec::new()), |_| self.columns(&query))?;
        let columns = needed.and_then(|needed| narrowed(&there, model, needed)).unwrap_or_else(|| "*".to_string());
        let mut select = Written::from(format!("SELECT {columns} FROM "));
        select.append(&query);
        if let Some(filter) = &model.filter {
            select.push(" WHERE ");
            select.expr(filter);
        }
        let mut create = Written::from(format!("CREATE OR REPLACE {} {relation} AS ", kind(model)));
        create.append(&select);
        self.store.execute(create.text()).map_err(|error| Refused::by(error, &create))?;
        match &model.query {
            Query::Given { .. } => self.rows_are_fit(&select)?,
            Query::Table { .. } | Query::Sql { .. } | Query::File { .. } => {}
        }
        Ok(there)
    }

    fn columns(&self, query: &Written) -> Result<Vec<ColumnFacts>, Refused> {
        let mut select = Written::from("SELECT * FROM ".to_string());
        select.append(query);
        self.store.describe(select.text()).map_err(|error| Refused::by(error, &select))
    }

    /// What a view would say of its rows only when it is read, by then of no place.
    fn rows_are_fit(&self, select: &Written) -> Result<(), Refused> {
        let mut whole = Written::from("SELECT count(hash(given)) FROM (".to_string());
        whole.append(select);
        whole.push(") AS given");
        self.store.row(whole.text()).map(|_| ()).map_err(|error| Refused::by(error, &whole))
    }

    fn query(&self, model: &Model) -> Written {
        match &model.query {
            Query::Table { source, parts, .. } => {
                let parts: Vec<String> = parts.iter().map(|part| Sql::name(part).0).collect();
                format!("{}.{}", attach::alias(source), parts.join(".")).into()
            }
            Query::Sql { source, text, .. } => {
                let text = bare(text);
                let asked = |function: &str| {
                    format!("{function}({}, {})", attach::alias_text(source), Sql::text(text.text())).into()
                };
                match self.spec.sources.get(source).map(|source| &source.kind) {
                    Some(SourceKind::Postgres { .. }) => asked("postgres_query"),
                    Some(SourceKind::MySql { .. }) => asked("mysql_query"),
                    _ => within(&text),
                }
            }
            Query::File { path, format, options, .. } => file(self.root, path, *format, options).into(),
            Query::Given { sql, .. } => within(sql),
        }
    }
}

/// Only the columns that are named somewhere. A name the source lacks is told later, where it stands; then all are read, so that
/// the right one can be suggested.
fn narrowed(there: &[ColumnFacts], model: &Model, needed: &BTreeSet<String>) -> Option<String> {
    let is_there = |name: &String| there.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    if !needed.iter().chain(&model.key).all(is_there) {
        return None;
    }
    let wanted = |name: &str| needed.iter().chain(&model.key).any(|wanted| wanted.eq_ignore_ascii_case(name));
    let named = there.iter().filter(|column| wanted(&column.name)).map(|column| Sql::name(&column.name).0);
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// A query without the white space around it and the `;` that ends it, behind which a comment may stand.
fn bare(query: &Written) -> Written {
    let text = query.text();
    let start = text.len() - text.trim_start().len();
    query.slice(start..query.end(|sign| sign == ";").max(start))
}

/// A query inside another: with a line end of its own, since a comment may be the last of it.
fn within(query: &Written) -> Written {
    let mut whole = Written::from("(".to_string());
    whole.append(query);
    whole.push("\n)");
    whole
}

/// Columns of a file on this machine, found out by a look at its head: for editors. `None` for what has to be asked for.
pub fn file_columns(store: &Store, root: &Path, query: &Query) -> Option<Vec<ColumnFacts>> {
    match query {
        Query::File { path, format, options, .. } if !path.contains("://") => {
            store.describe(&format!("SELECT * FROM {}", file(root, path, *format, options))).ok()
        }
        Query::File { .. } | Query::Table { .. } | Query::Sql { .. } | Query::Given { .. } => None,
    }
}

fn file(root: &Path, path: &str, format: FileFormat, options: &[(String, FileOption)]) -> String {
    let function = match format {
        FileFormat::Csv => "read_csv",
        FileFormat::Parquet => "read_parquet",
        FileFormat::JsonLines => "read_json",
    };
    let path = Sql::text(&root.join(path).to_string_lossy());
    let mut arguments = vec![path.0];
    arguments.extend(options.iter().map(|(name, value)| format!("{} = {}", duckdb_name(name), option(value))));
    format!("{function}({})", arguments.join(", "))
}

/// Options have DuckDB's own names, but for this one, which `COPY` alone spells out.
fn duckdb_name(option: &str) -> &str {
    if option == "delimiter" { "delim" } else { option }
}

/// In a view a NULL without a type stays without one, and fits any function: what a test does not give has no type.
fn kind(model: &Model) -> &'static str {
    match model.query {
        Query::Given { .. } => "VIEW",
        Query::Table { .. } | Query::Sql { .. } | Query::File { .. } => "TABLE",
    }
}

/// Where a path begins to stand for several.
fn first_star(path: &str) -> Option<usize> {
    path.find(['*', '?', '['])
}

fn option(value: &FileOption) -> String {
    match value {
        FileOption::Text(text) => Sql::text(text).0,
        FileOption::Number(number) => number.clone(),
        FileOption::Bool(value) => value.to_string(),
        FileOption::List(items) => {
            let items: Vec<String> = items.iter().map(|item| Sql::text(item).0).collect();
            format!("[{}]", items.join(", "))
        }
        FileOption::Types(types) => {
            let types: Vec<String> =
                types.iter().map(|(name, sql_type)| format!("{}: {}", Sql::text(name), Sql::text(sql_type))).collect();
            format!("{{{}}}", types.join(", "))
        }
    }
}

/// The folder extensions are looked for in, where one is set.
fn extension_folder(project: &Project, root: &Path, given: Option<&PathBuf>) -> Option<PathBuf> {
    given.cloned().or_else(|| project.extension_directory.as_ref().map(|folder| root.join(folder)))
}

/// Models by name, with the columns they turned out to have.
pub type LoadedModels = BTreeMap<DatasetName, LoadedModel>;
