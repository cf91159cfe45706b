//! A source that stays as it is, and is then touched: the sums that later runs go by must miss nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

const ROWS: &str = "id,customer,city,visits\n1,a,Oslo,1\n2,b,Bergen,2\n3,c,Turku,3\n";

#[test]
fn every_change_is_seen_after_quiet_runs() {
    // Right after the first run, and later.
    [0, 1, 3].into_iter().for_each(every_change_is_seen);
}

fn every_change_is_seen(quiet_runs: usize) {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    rows(folder.path(), ROWS);
    sendoff(folder.path(), &["run", "--adopt"]);
    for _ in 0..quiet_runs {
        sendoff(folder.path(), &["run"]);
    }
    for (touched, expected) in [
        (ROWS.to_string(), [("changed", 0), ("unchanged", 3)]),
        (ROWS.replace("3,c,Turku,3", "3,c,Turku,4"), [("changed", 1), ("unchanged", 2)]),
        // The same values, on other rows.
        (
            ROWS.replace("Oslo", "x").replace("Bergen", "Oslo").replace('x', "Bergen"),
            [("changed", 2), ("unchanged", 1)],
        ),
        (
            ROWS.replace("1,a,", "1,x,").replace("2,b,", "2,a,").replace(",x,", ",b,"),
            [("changed", 2), ("unchanged", 1)],
        ),
        (ROWS.replace("3,c,Turku,3\n", ""), [("gone", 1), ("unchanged", 2)]),
        (format!("{ROWS}4,d,Bergen,4\n"), [("added", 1), ("unchanged", 3)]),
        (ROWS.replace("3,c,", "4,c,"), [("added", 1), ("gone", 1)]),
        (format!("{ROWS}3,c,Turku,3\n"), [("duplicates", 2), ("unchanged", 2)]),
        (ROWS.replace("3,c,", "3,b,"), [("invalid", 2), ("unchanged", 1)]),
        (ROWS.replace("3,c,", "3,,"), [("unidentified", 1), ("unchanged", 2)]),
        // No opinion: nothing to send.
        (ROWS.replace("Turku", ""), [("changed", 0), ("unchanged", 3)]),
    ] {
        rows(folder.path(), &touched);
        let plan = sendoff(folder.path(), &["plan", "--offline", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
        for (count, number) in expected {
            assert_eq!(plan["activations"][0]["counts"][count], number, "{count} of\n{touched}{plan:#}");
        }
    }
}

fn project(folder: &Path) {
    let definition = folder.join("destinations/sink");
    fs::create_dir_all(&definition).unwrap();
    for file in ["connection.yaml", "rows.yaml"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/ratios/sink").join(file);
        fs::copy(from, definition.join(file)).unwrap();
    }
    let text = r#"destination sink = sink
model rows { from file "rows.csv", key id }
activation everyone {
  from rows
  to sink.rows
  mode upsert
  identify { customer }
  custom { city, visits }
}
"#;
    fs::write(folder.join("project.sendoff"), text).unwrap();
}

fn rows(folder: &Path, text: &str) {
    fs::write(folder.join("rows.csv"), text).unwrap();
}

fn sendoff(folder: &Path, args: &[&str]) -> Vec<u8> {
    Command::new(env!("CARGO_BIN_EXE_sendoff")).current_dir(folder).args(args).output().unwrap().stdout
}
