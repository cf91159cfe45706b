//! What befalls the files of ledgers: held by another process, damaged, of another version, a full disk, a folder that may not
//! be written. Each is said in words, and nothing is lost.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sendoff::store::{Store, StoreOptions};

use super::*;

const LEDGER: &str = ".sendoff/default/contacts.duckdb";

fn ledger(shop: &Shop) -> PathBuf {
    shop.path(LEDGER)
}

#[test]
fn who_holds_a_ledger_is_named() {
    let shop = Shop::open(20);
    shop.run(&[]).done();
    shop.write(0..20, |_| "Umeå");
    shop.forget();
    shop.misbehave(&json!({"vendor": "batch", "delay_ms": 60_000}));
    let mut run = shop.sendoff(&["run"]).stdout(Stdio::null()).spawn().unwrap();
    wait_until("a request came in", || !shop.ids().is_empty());
    let by = format!("(PID {})", run.id());
    for command in ["plan", "run", "settle", "rejected", "explain contacts c-00001", "retire contacts --forget"] {
        let said = shop.command(&command.split(' ').collect::<Vec<_>>()).ends(5);
        said.says("the ledger of `contacts` is held by");
        said.says(&by);
    }
    shop.append("moved.sendoff", &LATER.replace("later {", "moved {").replace("after contacts", ""));
    shop.command(&["ledger", "move", "contacts", "moved"]).ends(5).says(&by);
    shop.command(&["ledger", "list"]).done().says(&by);
    shop.command(&["history"]).done().says("held by");
    run.kill().unwrap();
    run.wait().unwrap();
    shop.behave();
    // Nobody has taken the ledger away meanwhile.
    shop.run(&["--only", "contacts"]).done().says("cut short with 20 rows in flight");
    assert!(shop.cities().values().all(|city| city == "Umeå"));
}

#[test]
fn a_damaged_ledger_stops_the_run() {
    let shop = Shop::open(200);
    shop.run(&[]).done();
    shop.forget();
    shop.write(0..200, |_| "Umeå");
    let good = fs::read(ledger(&shop)).unwrap();
    let flipped = |from: usize| {
        let blots = (from..good.len()).step_by(9_000).flat_map(|at| at..(at + 32).min(good.len()));
        blots.fold(good.clone(), |mut bytes, at| {
            bytes[at] ^= 0xff;
            bytes
        })
    };
    let damaged = [
        b"id,city\n1,Oslo\n".to_vec(),
        good[..100].repeat(200),
        good[..good.len() / 2].to_vec(),
        flipped(20),
        flipped(5_000),
        flipped(12_288 + 3_000),
    ];
    for bytes in damaged {
        fs::write(ledger(&shop), &bytes).unwrap();
        for command in ["plan", "run", "rejected", "explain contacts c-00001"] {
            let said = shop.command(&command.split(' ').collect::<Vec<_>>()).ends(5);
            said.says("the ledger of `contacts` is damaged, or is no ledger at all");
            said.says("bring the file back from a backup");
        }
        shop.command(&["ledger", "list"]).done().says("is damaged");
        assert_eq!(fs::read(ledger(&shop)).unwrap(), bytes, "what may still be saved is left as it is");
    }
    assert!(shop.ids().is_empty(), "nothing is sent by guess");
    fs::write(ledger(&shop), good).unwrap();
    shop.run(&[]).done().says("200 changed");
}

#[test]
fn a_newer_ledger_is_left_alone() {
    let shop = Shop::open(5);
    shop.run(&[]).done();
    shop.forget();
    change(&ledger(&shop), "UPDATE held.meta SET value = '99' WHERE key = 'format'");
    let before = fs::read(ledger(&shop)).unwrap();
    for command in ["plan", "run --full", "run --adopt", "rejected", "explain contacts c-00001"] {
        let said = shop.command(&command.split(' ').collect::<Vec<_>>()).ends(5);
        said.says("the ledger of `contacts` was written by a newer version");
    }
    assert_eq!(fs::read(ledger(&shop)).unwrap(), before);
    assert!(shop.ids().is_empty());
}

/// As the first format was; the next one learnt how each field goes out.
const FORMAT_1: &str = include_str!("format_1.sql");

#[test]
fn a_ledger_of_the_first_format_goes_on() {
    let shop = Shop::open(3);
    fs::create_dir_all(ledger(&shop).parent().unwrap()).unwrap();
    change(&ledger(&shop), &FORMAT_1.replace("URL", &shop.url));
    let format = |shop: &Shop| asked(&ledger(shop), "SELECT value FROM held.meta WHERE key = 'format'");
    shop.command(&["plan"]).done().says("1 tried again");
    shop.command(&["explain", "contacts", "c-00001"]).done().says("Oslo");
    assert_eq!(format(&shop), "1", "who only looks changes nothing");
    // Its last run was killed with the third row in flight.
    shop.run(&[]).done().says("cut short with 1 row in flight");
    assert_eq!(shop.ids(), ["c-00002"]);
    assert_ne!(format(&shop), "1");
    shop.run(&[]).done().says("nothing sent: no change");
    shop.write(0..3, |at| if at == 0 { "Umeå" } else { "Oslo" });
    shop.forget();
    shop.run(&[]).done();
    assert_eq!(shop.ids(), ["c-00000"]);
}

/// In the third format a line of the journal was of one request.
#[test]
fn a_run_that_an_older_version_left_open_goes_on() {
    let shop = Shop::open(20);
    killed_in_flight(&shop);
    let older = "ALTER TABLE held.journal DROP COLUMN apart; UPDATE held.meta SET value = '3' WHERE key = 'format'";
    change(&ledger(&shop), older);
    shop.run(&[]).done().says("cut short with 20 rows in flight");
    shop.run(&[]).done().says("nothing sent: no change");
}

fn open(path: &Path) -> Store {
    let store = Store::open(&StoreOptions::default()).unwrap();
    store.attach(path, "held", false).unwrap();
    store
}

fn change(path: &Path, sql: &str) {
    let store = open(path);
    store.execute(sql).unwrap();
    store.detach("held").unwrap();
}

fn asked(path: &Path, sql: &str) -> String {
    let told = open(path).row(sql).unwrap();
    format!("{:?}", told[0]).replace("Text(\"", "").replace("\")", "")
}

/// A disk of its own for the ledgers, which goes away in the end. Only root can make one.
struct Disk(PathBuf);

impl Disk {
    fn of(shop: &Shop, size: &str) -> Option<Disk> {
        let folder = shop.path(".sendoff/default");
        fs::create_dir_all(&folder).unwrap();
        let size = format!("size={size}");
        let made = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output();
        made.is_ok_and(|made| made.status.success()).then_some(Disk(folder))
    }

    fn becomes(&self, what: &str) {
        let options = format!("remount,{what}");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Busy is no matter: it goes when the last who uses it does.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const SKIPPED: &str = "skipped: only root can make a disk";

/// The disk fills while the ledger is made, while it takes in the rows, while outcomes come, and while they are merged.
#[test]
fn a_full_disk_loses_nothing() {
    let shop = Shop::of(killed::MEMBERS);
    shop.write(0..5_000, |_| "Oslo");
    for size in ["8k", "256k", "600k", "900k", "2000k"] {
        let Some(disk) = Disk::of(&shop, size) else { return println!("{SKIPPED}") };
        let said = shop.run(&[]).ends(5);
        said.says("the disk that holds the ledger of `members` is full");
        said.says("what was acknowledged so far is kept");
        let before = killed::members(&shop);
        disk.becomes("size=64m");
        shop.forget();
        let said = shop.run(&[]).done();
        let after = killed::members(&shop);
        let repeated = after.keys().filter(|id| before.contains_key(*id)).count();
        let unsure = if repeated == 0 { 0 } else { said.number(" rows in flight") };
        assert!(repeated <= unsure, "{repeated} rows came again, and {unsure} were in flight ({size})");
        let state = shop.state("http");
        assert_eq!(state["collections"]["members"]["records"].as_object().unwrap().len(), 5_000);
        shop.run(&[]).done().says("nothing sent: no change");
        shop.empty();
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let shop = Shop::open(5);
    let Some(disk) = Disk::of(&shop, "8m") else { return println!("{SKIPPED}") };
    disk.becomes("ro");
    shop.run(&[]).ends(5).says("the ledger of `contacts` cannot be written");
    shop.command(&["plan"]).done().says("5 added");
    disk.becomes("rw");
    shop.run(&[]).done();
    shop.forget();
    shop.write(0..5, |_| "Umeå");
    disk.becomes("ro");
    let said = shop.run(&[]).ends(5);
    said.says("the ledger of `contacts` cannot be written: ");
    said.says("check the rights on the folder");
    shop.command(&["plan"]).done().says("5 changed");
    shop.command(&["explain", "contacts", "c-00001"]).done();
    assert!(shop.ids().is_empty());
}

/// While a run is under way, too, when DuckDB keeps a log beside the ledger.
#[test]
fn files_of_ledgers_are_for_their_user_alone() {
    let shop = Shop::open(20);
    shop.misbehave(&json!({"vendor": "batch", "delay_ms": 60_000}));
    let mut run = shop.sendoff(&["run"]).stdout(Stdio::null()).spawn().unwrap();
    wait_until("a request came in", || !shop.ids().is_empty());
    let during = shop.kept();
    assert!(during.iter().any(|(name, _)| name.ends_with(".wal")), "{:?}", names(&during));
    run.kill().unwrap();
    run.wait().unwrap();
    shop.behave();
    shop.run(&[]).done();
    shop.run(&["--sandbox"]).done();
    let after = shop.kept();
    assert!(after.iter().any(|(name, _)| name.ends_with("history.jsonl")), "{:?}", names(&after));
    for (name, _) in during.iter().chain(&after) {
        let Ok(facts) = fs::metadata(name) else { continue };
        assert_eq!(facts.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let folder = fs::metadata(shop.path(".sendoff")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

fn names(kept: &[(String, Vec<u8>)]) -> Vec<&String> {
    kept.iter().map(|(name, _)| name).collect()
}

/// More than DuckDB is left with while they go out, and no limit is set: what it had before it has again for the merge.
#[test]
fn many_wide_rows_are_merged_with_all_memory() {
    const ROWS: usize = 120_000;
    const COLUMNS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let shop = Shop::of(
        r#"
destination club = http { url = "URL/http", auth { bearer = env("BATCH_KEY") } }
model people { from file "people.csv", key id }
activation people {
  from people
  to club.rows {
    batch = 1000
    added { method = "PUT", path = "/people" }
    changed { method = "PUT", path = "/people" }
  }
  identify { id }
  map { a, b, c, d, e, f }
}
"#,
    );
    let cells = |row: usize| COLUMNS.map(|column| format!("{column} of some length, and of row {row} alone"));
    let lines = (0..ROWS).map(|row| format!("p-{row},{}\n", cells(row).map(|cell| format!("\"{cell}\"")).join(",")));
    let header = format!("id,{}\n", COLUMNS.join(","));
    fs::write(shop.path("people.csv"), header + &lines.collect::<String>()).unwrap();
    shop.run(&[]).done().says("120,000 accepted");
    shop.run(&[]).done().says("no change");
}
