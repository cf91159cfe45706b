//! The same few rows out of every kind of source.

use std::fs;
use std::path::Path;
use std::process::Command;

use sendoff::store::{Store, StoreOptions};
use tempfile::TempDir;

use super::project::Project;
use super::recorder::Recorder;
use super::server::Server;
use super::shop::{Profiles, assert_same, profiles};
use super::{finish, root};

/// The rows, as SQL that every database takes.
const ROWS: &str = include_str!("rows.sql");

/// What a source of this text and a model of that query sent.
fn sent(recorder: &Recorder, folder: &Path, source: &str, from: &str, url: &str) -> Profiles {
    let name = from.replace(|letter: char| !letter.is_alphanumeric(), "-");
    let project = Project::small(&folder.join(name), recorder, source, from).env("SOURCE_URL", url);
    project.run(&[]);
    let sent = profiles(recorder.take());
    project.run(&[]);
    assert_eq!(recorder.take(), [], "{from}: sent again");
    sent
}

/// A folder with the rows in every format that DuckDB writes, and what they come to.
fn files() -> (TempDir, Recorder, Profiles) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let store = Store::open(&StoreOptions::default()).unwrap();
    let script = format!(
        "ATTACH '{}' AS lake; USE lake; {ROWS}; USE memory;
         COPY lake.customers TO '{}';
         COPY lake.customers TO '{}';
         COPY lake.customers TO '{}';
         COPY (FROM lake.customers WHERE id <= 'c-2') TO '{}';
         COPY (FROM lake.customers WHERE id > 'c-2') TO '{}';
         DETACH lake",
        path("lake.duckdb"),
        path("rows.csv"),
        path("rows.parquet"),
        path("rows.json"),
        path("part-1.parquet"),
        path("part-2.parquet"),
    );
    store.execute(&script).unwrap();
    fs::rename(path("rows.json"), path("rows.jsonl")).unwrap();
    let recorder = Recorder::start();
    let csv = sent(&recorder, folder.path(), "", r#"file "../rows.csv""#, "");
    assert_eq!(csv.len(), 3, "{csv:?}");
    (folder, recorder, csv)
}

#[test]
fn files_of_every_format() {
    let (folder, recorder, expected) = files();
    for from in [r#"file "../rows.parquet""#, r#"file "../rows.jsonl""#, r#"file "../part-*.parquet""#] {
        assert_same(&expected, &sent(&recorder, folder.path(), "", from, ""));
    }
}

#[test]
fn duckdb() {
    let (folder, recorder, expected) = files();
    let source = r#"source lake = duckdb { path = "../lake.duckdb" }"#;
    for from in ["lake table customers", "lake table main.customers", r#"lake sql "select * from customers""#] {
        assert_same(&expected, &sent(&recorder, folder.path(), source, from, ""));
    }
}

#[test]
fn sqlite() {
    let (folder, recorder, expected) = files();
    let script = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\ndb.executescript(sys.argv[2])\ndb.close()";
    finish(Command::new("python3").args(["-c", script]).arg(folder.path().join("till.db")).arg(ROWS));
    let source = r#"source till = sqlite { path = "../till.db" }"#;
    for from in ["till table customers", r#"till sql "select * from customers""#] {
        assert_same(&expected, &sent(&recorder, folder.path(), source, from, ""));
    }
}

#[test]
fn postgres() {
    let (folder, recorder, expected) = files();
    let server = Server::postgres(folder.path());
    server.psql(folder.path(), &root().join("tests/sources/rows.sql"));
    let source = r#"source shop = postgres { url = env("SOURCE_URL") }"#;
    for from in ["shop table customers", "shop table public.customers", r#"shop sql "select * from customers""#] {
        assert_same(&expected, &sent(&recorder, folder.path(), source, from, &server.url));
    }
}

/// What warehouses hold besides plain columns arrives as what it is.
#[test]
fn postgres_types() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::postgres(folder.path());
    fs::write(
        folder.path().join("types.sql"),
        "create type plan as enum ('free', 'paid');
         create table customers as select
           '6f1c1a52-7a0b-4f7e-9d0e-0c9a4a2f1b11'::uuid as id, 'sv' as language, 12 as points, 1250.5::numeric as ltv,
           timestamptz '2026-03-01 01:30:00+02' as born, array['a', 'b'] as note, 'paid'::plan as full_name, true as vip",
    )
    .unwrap();
    server.psql(folder.path(), &folder.path().join("types.sql"));
    let recorder = Recorder::start();
    let source = r#"source shop = postgres { url = env("SOURCE_URL") }"#;
    for from in ["shop table customers", r#"shop sql "select * from customers""#] {
        let sent = sent(&recorder, folder.path(), source, from, &server.url);
        let [profile] = sent.values().collect::<Vec<_>>()[..] else { panic!("{sent:?}") };
        assert_eq!(profile["identifiers"]["custom_id"], "6f1c1a52-7a0b-4f7e-9d0e-0c9a4a2f1b11");
        let attributes = serde_json::json!({
            "$language": "sv", "full_name": "paid", "points": 12, "ltv": 1250.5, "date(born)": "2026-02-28T00:00:00Z",
            "vip": true, "note": ["a", "b"],
        });
        assert_eq!(profile["attributes"], attributes);
    }
}

#[test]
fn mysql() {
    let (folder, recorder, expected) = files();
    let server = Server::mysql(folder.path());
    server.mysql_run(&root().join("tests/sources/rows.sql"));
    let source = r#"source shop = mysql { url = env("SOURCE_URL") }"#;
    for from in ["shop table customers", "shop table shop.customers", r#"shop sql "select * from customers""#] {
        assert_same(&expected, &sent(&recorder, folder.path(), source, from, &server.url));
    }
}
