//! `tests/golden/cli/<command>/<case>/`: the files of `in/` are copied to an empty folder, each line of `cmd` is run there, and
//! `stdout`, `stderr` and `code` hold what came of it; `out/` holds the files that must be there afterwards, where it matters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;

/// What a command may know of the machine: where libraries lie, and nothing that changes what it says.
pub const KEPT: &[&str] =
    &["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SENDOFF_EXTENSIONS", "SYSTEMROOT", "TMPDIR"];

#[test]
fn commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli");
    let cases: Vec<PathBuf> = folders(&root).iter().flat_map(|command| folders(command)).collect();
    assert!(!cases.is_empty());
    let wrong: Vec<String> = cases.iter().flat_map(|case| run(case)).collect();
    assert!(wrong.is_empty(), "{} files differ\n\n{}", wrong.len(), wrong.join("\n"));
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

#[derive(Default)]
struct Said {
    stdout: String,
    stderr: String,
    code: String,
}

fn run(case: &Path) -> Vec<String> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy(&case.join("in"), place.path());
    // A repository of its own: the place lies in one already, or does not, as the case may be.
    fs::create_dir(place.path().join(".git")).unwrap();
    let commands = fs::read_to_string(case.join("cmd")).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let mut said = Said::default();
    for line in commands.lines().filter(|line| !line.trim().is_empty()) {
        let output = execute(line, place.path());
        said.stdout += &plain(&output.stdout, place.path());
        said.stderr += &plain(&output.stderr, place.path());
        said.code += &format!("{}\n", output.status.code().unwrap_or(-1));
    }
    let parts = [("stdout", said.stdout), ("stderr", said.stderr), ("code", said.code)];
    let mut wrong: Vec<String> = parts.iter().filter_map(|(name, found)| differs(&case.join(name), found)).collect();
    wrong.extend(outcome(&case.join("out"), place.path()));
    wrong
}

/// `NAME=VALUE ... sendoff ARGUMENT ...`, split at blanks that do not stand in single quotes.
fn execute(line: &str, folder: &Path) -> Output {
    let mut quoted = false;
    let apart = line.split(|c: char| {
        quoted ^= c == '\'';
        c.is_whitespace() && !quoted
    });
    let mut words = apart.filter(|word| !word.is_empty()).map(|word| word.trim_matches('\'')).peekable();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.current_dir(folder).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        command.env(name, value);
        words.next();
    }
    assert_eq!(words.next(), Some("sendoff"), "{line}");
    command.args(words).output().unwrap()
}

pub fn plain(output: &[u8], folder: &Path) -> String {
    let text = String::from_utf8_lossy(output).replace(&*folder.to_string_lossy(), "[DIR]");
    let text = Regex::new(r"\S*/(\w+) \(PID \d+\)").unwrap().replace_all(&text, "$1 (PID [PID])").into_owned();
    let text = Regex::new(r"\b\d+\.\d s\b").unwrap().replace_all(&text, "[TIME]").into_owned();
    let text = Regex::new(r"\b\d{8}T\d{6}-\w+").unwrap().replace_all(&text, "[RUN]").into_owned();
    Regex::new(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z").unwrap().replace_all(&text, "[NOW]").into_owned()
}

pub fn copy(from: &Path, to: &Path) {
    for (name, text) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Paths below the folder, with their texts; none where there is no folder.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(current) = open.pop() {
        let Ok(entries) = fs::read_dir(&current) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let text = fs::read_to_string(&path).unwrap();
                    found.push((path.strip_prefix(folder).unwrap().to_path_buf(), text));
                }
            }
        }
    }
    found.sort();
    found
}

fn outcome(expected: &Path, place: &Path) -> Vec<String> {
    let expected = files(expected).into_iter().map(|(name, _)| (expected.join(&name), place.join(&name)));
    expected.filter_map(|(wanted, found)| differs(&wanted, &fs::read_to_string(found).unwrap_or_default())).collect()
}

/// An expected file that is not there is empty.
fn differs(path: &Path, found: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        match found.is_empty() {
            true => drop(fs::remove_file(path)),
            false => fs::write(path, found).unwrap(),
        }
        return None;
    }
    let wanted = fs::read_to_string(path).unwrap_or_default();
    (found != wanted).then(|| format!("--- {}\n{}", path.display(), crate::common::difference(&wanted, found)))
}

/// The binary answers before it opens anything.
#[test]
fn version() {
    let output = execute("sendoff --version", Path::new("."));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("sendoff {}\n", env!("CARGO_PKG_VERSION")));
}
