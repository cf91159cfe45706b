//! What people copy from must work: pipeline texts in the documentation parse, commands are commands, the README's first
//! steps succeed, sessions show what is printed, and links lead somewhere. The pages of destinations are those that their
//! definitions make (`UPDATE=1` writes them).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sendoff::catalog::{self, DefinitionFile};
use sendoff::diag::{Drawing, Sources, draw};
use sendoff::ir::catalog::{Catalog, Repeat};
use sendoff::parse::parse;
use sendoff::report::destination;

#[path = "docs/book.rs"]
mod book;
#[path = "docs/ci.rs"]
mod ci;
#[path = "docs/forms.rs"]
mod forms;
#[path = "docs/receiver.rs"]
mod receiver;
#[path = "docs/runner.rs"]
mod runner;
#[path = "docs/sessions.rs"]
mod sessions;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_in(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == ending)).collect();
    files.sort();
    assert!(!files.is_empty(), "no .{ending} files in {folder}");
    files
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files_in("docs", "md");
    pages.extend(files_in("docs/destinations", "md"));
    pages.retain(|page| !page.ends_with("SUMMARY.md"));
    pages.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    pages
}

/// Without the page of what is wrong, which a test of its own plays.
fn right_pages() -> impl Iterator<Item = PathBuf> {
    pages().into_iter().filter(|page| !page.ends_with("diagnostics.md"))
}

/// A code block. After its language may stand the file that it is.
struct Block {
    language: String,
    file: Option<String>,
    /// Where its text begins, counted from 1.
    line: usize,
    text: String,
}

/// All code blocks of a page. One with backticks of its own has more of them around it.
fn all_blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(&str, Block)> = None;
    for (index, line) in page.lines().enumerate() {
        let trimmed = line.trim_start();
        let ticks = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
        match &mut open {
            None if ticks.len() >= 3 => {
                let mut words = trimmed[ticks.len()..].split_whitespace().map(str::to_string);
                let language = words.next().unwrap_or_default();
                open = Some((ticks, Block { language, file: words.next(), line: index + 2, text: String::new() }));
            }
            None => {}
            Some((fence, _)) if trimmed == *fence => found.extend(open.take().map(|(_, block)| block)),
            Some((_, block)) => block.text.extend([line, "\n"]),
        }
    }
    assert!(open.is_none(), "a code block is never closed");
    found
}

/// The code blocks of a page in one language, each with the line it begins at.
fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let all = all_blocks(page).into_iter().filter(|block| block.language == language);
    all.map(|block| (block.line, block.text)).collect()
}

fn assert_parses(name: String, text: &str) {
    let mut sources = Sources::default();
    let file = sources.add(name.clone(), text);
    let (_, problems) = parse(file, text);
    let drawn: String =
        problems.0.iter().map(|problem| draw(problem, &sources, Drawing { color: false, width: 120 })).collect();
    assert!(problems.is_empty(), "{name} does not parse:\n{drawn}");
}

#[test]
fn pipeline_texts_in_the_documentation_parse() {
    let mut count = 0;
    for path in right_pages() {
        for (line, text) in blocks(&fs::read_to_string(&path).unwrap(), "sendoff") {
            assert_parses(format!("{}:{line}", path.display()), &text);
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} blocks found");
}

/// The lines of a page's `sh` blocks, each a command's words, without comments and redirections.
fn commands(page: &str) -> Vec<Vec<String>> {
    let blocks = blocks(page, "sh");
    let lines = blocks.iter().flat_map(|(_, text)| text.lines());
    let typed = lines.map(|line| line.split(" #").next().unwrap_or_default().split(" > ").next().unwrap_or_default());
    typed.map(|line| line.split_whitespace().map(str::to_string).collect()).collect()
}

fn sendoff(folder: &Path, words: &[String]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendoff"));
    command.env_remove("BATCH_REST_API_KEY").env_remove("SENDOFF_ENV");
    let output = command.args(words).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

/// `--help` is only answered once everything before it has been understood.
#[test]
fn commands_in_the_documentation_are_commands() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let mut count = 0;
    for path in pages() {
        for mut words in commands(&fs::read_to_string(&path).unwrap()) {
            let line = words.join(" ");
            match words.first().map(String::as_str) {
                Some("sendoff") => {
                    words.push("--help".into());
                    let (good, said) = sendoff(root(), &words[1..]);
                    assert!(good, "{}: {line}\n{said}", path.display());
                    count += 1;
                }
                Some("make") => assert!(makefile.contains(&format!("\n{}:", words[1])), "{}: {line}", path.display()),
                Some(script) if script.starts_with("scripts/") || script.starts_with("ci/") => {
                    assert!(root().join(script).exists(), "{line}")
                }
                Some("cargo" | "export" | "cd" | "git") | None => {}
                Some(other) => panic!("{}: `{other}` is no command known here", path.display()),
            }
        }
    }
    assert!(count >= 20, "only {count} commands found");
}

/// Everything the README has a newcomer type, from `init` to where an account is needed.
#[test]
fn the_first_steps_succeed() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = place.path().to_path_buf();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let steps = commands(&readme).into_iter().skip_while(|words| !words.join(" ").starts_with("sendoff init"));
    let mut runs = Vec::new();
    for words in steps.take_while(|words| words.first().is_none_or(|word| word != "export")) {
        match words.first().map(String::as_str) {
            Some("cd") => folder = folder.join(&words[1]),
            Some("sendoff") => {
                let (good, said) = sendoff(&folder, &words[1..]);
                assert!(good, "{}\n{said}", words.join(" "));
                runs.push(said);
            }
            _ => {}
        }
    }
    assert!(runs.len() >= 5, "only {} commands found", runs.len());
    assert!(runs.last().is_some_and(|said| said.contains("nothing sent: no change")), "{runs:?}");
}

#[test]
fn the_example_project_parses() {
    for path in files_in("pipelines", "sendoff").into_iter().chain(files_in("tests/sources", "sendoff")) {
        assert_parses(path.display().to_string(), &fs::read_to_string(&path).unwrap());
    }
}

/// Every activation of the example project has a test; those tests pass, and those that pages show.
#[test]
fn the_example_tests_pass() {
    let words = ["test", "--format", "json"].map(str::to_string);
    let (good, said) = sendoff(&root().join("pipelines"), &words);
    assert!(good && said.contains("\"untested\": []"), "{said}");
    let mut count = 0;
    for path in pages() {
        let blocks = blocks(&fs::read_to_string(&path).unwrap(), "sendoff");
        for (line, text) in blocks.iter().filter(|(_, text)| text.contains("\ntest ")) {
            let place = tempfile::tempdir().unwrap();
            fs::write(place.path().join("page.sendoff"), text).unwrap();
            let (good, said) = sendoff(place.path(), &words);
            assert!(good, "{}:{line}\n{said}", path.display());
            count += 1;
        }
    }
    assert!(count >= 1, "no page shows a test");
}

fn builtin() -> Catalog {
    let mut sources = Sources::default();
    let files = catalog::builtin().into_iter().map(|(path, text)| DefinitionFile {
        file: sources.add(path, text),
        path: path.into(),
        text: text.into(),
    });
    let (catalog, problems) = catalog::read(&files.collect::<Vec<_>>());
    assert!(problems.is_empty(), "{problems:?}");
    catalog
}

/// The pages of `docs/destinations/` by their names, as they should be.
fn destination_pages() -> BTreeMap<String, String> {
    let catalog = builtin();
    let mut pages = BTreeMap::from([("README.md".to_string(), destination::index(&catalog))]);
    for known in catalog.destinations.values() {
        let example = fs::read_to_string(root().join(format!("pipelines/{}.sendoff", known.kind))).ok();
        pages.insert(format!("{}.md", known.kind), destination::markdown(known, example.as_deref()));
    }
    pages
}

#[test]
fn pages_of_destinations_are_fresh() {
    let folder = root().join("docs/destinations");
    let pages = destination_pages();
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let stale = |(name, text): &(&String, &String)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text);
    let stale: Vec<&String> = pages.iter().filter(stale).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "`UPDATE=1 cargo test --test docs` writes {stale:?} anew");
    let there = files_in("docs/destinations", "md");
    let names = there.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let left: Vec<String> = names.filter(|name| !pages.contains_key(name)).collect();
    assert!(left.is_empty(), "{left:?} are pages of no destination");
}

/// Code spans of the guarantee: tests and cases that are named exist, and calls that are not simply sent again are told of.
#[test]
fn the_guarantee_names_what_there_is() {
    let page = fs::read_to_string(root().join("docs/guarantee.md")).unwrap();
    let table = page.split("## Line by line").nth(1).and_then(|rest| rest.split("## ").next()).unwrap();
    let mut written = String::new();
    for folder in ["tests", "tests/end_to_end", "tests/suite", "tests/suite/secrets", "tests/suite/conformance"] {
        files_in(folder, "rs").iter().for_each(|path| written += &fs::read_to_string(path).unwrap());
    }
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for name in tests.split('`').skip(1).step_by(2) {
            let last = name.rsplit("::").next().unwrap_or_default();
            let is_case = root().join(format!("tests/golden/ledger/{last}.yaml")).exists();
            let is_test = written.contains(&format!("fn {last}(")) || written.contains(&format!("\"{last}\""));
            assert!(is_case || is_test, "the guarantee names `{name}`, which is no test");
        }
    }
    for destination in builtin().destinations.values() {
        for call in destination.services.iter().flat_map(|service| service.calls.values()) {
            let told = call.repeat == Repeat::Safe || page.contains(&format!("`{}`", call.name.as_str()));
            assert!(told, "the guarantee does not say what becomes of `{}` after a lost answer", call.name.as_str());
        }
    }
}
