//! The door to DuckDB: reader, difference engine and state. Home of the `duckdb` package.
//!
//! Stages hand in SQL text and get values back; no type of the package leaves this module.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use duckdb::{Config, Connection};

use crate::ir::facts::ColumnFacts;
use crate::ir::plan::Sql;
use crate::ir::value::{Value, Values};

mod column;
mod columns;
pub mod error;
pub mod ledger;
mod plain;
mod value;

pub use column::Column;
pub use error::{StoreError, StoreErrorKind};
pub use plain::{Said, candidates, plain, short_of_arguments};

/// One in-process DuckDB: scratch tables in memory (spilled to `temp`), ledgers and sources attached.
pub struct Store {
    connection: Connection,
    /// What it may take, once that is known: asked for, or told before it was lowered.
    memory_limit: OnceLock<String>,
}

/// How much DuckDB may take, and where it finds things.
#[derive(Clone, Debug, Default)]
pub struct StoreOptions {
    /// DuckDB's spelling: `4GB`. Its own default is 80 % of the machine's memory.
    pub memory_limit: Option<String>,
    pub threads: Option<u32>,
    /// Where it spills to.
    pub temp: Option<PathBuf>,
}

impl Store {
    pub fn open(options: &StoreOptions) -> Result<Store, StoreError> {
        let mut config = Config::default()
            .with("autoinstall_known_extensions", "false")?
            .with("autoload_known_extensions", "false")?
            .with("preserve_insertion_order", "false")?;
        if let Some(limit) = &options.memory_limit {
            config = config.max_memory(limit)?;
        }
        if let Some(threads) = options.threads {
            config = config.threads(i64::from(threads))?;
        }
        if let Some(temp) = &options.temp {
            config = config.with("temp_directory", temp.to_string_lossy())?;
        }
        let connection = Connection::open_in_memory_with_flags(config)?;
        let memory_limit = options.memory_limit.clone().map(OnceLock::from).unwrap_or_default();
        let store = Store { connection, memory_limit };
        // icu needs no autoload: the official library has it built in.
        store.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL errors_as_json = true")?;
        Ok(store)
    }

    /// Another connection to the same database, for another thread.
    pub fn second(&self) -> Result<Store, StoreError> {
        Ok(Store { connection: self.connection.try_clone()?, memory_limit: self.memory_limit.clone() })
    }

    /// Runs one or more statements.
    pub fn execute(&self, sql: &str) -> Result<(), StoreError> {
        tracing::trace!(sql, "duckdb");
        self.execute_unlogged(sql)
    }

    /// The same for a text with a secret in it.
    pub fn execute_unlogged(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|error| StoreError::from(error).in_bytes(sql))
    }

    /// Runs statements as one transaction: all of them, or none.
    pub fn transaction(&self, statements: &[String]) -> Result<(), StoreError> {
        self.execute("BEGIN")?;
        for statement in statements {
            if let Err(error) = self.execute(statement) {
                self.execute("ROLLBACK")?;
                return Err(error);
            }
        }
        self.execute("COMMIT")
    }

    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        tracing::trace!(sql, "duckdb");
        self.fetched(sql).map_err(|error| error.in_bytes(sql))
    }

    fn fetched(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let width = rows.as_ref().map_or(0, |statement| statement.column_count());
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(value::row(row, width)?);
        }
        Ok(all)
    }

    /// The result of a query, column by column: rows on their way out pass here by the million.
    pub fn columns(&self, sql: &str) -> Result<Vec<Values>, StoreError> {
        tracing::trace!(sql, "duckdb");
        let mut statement = self.connection.prepare(sql)?;
        let found = statement.query_arrow([])?;
        let schema = found.get_schema();
        let pieces: Vec<_> = found.collect();
        let rows = pieces.iter().map(|piece| piece.num_rows()).sum();
        let empty = schema.fields().iter().map(|field| columns::empty(field.data_type(), rows));
        let Some(mut all) = empty.collect::<Option<Vec<Values>>>() else {
            return Ok(transposed(schema.fields().len(), self.rows(sql)?));
        };
        for piece in pieces {
            all.iter_mut().zip(piece.columns()).for_each(|(values, piece)| columns::add(values, piece));
        }
        Ok(all)
    }

    /// The first row of a query that gives one.
    pub fn row(&self, sql: &str) -> Result<Vec<Value>, StoreError> {
        Ok(self.rows(sql)?.into_iter().next().unwrap_or_default())
    }

    /// A count, or any other whole number; 0 where there is none.
    pub fn number(&self, sql: &str) -> Result<u64, StoreError> {
        match self.row(sql)?.into_iter().next() {
            Some(Value::Int(number)) => Ok(u64::try_from(number).unwrap_or_default()),
            _ => Ok(0),
        }
    }

    /// Columns and types of a query, without running it.
    pub fn describe(&self, query: &str) -> Result<Vec<ColumnFacts>, StoreError> {
        const BEFORE: &str = "DESCRIBE ";
        let rows = self.rows(&format!("{BEFORE}{query}")).map_err(|error| StoreError {
            offset: error.offset.and_then(|offset| offset.checked_sub(BEFORE.len())),
            ..error
        })?;
        Ok(rows
            .into_iter()
            .filter_map(|row| match row.as_slice() {
                [Value::Text(name), Value::Text(sql_type), ..] => {
                    Some(ColumnFacts { name: name.clone(), sql_type: sql_type.clone() })
                }
                _ => None,
            })
            .collect())
    }

    /// Adds rows to a table of an attached database: all its columns, in their order.
    pub fn append(&self, database: &str, table: &str, columns: Vec<Column<'_>>) -> Result<(), StoreError> {
        let mut appender = self.connection.appender_to_catalog_and_db(table, database, "main")?;
        appender.append_record_batch(column::batch(columns)?)?;
        Ok(appender.flush()?)
    }

    /// From here on no SQL reaches a file that was not named before: a mapping must not read the machine's files.
    pub fn lock_down(&self, files: &[PathBuf], folders: &[PathBuf]) -> Result<(), StoreError> {
        let list = |paths: &[PathBuf]| {
            let texts: Vec<String> = paths.iter().map(|path| Sql::text(&path.to_string_lossy()).0).collect();
            format!("[{}]", texts.join(", "))
        };
        self.execute(&format!(
            "SET allowed_paths = {}; SET allowed_directories = {}; SET enable_external_access = false; \
             SET allowed_configs = ['memory_limit']; SET lock_configuration = true",
            list(files),
            list(folders)
        ))
    }

    /// Gives back all memory but what tables hold there and `spare` bytes, and takes no more until [`Store::regain`].
    pub fn shrink(&self, spare: u64) -> Result<(), StoreError> {
        let held = "SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'";
        let most = "SELECT CAST(parse_formatted_bytes(current_setting('memory_limit')) AS BIGINT)";
        let limit = self.number(held)?.saturating_add(spare).min(self.number(most)?);
        if let [Value::Text(now)] = &*self.row("SELECT current_setting('memory_limit')")? {
            self.memory_limit.get_or_init(|| now.clone());
        }
        self.execute(&format!("SET GLOBAL memory_limit = '{limit} bytes'"))
    }

    /// Takes again what it may. RESET would show the old limit and keep the new one.
    pub fn regain(&self) -> Result<(), StoreError> {
        let Some(limit) = self.memory_limit.get() else { return Ok(()) };
        self.execute(&format!("SET GLOBAL memory_limit = {}", Sql::text(limit)))
    }

    /// What does not fit into what was left to it is done again with all the memory there may be.
    pub fn roomy<T>(&self, work: impl Fn(&Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match work(self) {
            Err(error) if error.kind == StoreErrorKind::OutOfMemory => {
                self.regain()?;
                work(self)
            }
            done => done,
        }
    }

    pub fn attach(&self, path: &Path, alias: &str, read_only: bool) -> Result<(), StoreError> {
        let options = if read_only { " (READ_ONLY)" } else { "" };
        self.execute(&format!("ATTACH {} AS {}{options}", Sql::text(&path.to_string_lossy()), Sql::name(alias)))
    }

    pub fn detach(&self, alias: &str) -> Result<(), StoreError> {
        self.execute(&format!("DETACH {}", Sql::name(alias)))
    }
}

fn transposed(width: usize, rows: Vec<Vec<Value>>) -> Vec<Values> {
    let mut columns = vec![Vec::with_capacity(rows.len()); width];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    columns.into_iter().map(Values::Others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_given_up_for_a_while_comes_back() {
        let store = Store::open(&StoreOptions::default()).expect("it opens");
        let fill =
            |name: &str| store.execute(&format!("CREATE TABLE {name} AS SELECT repeat('x', 100) FROM range(200000)"));
        store.execute("SET temp_directory = ''").expect("there is nothing in it");
        store.shrink(1 << 20).expect("it is empty");
        let refused = fill("small").expect_err("20 MB do not fit into one, and there is nowhere to spill to");
        assert_eq!(refused.kind, StoreErrorKind::OutOfMemory);
        store.regain().expect("there is as much as before");
        fill("large").expect("it fits");
    }
}
