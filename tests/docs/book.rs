//! The book that `docs/` is: its table of contents is whole, its links lead somewhere, and no code block is of a kind that
//! nothing looks at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{all_blocks, files_in, pages, right_pages, root};

/// What links of a page point at.
fn targets(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|target| !target.contains("://"))
}

fn book() -> PathBuf {
    root().join("docs")
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    let listed: Vec<PathBuf> = targets(&summary).map(|target| book().join(target)).collect();
    let once: BTreeSet<PathBuf> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len(), "a page is listed twice");
    let there = files_in("docs", "md").into_iter().chain(files_in("docs/destinations", "md"));
    let there: BTreeSet<PathBuf> = there.filter(|path| !path.ends_with("SUMMARY.md")).collect();
    let missing: Vec<_> = once.difference(&there).collect();
    let unlisted: Vec<_> = there.difference(&once).collect();
    assert!(missing.is_empty() && unlisted.is_empty(), "not there: {missing:?}, not listed: {unlisted:?}");
}

/// What a heading is called in links: as in the book, so on GitHub.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect::<String>().to_lowercase()
}

fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let inside: BTreeSet<usize> =
        all_blocks(&text).iter().flat_map(|block| block.line..block.line + block.text.lines().count()).collect();
    let lines = text.lines().enumerate().filter(|(at, line)| line.starts_with('#') && !inside.contains(&(at + 1)));
    lines.map(|(_, line)| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for target in targets(&page) {
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(to.exists(), "{} links to {target}, which is not there", path.display());
            let known = place.is_empty() || anchors(&to).contains(place);
            assert!(known, "{} links to {target}, which is no heading there", path.display());
        }
    }
}

/// The book is `docs/` alone: a link out of it works in the repository and nowhere else.
#[test]
fn links_of_the_book_stay_in_it() {
    for path in pages().into_iter().filter(|path| path.starts_with(book())) {
        let page = fs::read_to_string(&path).unwrap();
        let depth = path.strip_prefix(book()).unwrap().components().count() - 1;
        let outside = targets(&page).find(|target| target.matches("../").count() > depth);
        assert_eq!(outside, None, "{}", path.display());
    }
}

#[test]
fn code_blocks_are_of_kinds_that_are_looked_at() {
    for path in right_pages() {
        for block in all_blocks(&fs::read_to_string(&path).unwrap()) {
            let place = format!("{}:{}", path.display(), block.line);
            match block.language.as_str() {
                "yaml" => drop(serde_yaml::from_str::<serde_yaml::Value>(&block.text).expect(&place)),
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block.text).expect(&place)),
                // Parsed, typed and compared by tests of their own. `text` is what no program reads.
                "sendoff" | "sh" | "console" | "text" => {}
                other => panic!("{place}: nothing looks at blocks of `{other}`"),
            }
        }
    }
}
