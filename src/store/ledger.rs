//! The ledger's file: its tables, and what it says of itself.
//!
//! `entry` holds one line for each key (records modes) or identifier (set modes); `k1..` its key, `i1..` the identifiers
//! acknowledged, `v1..` the values acknowledged, numbered rather than named, since DuckDB takes names that differ only in
//! case for one. `delta` and `journal` exist while a run is open; `parked` holds rows that wait for a vendor's job
//! or for a person, with the values that were sent.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Store, StoreError, StoreErrorKind, StoreOptions};
use crate::ir::mode::Mode;
use crate::ir::plan::{LedgerField, LedgerShape, Sql};
use crate::ir::value::Value;

/// The ledger's own format; a newer one is refused, an older one migrated.
pub const FORMAT: u32 = 4;

/// A ledger attached to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub alias: String,
}

/// What the tables of a new ledger depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name and type of each key column; one text column for set modes.
    pub keys: Vec<(String, String)>,
    pub identifiers: Vec<String>,
}

impl Ledger {
    /// Attaches the file, making it where there is none and `read_only` is off. Without a file to read, an empty ledger in
    /// memory stands in, so that a plan needs no other path.
    pub fn attach(store: &Store, path: &Path, alias: &str, read_only: bool) -> Result<Ledger, StoreError> {
        let ledger = Ledger { alias: alias.to_string() };
        if read_only && !exists(path) {
            ledger.stand_in(store)?;
        } else {
            make_folder(path)?;
            if !exists(path) {
                remove(path)?;
            }
            store.attach(path, alias, read_only)?;
        }
        Ok(ledger)
    }

    /// An empty ledger in memory, in the place of a file that may not be written.
    pub fn stand_in(&self, store: &Store) -> Result<(), StoreError> {
        store.attach(Path::new(":memory:"), &self.alias, false)
    }

    pub fn table(&self, name: &str) -> String {
        format!("{}.{}", Sql::name(&self.alias), Sql::name(name))
    }

    /// No run has been opened in it: what says whose ledger it is comes with the first one.
    /// A database of something else is no ledger, and nothing is written into it.
    pub fn is_new(&self, store: &Store) -> Result<bool, StoreError> {
        if !self.has(store, "meta")? || !self.has(store, "entry")? {
            let tables =
                format!("SELECT count(*) FROM duckdb_tables() WHERE database_name = {}", Sql::text(&self.alias));
            return match store.number(&tables)? {
                0 => Ok(true),
                _ => {
                    let message = "it is a database of something else".to_string();
                    Err(StoreError { kind: StoreErrorKind::Damaged, message, offset: None })
                }
            };
        }
        Ok(store.number(&format!("SELECT count(*) FROM {} WHERE key = 'target'", self.table("meta")))? == 0)
    }

    pub fn has(&self, store: &Store, table: &str) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = {} AND table_name = {}",
            Sql::text(&self.alias),
            Sql::text(table)
        );
        Ok(store.number(&sql)? > 0)
    }

    /// Makes the tables of a new ledger, in place of those of a run that never came to its turn.
    pub fn create(&self, store: &Store, layout: &Layout) -> Result<(), StoreError> {
        let keys: Vec<String> =
            layout.keys.iter().zip(1..).map(|((_, sql_type), at)| format!("k{at} {}", distinct(sql_type))).collect();
        let identifiers: Vec<String> =
            (1..=layout.identifiers.len()).map(|at| format!("i{at} {}", distinct("VARCHAR"))).collect();
        let own = "state VARCHAR, since TIMESTAMP, acked_at TIMESTAMP, keys VARCHAR[], owes INTEGER[], \
                   refused MAP(INTEGER, VARCHAR), remote_id VARCHAR, mapping INTEGER, full_number INTEGER, reason VARCHAR, \
                   request UBIGINT";
        let mut statements = vec![
            format!("CREATE OR REPLACE TABLE {} (key VARCHAR, value VARCHAR)", self.table("meta")),
            format!(
                "CREATE OR REPLACE TABLE {} (position INTEGER, name VARCHAR, custom BOOLEAN, sql_type VARCHAR, since INTEGER, mapped BOOLEAN, wire VARCHAR)",
                self.table("field")
            ),
            format!("CREATE OR REPLACE TABLE {} (name VARCHAR, sql_type VARCHAR)", self.table("key_column")),
            format!("CREATE OR REPLACE TABLE {} (name VARCHAR)", self.table("identifier")),
            format!(
                "CREATE OR REPLACE TABLE {} ({}, {}, {own})",
                self.table("entry"),
                keys.join(", "),
                identifiers.join(", ")
            ),
            format!(
                "CREATE OR REPLACE TABLE {} (key VARCHAR, identifier VARCHAR, reason VARCHAR)",
                self.table("aside")
            ),
            format!(
                "CREATE OR REPLACE TABLE {} (number UBIGINT, run VARCHAR, call VARCHAR, method VARCHAR, url VARCHAR, records UBIGINT, \
                 status INTEGER, answer VARCHAR, noted_at TIMESTAMP)",
                self.table("request")
            ),
        ];
        for (name, sql_type) in &layout.keys {
            statements.push(format!(
                "INSERT INTO {} VALUES ({}, {})",
                self.table("key_column"),
                Sql::text(name),
                Sql::text(sql_type)
            ));
        }
        for name in &layout.identifiers {
            statements.push(format!("INSERT INTO {} VALUES ({})", self.table("identifier"), Sql::text(name)));
        }
        statements.push(self.set("format", &FORMAT.to_string()));
        store.transaction(&statements)
    }

    /// The statement that makes the journal of a run: what happens to the rows `row` to `last` of the delta (`flight`, `spared`,
    /// `outcome`), and what was asked and answered (`request`, of which `row` and `last` are numbers). Where they stand `apart`,
    /// `request` is that of the first, and the others have the ones after it.
    pub fn journal(&self) -> String {
        format!(
            "CREATE OR REPLACE TABLE {} (kind VARCHAR, row UBIGINT, last UBIGINT, request UBIGINT, apart BOOLEAN, verdict VARCHAR, reason VARCHAR, \
             warning BOOLEAN, remote_id VARCHAR, job_call VARCHAR, job_id VARCHAR, refused VARCHAR, sent_all BOOLEAN, \
             unsent BOOLEAN, noted_at TIMESTAMP, call VARCHAR, method VARCHAR, url VARCHAR, records UBIGINT, status INTEGER, \
             answer VARCHAR)",
            self.table("journal")
        )
    }

    /// Brings a ledger of an older format up to this one: each format in its turn, all of it or nothing.
    pub fn migrate(&self, store: &Store, format: u32) -> Result<(), StoreError> {
        if format >= FORMAT {
            return Ok(());
        }
        let mut statements = Vec::new();
        for next in format + 1..=FORMAT {
            statements.extend(self.step(store, next)?);
        }
        statements.push(self.set("format", &FORMAT.to_string()));
        store.transaction(&statements)
    }

    /// What a format has that the one before it had not.
    fn step(&self, store: &Store, to: u32) -> Result<Vec<String>, StoreError> {
        let mut statements = Vec::new();
        match to {
            // How each field went out.
            2 => statements.push(format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS wire VARCHAR", self.table("field"))),
            // What happens in a run that is open stands in one table, with a line for each stretch of rows.
            3 if self.has(store, "flight")? => {
                let (journal, flight, outcome) = (self.table("journal"), self.table("flight"), self.table("outcome"));
                statements.push(self.journal());
                statements.push(format!(
                    "INSERT INTO {journal} BY NAME SELECT 'flight' AS kind, row, row AS last, request FROM {flight}"
                ));
                statements.push(format!(
                    "INSERT INTO {journal} BY NAME SELECT 'outcome' AS kind, row AS last, * FROM {outcome}"
                ));
                statements.extend([format!("DROP TABLE {flight}"), format!("DROP TABLE {outcome}")]);
            }
            // Rows that have a request each can stand in one line.
            4 if self.has(store, "journal")? => {
                statements
                    .push(format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS apart BOOLEAN", self.table("journal")));
            }
            _ => {}
        }
        Ok(statements)
    }

    /// The statement that writes one fact about the ledger.
    pub fn set(&self, key: &str, value: &str) -> String {
        self.set_all(&[(key, value.to_string())])
    }

    /// The same for several facts.
    pub fn set_all(&self, facts: &[(&str, String)]) -> String {
        let meta = self.table("meta");
        let keys: Vec<String> = facts.iter().map(|(key, _)| Sql::text(key).0).collect();
        let lines: Vec<String> =
            facts.iter().map(|(key, value)| format!("({}, {})", Sql::text(key), Sql::text(value))).collect();
        format!("DELETE FROM {meta} WHERE key IN ({}); INSERT INTO {meta} VALUES {}", keys.join(", "), lines.join(", "))
    }

    pub fn unset(&self, key: &str) -> String {
        format!("DELETE FROM {} WHERE key = {}", self.table("meta"), Sql::text(key))
    }

    pub fn shape(&self, store: &Store) -> Result<LedgerShape, StoreError> {
        let meta = self.meta(store)?;
        let get = |key: &str| meta.get(key).cloned();
        let number = |key: &str| get(key).and_then(|text| text.parse().ok()).unwrap_or(0u64);
        self.refuse_newer(number("format"))?;
        Ok(LedgerShape {
            format: number("format") as u32,
            target: get("target").unwrap_or_default(),
            mode: get("mode").and_then(|name| Mode::parse(&name)),
            holds_new_rows: get("holds_new_rows").is_some_and(|text| text == "true"),
            mapping_version: number("mapping_version") as u32,
            mapping_digest: get("mapping_digest").unwrap_or_default(),
            full_number: number("full_number") as u32,
            baseline_closed: get("baseline").is_some_and(|text| text == "closed"),
            sequence: number("sequence"),
            keys: pairs(&store.rows(&format!("SELECT name, sql_type FROM {}", self.table("key_column")))?),
            identifiers: texts(&store.rows(&format!("SELECT name FROM {}", self.table("identifier")))?),
            fields: self.fields(store)?,
            entries: store.number(&format!("SELECT count(*) FROM {}", self.table("entry")))?,
            last_rows: get("last_rows").and_then(|text| text.parse().ok()),
            rested: get("rested"),
            open_run: get("open_run"),
        })
    }

    fn refuse_newer(&self, format: u64) -> Result<(), StoreError> {
        if format <= u64::from(FORMAT) {
            return Ok(());
        }
        Err(StoreError {
            kind: StoreErrorKind::Newer,
            message: format!(
                "the ledger was written by a newer version (its format is {format}, this one knows {FORMAT})"
            ),
            offset: None,
        })
    }

    fn meta(&self, store: &Store) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = store.rows(&format!("SELECT key, value FROM {}", self.table("meta")))?;
        Ok(pairs(&rows).into_iter().collect())
    }

    fn fields(&self, store: &Store) -> Result<Vec<LedgerField>, StoreError> {
        // Not by name: a ledger of format 1 has no `wire`.
        let rows = store.rows(&format!("SELECT * FROM {} ORDER BY position", self.table("field")))?;
        Ok(rows.iter().filter_map(|row| field(row)).collect())
    }
}

/// Bytes of DuckDB's three headers, which come first, and what the first of them begins with after its checksum.
const HEADERS: u64 = 3 * 4096;
const MAGIC: &[u8] = b"DUCK";

/// A file that DuckDB could not even write its headers into is none: a full disk leaves one behind where a ledger was to be
/// made.
pub fn exists(path: &Path) -> bool {
    let Ok(file) = std::fs::metadata(path) else { return false };
    file.len() >= HEADERS || !std::fs::read(path).is_ok_and(|bytes| bytes.is_empty() || bytes.get(8..12) == Some(MAGIC))
}

/// A copy of the ledger's file and of what was not yet folded into it, to look at what a cut-short run left behind.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    make_folder(to)?;
    std::fs::copy(from, to).map_err(|error| file_error(to, &error))?;
    let (wal, to_wal) = (wal(from), wal(to));
    if wal.exists() {
        std::fs::copy(&wal, &to_wal).map_err(|error| file_error(&to_wal, &error))?;
    }
    Ok(())
}

/// Refuses where another process has the ledger open, which would go on writing into a file that is gone, or is another's by
/// now. Not for a file that this process has attached: closing it a second time would give up the lock.
pub fn unheld(path: &Path) -> Result<(), StoreError> {
    match Store::open(&StoreOptions::default())?.attach(path, "held", true) {
        Err(error) if matches!(error.kind, StoreErrorKind::Locked { .. }) => Err(error),
        // Whatever else is wrong with it is no reason to keep it.
        _ => Ok(()),
    }
}

/// Gives the file, and what belongs to it, another name.
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(|error| file_error(to, &error))?;
    if wal(from).exists() {
        std::fs::rename(wal(from), wal(to)).map_err(|error| file_error(to, &error))?;
    }
    Ok(())
}

pub fn remove(path: &Path) -> Result<(), StoreError> {
    for path in [path.to_path_buf(), wal(path)] {
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| file_error(&path, &error))?;
        }
    }
    Ok(())
}

fn wal(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".wal");
    name.into()
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(folder) => std::fs::create_dir_all(folder).map_err(|error| file_error(folder, &error)),
        None => Ok(()),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> StoreError {
    let kind = match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::Permission,
        std::io::ErrorKind::StorageFull => StoreErrorKind::DiskFull,
        _ => StoreErrorKind::Other,
    };
    StoreError { kind, message: format!("{}: {error}", path.display()), offset: None }
}

fn field(row: &[Value]) -> Option<LedgerField> {
    match row {
        [
            Value::Int(position),
            Value::Text(name),
            Value::Bool(custom),
            Value::Text(sql_type),
            Value::Int(since),
            Value::Bool(mapped),
            wire @ ..,
        ] => Some(LedgerField {
            position: *position as u32,
            name: name.clone(),
            custom: *custom,
            sql_type: sql_type.clone(),
            since: *since as u32,
            mapped: *mapped,
            wire: match wire.first() {
                Some(Value::Text(wire)) => Some(wire.clone()),
                _ => None,
            },
        }),
        _ => None,
    }
}

fn pairs(rows: &[Vec<Value>]) -> Vec<(String, String)> {
    rows.iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(first), Value::Text(second)] => Some((first.clone(), second.clone())),
            _ => None,
        })
        .collect()
}

fn texts(rows: &[Vec<Value>]) -> Vec<String> {
    rows.iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(text)] => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// The type of a column whose values are nearly all different. Whether a dictionary would do need not be found out each time
/// that texts are written: that took a twentieth of the processor time of a first send.
fn distinct(sql_type: &str) -> String {
    let how = if sql_type == "VARCHAR" { " USING COMPRESSION fsst" } else { "" };
    format!("{sql_type}{how}")
}
