//! Every code a problem can have stands in `docs/diagnostics.md`, and the page names no other. Its examples are played: what is
//! bad leads to its code and to no other, what is good goes, and the page tells the message as it is (`UPDATE=1` writes it).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use regex::Regex;
use tempfile::TempDir;

use crate::cli::{copy, plain};
use crate::common::difference;
use crate::shop::{Shop, inside};
use page::{Entry, Side};

#[path = "diagnostics/page.rs"]
mod page;

/// What no test can bring about at will, so that the page only describes it.
const DESCRIBED: [&str; 3] = ["run::fault", "run::ledger", "run::no_destination"];

/// What sessions use that is there on Linux alone, or is another command elsewhere.
const OF_LINUX: [&str; 5] = ["/dev/full", "/sys/", "$ timeout ", "$ sed -i ", "$ truncate "];

/// Where a command or a report tells a code.
const BEHIND: &str = r"(?m) \[([a-z]+::[a-z_]+)\]$";

fn found(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).expect("it is a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_string()).collect()
}

fn codes_in(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            codes_in(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            codes.extend(found(r#""([a-z]+::[a-z_]+)""#, &fs::read_to_string(&path).expect("it is text")));
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `PAGE=FILE` plays the entries of another page, of any codes: a draft, say.
fn page_path() -> PathBuf {
    std::env::var_os("PAGE").map_or_else(|| root().join("docs/diagnostics.md"), PathBuf::from)
}

#[test]
fn every_code_is_documented() {
    let mut used = BTreeSet::new();
    codes_in(&root().join("src"), &mut used);
    let page = fs::read_to_string(root().join("docs/diagnostics.md")).expect("the page is there");
    let listed = found(r"(?m)^### ([a-z]+::[a-z_]+)$", &page);
    let documented: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), documented.len(), "a code is documented twice");
    let missing: Vec<_> = used.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&used).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not documented: {missing:?}; documented for nothing: {stale:?}");
}

#[test]
fn examples_lead_to_their_codes() {
    let text = fs::read_to_string(page_path()).expect("the page is there");
    let shop = Shop::filled();
    sound(&shop);
    let only = std::env::var("CASE").unwrap_or_default();
    let entries: Vec<Entry> = page::entries(&text).into_iter().filter(|entry| entry.code.contains(&only)).collect();
    assert!(!entries.is_empty());
    let results = all(&shop, &entries);
    let (mut wrong, mut told) = (Vec::new(), text.clone());
    for (entry, result) in entries.iter().zip(results) {
        match result {
            Ok(Some(message)) => told = told.replace(&entry.text, &entry.with_message(&message)),
            Ok(None) => {}
            Err(problem) => wrong.push(format!("{}: {problem}", entry.code)),
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(page_path(), &told).expect("the page can be written");
    } else if wrong.is_empty() && told != text {
        wrong.push(difference(&text, &told));
    }
    assert!(wrong.is_empty(), "{} of {} entries:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

type Outcome = Result<Option<String>, String>;

fn all(shop: &Shop, entries: &[Entry]) -> Vec<Outcome> {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let outcomes = |entries: &[Entry]| entries.iter().map(|entry| played(shop, entry)).collect::<Vec<_>>();
    thread::scope(|scope| {
        let parts = entries.chunks(entries.len().div_ceil(workers));
        let parts: Vec<_> = parts.map(|part| scope.spawn(|| outcomes(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("no example panics")).collect()
    })
}

/// The shop, with a definition of its own besides: the made-up vendor.
fn place(shop: &Shop) -> TempDir {
    let folder = shop.copied();
    copy(&root().join("tests/vendors/parcel"), &folder.path().join("destinations/parcel"));
    folder
}

/// What stands in the shop's files is good as it is.
fn sound(shop: &Shop) {
    let folder = place(shop);
    let said = session(folder.path(), &["sendoff check --online".into()]);
    assert!(said.well && said.codes.is_empty(), "{}", said.text);
}

/// The message of the bad example, unless the entry only describes.
fn played(shop: &Shop, entry: &Entry) -> Outcome {
    let (Some(bad), Some(good)) = (&entry.bad, &entry.good) else {
        return Err("`Bad` or `Good` is missing, or has neither text nor session".into());
    };
    if bad.text.is_none() && bad.commands.is_empty() {
        return match DESCRIBED.contains(&entry.code.as_str()) {
            true => Ok(None),
            false => Err("only described".into()),
        };
    }
    if cfg!(not(target_os = "linux")) && OF_LINUX.iter().any(|word| entry.text.contains(word)) {
        println!("{}: skipped, its session is one of Linux", entry.code);
        return Ok(None);
    }
    let right = after(shop, bad, good, true)?;
    if !right.well || !right.codes.is_empty() {
        return Err(format!("what is good does not go:\n{}", right.text));
    }
    let wrong = after(shop, bad, good, false)?;
    let expected = BTreeSet::from([entry.code.clone()]);
    if wrong.codes != expected {
        return Err(format!("what is bad leads to {:?}:\n{}", wrong.codes, wrong.text));
    }
    message(&entry.code, &wrong.text).map(Some).ok_or_else(|| format!("no message in\n{}", wrong.text))
}

/// The shop with one side of the example in its place. A file of the shop holds what is good; another one is it.
fn after(shop: &Shop, bad: &Side, good: &Side, right: bool) -> Result<Said, String> {
    let folder = place(shop);
    if let (Some(file), Some(wanted)) = (&bad.file, &good.text) {
        let path = folder.path().join(file);
        let wrong = bad.text.as_ref().ok_or("what is bad names a file and has no text")?;
        match fs::read_to_string(&path) {
            Ok(held) if held.matches(wanted.as_str()).count() != 1 => {
                return Err(format!("in the shop's {file} there has to stand once:\n{wanted}"));
            }
            Ok(_) if right => {}
            Ok(held) => {
                fs::write(&path, held.replacen(wanted.as_str(), wrong, 1)).map_err(|error| error.to_string())?
            }
            Err(_) => {
                fs::create_dir_all(path.parent().unwrap_or(folder.path())).map_err(|error| error.to_string())?;
                fs::write(&path, format!("{}\n", if right { wanted } else { wrong }))
                    .map_err(|error| error.to_string())?;
            }
        }
    }
    let commands = match (right && !good.commands.is_empty(), bad.commands.is_empty()) {
        (true, _) => good.commands.clone(),
        (false, false) => bad.commands.clone(),
        (false, true) => vec![page::CHECK.to_string()],
    };
    Ok(session(folder.path(), &commands))
}

struct Said {
    /// Of the last command.
    text: String,
    codes: BTreeSet<String>,
    well: bool,
}

fn session(folder: &Path, commands: &[String]) -> Said {
    let (last, before) = commands.split_last().expect("there is a command");
    let script = format!(
        "{{\n{}\n}} >/dev/null 2>&1\n{last}\n",
        if before.is_empty() { "true".into() } else { before.join("\n") }
    );
    let programs = Path::new(env!("CARGO_BIN_EXE_sendoff")).parent().expect("it lies in a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let output = inside(folder, "bash").args(["-c", &script]).env("PATH", path).env("SENDOFF_ENV", "staging").output();
    let output = output.expect("bash runs");
    let text = [&output.stdout, &output.stderr].map(|bytes| plain(bytes, folder)).concat();
    let above = found(r"(?m)^([a-z]+::[a-z_]+)$", &text);
    let codes = above.into_iter().chain(found(BEHIND, &text)).collect();
    Said { text, codes, well: output.status.success() }
}

/// The sentence below a code, or before it where a command or a report says it; on one line.
fn message(code: &str, text: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| *line != code).skip(1).skip_while(|line| line.trim().is_empty());
    let Some(first) = lines.next() else {
        let behind = format!(" [{code}]");
        return text.lines().find_map(|line| line.trim_end().strip_suffix(&behind)).map(|said| said.trim().to_string());
    };
    let rest = lines.map_while(|line| line.strip_prefix("  │ "));
    Some(rest.fold(first.trim_start().to_string(), |all, part| format!("{all} {}", part.trim())))
}
