//! `tests/golden/format/<case>.sendoff` -> `<case>.formatted`. Formatting again changes nothing; the tree never changes.

use std::fs;
use std::path::Path;

use sendoff::format::format;
use sendoff::ir::span::FileId;
use sendoff::parse::parse;

use crate::common::{cases, golden, tree::tree};

#[test]
fn format_golden() {
    golden("format", "sendoff", "formatted", |case, text| {
        formatted(case, text).expect("format cases hold no mistakes")
    });
}

#[test]
fn format_keeps_what_parses() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parse");
    let texts = cases(&folder, "sendoff").into_iter().map(|case| (fs::read_to_string(&case).expect("readable"), case));
    let count = texts.filter_map(|(text, case)| formatted(&case, &text)).count();
    assert!(count >= 10, "only {count} cases parse");
}

fn with_line_feeds(text: &str) -> String {
    text.split('\n').map(|line| line.trim_end_matches('\r')).collect::<Vec<_>>().join("\n")
}

/// `None` for a text with mistakes.
fn formatted(case: &Path, text: &str) -> Option<String> {
    let (file, problems) = parse(FileId(0), text);
    if problems.any_error() {
        return None;
    }
    let once = format(&file, text);
    let (again, problems) = parse(FileId(0), &once);
    assert!(problems.is_empty(), "{}: {problems:?}\n{once}", case.display());
    // Line ends within a text or an expression become those of the file.
    let (meant, _) = parse(FileId(0), &with_line_feeds(text));
    assert_eq!(tree(&meant), tree(&again), "{}\n{once}", case.display());
    assert_eq!(once, format(&again, &once), "{}", case.display());
    Some(once)
}
