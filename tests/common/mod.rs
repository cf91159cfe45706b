//! What the golden tests share: finding cases, comparing, rewriting.

pub mod scripted;
pub mod tree;

use std::fs;
use std::path::{Path, PathBuf};

/// Runs `act` over every `tests/golden/<stage>/<case>.<extension>` and compares with `<case>.<expected>`. All cases that
/// differ are shown at once. `CASE=absent` plays those with such names alone.
pub fn golden(stage: &str, extension: &str, expected: &str, act: impl Fn(&Path, &str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(stage);
    let cases = cases(&folder, extension);
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let wrong: Vec<String> = cases.iter().filter_map(|case| compare(case, expected, &act)).collect();
    assert!(wrong.is_empty(), "{} of {} cases differ\n\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

pub fn cases(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let only = std::env::var("CASE").unwrap_or_default();
    let asked = |path: &PathBuf| path.file_stem().is_some_and(|name| name.to_string_lossy().contains(&only));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).filter(asked).collect();
    paths.sort();
    paths
}

fn compare(case: &Path, expected: &str, act: impl Fn(&Path, &str) -> String) -> Option<String> {
    let input = fs::read_to_string(case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let found = act(case, &input);
    let path = case.with_extension(expected);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return None;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    (found != wanted).then(|| format!("--- {}\n{}", case.display(), difference(&wanted, &found)))
}

pub fn difference(wanted: &str, found: &str) -> String {
    similar::TextDiff::from_lines(wanted, found)
        .unified_diff()
        .context_radius(2)
        .header("expected", "found")
        .to_string()
}
