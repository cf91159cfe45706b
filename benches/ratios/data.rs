//! Rows to compare, the ledger that hand-written SQL compares them with, and that SQL.

use std::fs;
use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::Result;

/// Name and expression over `i`, the number of the row. The first is the key, the second the identifier.
pub const COLUMNS: [(&str, &str); 12] = [
    ("id", "i"),
    ("customer", "'c-' || i"),
    ("email", "'person' || i || '@example.com'"),
    ("first_name", "['Åsa', 'Bjørn', 'Søren', 'Aino', 'Zoë'][1 + (i % 5)::bigint]"),
    ("city", "'City ' || hash(i) % 5000"),
    ("tier", "['gold', 'silver', 'bronze'][1 + (hash(i, 1) % 3)::bigint]"),
    ("visits", "(hash(i, 2) % 200)::integer"),
    ("spend", "((hash(i, 3) % 1000000) / 100)::decimal(12, 2)"),
    ("score", "(hash(i, 4) % 1000000) / 1000000.0::double"),
    ("vip", "hash(i, 5) % 10 = 0"),
    ("born", "date '1950-01-01' + (hash(i, 6) % 20000)::integer"),
    ("seen", "timestamp '2026-01-01' + to_seconds((hash(i, 7) % 20000000)::bigint)"),
];

/// Where sendoff keeps what it knows of the one activation.
pub const LEDGER: &str = ".sendoff/default/everyone.duckdb";

/// The columns that are sent and so compared: all but the key and the identifier.
pub fn fields() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().skip(2).map(|(name, _)| *name)
}

pub fn run_sql_file(file: &Path) -> Result<()> {
    Ok(Connection::open_in_memory()?.execute_batch(&fs::read_to_string(file)?)?)
}

fn run_sql(sql: &str) -> Result<()> {
    Ok(Connection::open_in_memory()?.execute_batch(sql)?)
}

pub fn write_rows(folder: &Path, rows: u64) -> Result<()> {
    write_parquet(folder, rows, |_, expression| expression.to_string())
}

/// The rows as a table of a DuckDB database, for those who do not read Parquet. It is made once for both.
pub fn write_database(folder: &Path) -> Result<PathBuf> {
    let above = folder.parent().unwrap_or(folder);
    let database = above.join("rows.duckdb");
    if !database.exists() {
        let (to, from) = (quoted(&database), quoted(&above.join("rows.parquet")));
        run_sql(&format!("attach {to} as d; create table d.rows as select * from {from}; detach d"))?;
    }
    Ok(database)
}

/// Another number of visits for one row in a hundred.
pub fn change_one_percent(folder: &Path, rows: u64) -> Result<()> {
    // What the ledger was made of stays at hand, for the ledger of the hand-written SQL.
    fs::rename(folder.join("rows.parquet"), folder.join("before.parquet"))?;
    write_parquet(folder, rows, |name, expression| match name {
        "visits" => format!("{expression} + (i % 100 = 17)::integer"),
        _ => expression.to_string(),
    })
}

fn write_parquet(folder: &Path, rows: u64, expression: impl Fn(&str, &str) -> String) -> Result<()> {
    let columns: Vec<_> =
        COLUMNS.iter().map(|(name, written)| format!("{} as {name}", expression(name, written))).collect();
    let (columns, to) = (columns.join(", "), quoted(&folder.join("rows.parquet")));
    run_sql(&format!("copy (select {columns} from range({rows}) r(i)) to {to} (format parquet)"))
}

/// A plain table as a person would keep it, of the rows as they were before the change.
pub fn write_ledger(folder: &Path) -> Result<()> {
    let ledger = folder.join("by-hand.duckdb");
    if ledger.exists() {
        fs::remove_file(&ledger)?;
    }
    let before = folder.join("before.parquet");
    let from = quoted(&if before.exists() { before } else { folder.join("rows.parquet") });
    run_sql(&format!("attach {} as l; create table l.entry as select * from {from}; detach l", quoted(&ledger)))
}

/// Read into a table, look for doubled keys and identifiers, and write down what differs: as one would by hand.
pub fn write_diff_sql(folder: &Path) -> Result<PathBuf> {
    let differs: Vec<_> = fields().map(|name| format!("r.{name} is distinct from e.{name}")).collect();
    let old: Vec<_> = fields().map(|name| format!("e.{name} as old_{name}")).collect();
    let sql = format!(
        "set temp_directory = {temp};
        attach {ledger} as l (read_only);
        create table loaded as select * from {rows};
        create table doubled_keys as select id from loaded group by id having id is null or count(*) > 1;
        create table doubled_identifiers as
          select trim(customer) as customer from loaded group by 1 having count(*) > 1;
        create table delta as
          select r.*, {old}, e.id is null as added, r.id is null as removed
          from loaded r full outer join l.entry e on r.id = e.id
          where r.id is null or e.id is null or {differs};",
        temp = quoted(&folder.join("spill")),
        ledger = quoted(&folder.join("by-hand.duckdb")),
        rows = quoted(&folder.join("rows.parquet")),
        old = old.join(", "),
        differs = differs.join(" or "),
    );
    written(folder.join("diff.sql"), &sql)
}

/// Every column of both sides, the source and the ledger that sendoff keeps, read and thrown away.
pub fn write_scan_sql(folder: &Path) -> Result<PathBuf> {
    let sql = format!(
        "attach {ledger} as l (read_only); select max(columns(*)) from {rows}; select max(columns(*)) from l.entry;",
        ledger = quoted(&folder.join(LEDGER)),
        rows = quoted(&folder.join("rows.parquet")),
    );
    written(folder.join("scan.sql"), &sql)
}

fn written(path: PathBuf, text: &str) -> Result<PathBuf> {
    fs::write(&path, text)?;
    Ok(path)
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}
