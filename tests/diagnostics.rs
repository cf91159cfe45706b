//! Every code a problem can have stands in `docs/diagnostics.md`, and the page names no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

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

#[test]
fn every_code_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    codes_in(&root.join("src"), &mut used);
    let page = fs::read_to_string(root.join("docs/diagnostics.md")).expect("the page is there");
    let listed = found(r"(?m)^### ([a-z]+::[a-z_]+)$", &page);
    let documented: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), documented.len(), "a code is documented twice");
    let missing: Vec<_> = used.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&used).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not documented: {missing:?}; documented for nothing: {stale:?}");
}
