//! Sources that cannot be had: what is said, the exit code, and never a password.

use std::fs;
use std::path::Path;

use super::project::Project;
use super::recorder::Recorder;
use super::root;
use super::server::Server;

const POSTGRES: &str = r#"source shop = postgres { url = env("SOURCE_URL") }"#;
const MYSQL: &str = r#"source shop = mysql { url = env("SOURCE_URL") }"#;
const PASSWORDS: [&str; 4] = ["pass@word", "pass%40word", "s3cret!word", "s3cret%21word"];

struct Case<'a> {
    source: &'a str,
    from: &'a str,
    url: &'a str,
}

impl Case<'_> {
    /// `run`, `plan` and `check --online` all end with this code and this message.
    fn refused(&self, folder: &Path, code: i32, problem: &str, message: &str) {
        let recorder = Recorder::start();
        let project = Project::small(&folder.join("project"), &recorder, self.source, self.from);
        let project = project.env("SOURCE_URL", self.url);
        for arguments in [&["run"][..], &["plan", "--format", "json"], &["check", "--online"]] {
            let said = project.ask(arguments);
            let flat = said.text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
            assert_eq!(said.code, Some(code), "{arguments:?}\n{}", said.text);
            assert!(said.text.contains(problem), "{arguments:?}: no {problem}\n{}", said.text);
            assert!(flat.contains(message), "{arguments:?}: no {message}\n{}", said.text);
            assert!(!PASSWORDS.iter().any(|word| said.text.contains(word)), "a password shows\n{}", said.text);
        }
        assert_eq!(recorder.take(), []);
        assert_no_passwords(&project.folder);
        fs::remove_dir_all(&project.folder).unwrap();
    }
}

/// Ledgers and histories keep none, either.
fn assert_no_passwords(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            assert_no_passwords(&entry);
        } else {
            let bytes = fs::read(&entry).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!PASSWORDS.iter().any(|word| text.contains(word)), "a password in {}", entry.display());
        }
    }
}

#[test]
fn postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::postgres(folder.path());
    server.psql(folder.path(), &root().join("tests/sources/rows.sql"));
    let url = server.url.as_str();
    let other = url.replace("pass%40word", "s3cret%21word");
    let nobody = "postgresql://shop:pass%40word@127.0.0.1:1/shop";
    let refused = |from: &str, url: &str, code, problem, message| {
        Case { source: POSTGRES, from, url }.refused(folder.path(), code, problem, message);
    };
    let good = "shop table customers";
    refused(good, &other, 5, "load::unreachable", "the source `shop` refused the login");
    refused(good, nobody, 5, "load::unreachable", "the source `shop` cannot be reached");
    refused("shop table nothing", url, 1, "load::missing_table", "`customers` reads a table that is not there");
    refused(
        r#"shop sql "select * from nothing""#,
        url,
        1,
        "load::missing_table",
        "`customers` reads a table that is not there",
    );
    refused(
        r#"shop sql "select nothing from customers""#,
        url,
        1,
        "load::missing_column",
        "`customers` names a column that is not there",
    );
    refused(r#"shop sql "select from from""#, url, 1, "load::syntax", "the query of `customers` is no valid SQL");
}

/// A query that would write is refused by the database, not trusted.
#[test]
fn sources_are_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let rows = root().join("tests/sources/rows.sql");
    let (postgres, mysql) = (Server::postgres(folder.path()), Server::mysql(folder.path()));
    postgres.psql(folder.path(), &rows);
    mysql.mysql_run(&rows);
    for (source, server) in [(POSTGRES, &postgres), (MYSQL, &mysql)] {
        let recorder = Recorder::start();
        let small = |name: &str, from: &str| {
            Project::small(&folder.path().join(name), &recorder, source, from).env("SOURCE_URL", &server.url)
        };
        let writing = small("writing", r#"shop sql "delete from customers returning id, points""#).ask(&["run"]);
        assert_eq!(writing.code, Some(1), "{}", writing.text);
        assert_eq!(recorder.take(), []);
        small("reading", "shop table customers").run(&[]);
        assert_eq!(recorder.take().len(), 1);
        fs::remove_dir_all(folder.path().join("writing")).unwrap();
        fs::remove_dir_all(folder.path().join("reading")).unwrap();
    }
}

#[test]
fn mysql() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::mysql(folder.path());
    server.mysql_run(&root().join("tests/sources/rows.sql"));
    let url = server.url.as_str();
    let other = url.replace("pass%40word", "s3cret%21word");
    let nobody = "mysql://shop:pass%40word@127.0.0.1:1/shop";
    let refused = |from: &str, url: &str, code, problem, message| {
        Case { source: MYSQL, from, url }.refused(folder.path(), code, problem, message);
    };
    let good = "shop table customers";
    refused(good, &other, 5, "load::unreachable", "the source `shop` refused the login");
    refused(good, nobody, 5, "load::unreachable", "the source `shop` cannot be reached");
    refused("shop table nothing", url, 1, "load::missing_table", "`customers` reads a table that is not there");
    refused(
        r#"shop sql "select * from nothing""#,
        url,
        1,
        "load::missing_table",
        "`customers` reads a table that is not there",
    );
    refused(
        r#"shop sql "select nothing from customers""#,
        url,
        1,
        "load::missing_column",
        "`customers` names a column that is not there",
    );
    refused(r#"shop sql "select from from""#, url, 1, "load::syntax", "the query of `customers` is no valid SQL");
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("not-a-database.txt"), "only words, and more of them\n".repeat(200)).unwrap();
    let refused = |source: &str, from: &str, code, problem, message| {
        Case { source, from, url: "" }.refused(folder.path(), code, problem, message);
    };
    refused("", r#"file "nothing.csv""#, 5, "load::unreachable", "`customers` reads a file that is not there");
    refused("", r#"file "nothing-*.parquet""#, 5, "load::unreachable", "`customers` reads a file that is not there");
    for kind in ["duckdb", "sqlite"] {
        let source = |path: &str| format!(r#"source lake = {kind} {{ path = "{path}" }}"#);
        let missing = "the source `lake` names `nothing.db`, and there is no such file";
        refused(&source("nothing.db"), "lake table a", 5, "load::unreachable", missing);
        let other = "the file of source `lake` is not a database of its kind";
        refused(&source("../not-a-database.txt"), "lake table a", 5, "load::unreachable", other);
    }
}

/// A query reads its own source, and no file of the machine.
#[test]
fn other_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = sendoff::store::Store::open(&sendoff::store::StoreOptions::default()).unwrap();
    let lake = folder.path().join("lake.duckdb").display().to_string();
    store.execute(&format!("ATTACH '{lake}' AS lake; DETACH lake")).unwrap();
    let refused = |from, problem, message| {
        let source = r#"source lake = duckdb { path = "../lake.duckdb" }"#;
        Case { source, from, url: "" }.refused(folder.path(), 1, problem, message);
    };
    let hostname = r#"lake sql "select * from read_text('/etc/hostname')""#;
    refused(hostname, "load::permission", "`customers` reads what it may not");
    // Only whole queries: what this is a part of is nobody's business.
    let half = r#"lake sql "select 1 as id, 2 as points) , (select 3 as b""#;
    refused(half, "load::syntax", "the query of `customers` is no valid SQL");
}

#[test]
fn a_missing_extension() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir_all(&empty).unwrap();
    let recorder = Recorder::start();
    let project = Project::small(&folder.path().join("project"), &recorder, POSTGRES, "shop table customers");
    let home = empty.display().to_string();
    let project = project.env("SENDOFF_EXTENSIONS", &home).env("HOME", &home).env("SOURCE_URL", "postgresql://shop@db");
    let said = project.ask(&["run"]);
    assert_eq!(said.code, Some(1), "{}", said.text);
    for part in ["load::extension", "autoinstall", "SENDOFF_EXTENSIONS", "duckdb-extension-postgres"] {
        assert!(said.text.contains(part), "no {part}\n{}", said.text);
    }
}
