//! Columns of models, as far as they can be had while a project is written: an editor asks no database, and waits for none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::ModelColumns;
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::spec::Model;
use crate::load;
use crate::store::Store;
use crate::world::World;

/// Below the project's root: names and types alone, no values.
const KEPT: &str = ".sendoff/columns.json";

#[derive(Default)]
pub struct Columns {
    /// Of files, looked at now.
    pub now: ModelColumns,
    /// Of everything else, as `check --online` saw them the last time.
    pub then: ModelColumns,
    /// The query that each file was looked at with.
    looked: BTreeMap<DatasetName, String>,
}

impl Columns {
    /// Looks at a model's file, once for each way it is to be read.
    pub fn look(&mut self, store: &Store, root: &Path, model: &Model) {
        let query = format!("{:?}", model.query);
        if self.looked.get(&model.name) == Some(&query) {
            return;
        }
        match load::file_columns(store, root, &model.query) {
            Some(columns) => self.now.insert(model.name.clone(), columns),
            None => self.now.remove(&model.name),
        };
        self.looked.insert(model.name.clone(), query);
    }

    /// Files may have changed.
    pub fn forget(&mut self, world: &dyn World, root: &Path) {
        self.looked.clear();
        self.then = kept(world, root);
    }
}

/// Keeps what the sources told. Who cannot write there only has fewer columns to choose from.
pub fn keep(world: &dyn World, root: &Path, columns: &ModelColumns) -> std::io::Result<()> {
    let mut all = kept(world, root);
    all.extend(columns.clone());
    let named = |columns: &Vec<ColumnFacts>| {
        let pairs = columns.iter().map(|column| serde_json::json!([column.name, column.sql_type]));
        serde_json::Value::Array(pairs.collect())
    };
    let told: serde_json::Map<_, _> = all.iter().map(|(model, columns)| (model.0.clone(), named(columns))).collect();
    world.write(&path(root), &format!("{:#}\n", serde_json::Value::Object(told)))
}

fn kept(world: &dyn World, root: &Path) -> ModelColumns {
    let text = world.read(&path(root)).unwrap_or_default();
    let told: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text).unwrap_or_default();
    let columns = |pairs: Vec<(String, String)>| {
        pairs.into_iter().map(|(name, sql_type)| ColumnFacts { name, sql_type }).collect()
    };
    told.into_iter().map(|(model, pairs)| (DatasetName(model), columns(pairs))).collect()
}

fn path(root: &Path) -> PathBuf {
    root.join(KEPT)
}
