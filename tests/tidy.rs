//! The shape of the source itself: who may import whom, where packages live, and what does not belong in the code.
//!
//! The tables come first. A change to one of them is a change to the architecture: `docs/architecture.md` moves with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Who may import whom. A row imports only from rows above it, so that there are no cycles; a longer path goes before a
/// shorter one.
const IMPORTS: &[(&str, &[&str])] = &[
    ("ir", &[]),
    ("diag", &["ir"]),
    ("template", &["ir"]),
    ("sandbox", &["ir"]),
    ("store", &["ir", "diag"]),
    ("world", &["ir"]),
    ("world/sandboxed", &["ir", "sandbox"]),
    ("world/serve", &["sandbox"]),
    ("world/sim", &["ir", "sandbox"]),
    ("inspect", &["ir", "diag", "store"]),
    ("parse", &["ir", "diag", "template"]),
    ("format", &["ir", "diag", "template"]),
    ("catalog", &["ir", "diag", "template"]),
    ("check", &["ir", "diag", "template"]),
    ("lint", &["ir", "diag", "template"]),
    ("plan", &["ir", "diag", "template"]),
    ("report", &["ir", "diag", "template"]),
    ("assist", &["ir", "diag"]),
    ("diff", &["ir", "diag", "store"]),
    ("record", &["ir", "diag", "store"]),
    ("load", &["ir", "diag", "store", "world"]),
    ("emit", &["ir", "diag", "template", "world"]),
    ("project", &["ir", "diag", "template", "world"]),
    (
        "engine",
        &[
            "ir", "diag", "template", "store", "world", "inspect", "parse", "catalog", "check", "lint", "plan", "diff",
            "record", "load", "emit", "project",
        ],
    ),
    ("lsp", &["ir", "diag", "engine", "assist", "parse", "format", "project", "report", "world"]),
    ("cli", &["ir", "diag", "engine", "lint", "lsp", "project", "report", "world"]),
    // What needs no more than one stage asks it itself.
    ("cli/destinations", &["ir", "diag", "catalog", "parse", "project", "report", "world"]),
    ("cli/fmt", &["ir", "diag", "parse", "format", "project", "report", "world"]),
    ("cli/private", &[]),
    ("cli/sandbox", &["ir", "diag", "report", "world", "sandbox"]),
    ("cli/stage", &["ir", "engine", "world", "sandbox"]),
    ("main", &["cli", "world"]),
];

/// Packages that have a home. What is not here and not in `AT_LARGE` is a package nobody has placed.
const HOMES: &[(&str, &[&str])] = &[
    ("anstyle", &["report"]),
    ("axum", &["world/serve"]),
    ("clap", &["cli", "main"]),
    ("duckdb", &["store"]),
    ("indicatif", &["cli", "report"]),
    ("lsp_server", &["lsp"]),
    ("lsp_types", &["lsp"]),
    ("miette", &["diag"]),
    ("minijinja", &["template"]),
    ("pest", &["parse"]),
    ("pest_derive", &["parse"]),
    ("rand", &["world"]),
    ("reqwest", &["world/real"]),
    ("rustix", &["cli/private"]),
    ("serde_yaml", &["catalog"]),
    ("similar", &["report"]),
    ("strsim", &["diag"]),
    // `engine/deliver` runs the ledger's reader and writer on threads of their own, beside delivery.
    ("tokio", &["main", "cli", "emit", "engine/deliver", "engine/settle", "world"]),
    ("tracing_subscriber", &["main", "cli"]),
];

/// Packages without effects of their own: types, derives, arithmetic.
const AT_LARGE: &[&str] =
    &["base64", "futures", "jiff", "regex", "serde", "serde_json", "sha1", "thiserror", "tracing"];

/// The door through which time comes.
const CLOCK: (&str, &[&str]) = (r"\b(SystemTime|Instant|Timestamp|Zoned)::now\b", &["world"]);

/// Vendors are data. Only the sandbox knows them.
const VENDORS: &str = r"(?i)batch\.com|x-batch|custom_id|project_key|voyado|emarsys|attentive|dotdigital";

/// Not in code that ships. What may fail says so in its type; what cannot carries its reason in `expect`.
const BANNED: &str = r"\b(todo|unimplemented|dbg)!|\.unwrap\(\)|allow\(dead_code\)|\bunsafe\b";

const LINES_MAX: usize = 400;

#[test]
fn imports_keep_to_the_table() {
    let mut wrong = Vec::new();
    let modules: BTreeSet<&str> = IMPORTS.iter().map(|(name, _)| first(name)).collect();
    for file in sources() {
        let Some((row, allowed)) = home(IMPORTS, &file.name) else {
            wrong.push(format!("{} has no row in the table", file.name));
            continue;
        };
        for import in file.imports() {
            let known = modules.contains(import.as_str()) && import != first(row);
            if known && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", file.name));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn the_table_has_no_cycles() {
    let mut above = BTreeSet::new();
    for (name, allowed) in IMPORTS {
        let below: Vec<_> = allowed.iter().filter(|import| !above.contains(*import)).collect();
        assert!(below.is_empty(), "{name} imports {below:?}, which stand below it");
        above.insert(first(name));
    }
}

#[test]
fn packages_stay_at_home() {
    let pattern = |package: &str| Regex::new(&format!(r"(^|[^:\w]){package}::")).unwrap();
    let packages: Vec<_> = HOMES.iter().map(|(package, homes)| (package, pattern(package), homes)).collect();
    let clock = Regex::new(CLOCK.0).unwrap();
    let mut wrong = Vec::new();
    for file in sources() {
        for (package, pattern, homes) in &packages {
            if pattern.is_match(&file.code) && !homes.iter().any(|home| within(&file.name, home)) {
                wrong.push(format!("{} uses {package}", file.name));
            }
        }
        if clock.is_match(&file.code) && !CLOCK.1.iter().any(|home| within(&file.name, home)) {
            wrong.push(format!("{} reads the clock", file.name));
        }
    }
    assert_none(wrong);
}

#[test]
fn every_package_is_placed() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_"));
    let names: BTreeSet<_> = names.collect();
    let placed = HOMES.iter().map(|(name, _)| *name).chain(AT_LARGE.iter().copied());
    let placed: BTreeSet<_> = placed.map(str::to_string).collect();
    assert_eq!(names, placed);
}

#[test]
fn vendors_are_data() {
    let vendor = Regex::new(VENDORS).unwrap();
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| !file.name.starts_with("sandbox")) {
        let lines = file.text.lines().enumerate().filter(|(_, line)| vendor.is_match(line));
        wrong.extend(lines.map(|(number, line)| format!("{}.rs:{}: {}", file.name, number + 1, line.trim())));
    }
    assert_none(wrong);
}

#[test]
fn nothing_unfinished() {
    let banned = Regex::new(BANNED).unwrap();
    let mut wrong = Vec::new();
    for file in sources() {
        let lines = file.code.lines().enumerate().filter(|(_, line)| banned.is_match(line));
        wrong.extend(lines.map(|(number, line)| format!("{}.rs:{}: {}", file.name, number + 1, line.trim())));
    }
    assert_none(wrong);
}

#[test]
fn files_stay_short() {
    let mut wrong = Vec::new();
    for file in sources() {
        let path = format!("{}.rs", file.name);
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{path} has {lines} lines"));
        }
    }
    assert_none(wrong);
}

#[test]
fn no_orphans() {
    let declared = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z ]+\))? )?mod (\w+);").unwrap();
    let files: BTreeMap<_, _> = sources().into_iter().map(|file| (file.name.clone(), file)).collect();
    let mut open = vec!["lib".to_string(), "main".to_string()];
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(file) = files.get(&name).or_else(|| files.get(&format!("{name}/mod"))) else { continue };
        let folder = if ["lib", "main"].contains(&name.as_str()) { String::new() } else { format!("{name}/") };
        // Test modules are declared in what `code` leaves out.
        let text = stripped(&file.text);
        open.extend(declared.captures_iter(&text).map(|found| format!("{folder}{}", &found[1])));
        reached.insert(file.name.clone());
    }
    assert_none(files.into_keys().filter(|name| !reached.contains(name)).collect());
}

fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The top-level module a path belongs to.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

fn within(file: &str, module: &str) -> bool {
    file.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The row with the longest path that the file lies in.
fn home<'a>(table: &'a [(&'a str, &'a [&'a str])], file: &str) -> Option<(&'a str, &'a [&'a str])> {
    // The crate's root only lists its modules.
    if file == "lib" {
        return Some(("lib", &[]));
    }
    table.iter().filter(|(module, _)| within(file, module)).max_by_key(|(module, _)| module.len()).copied()
}

struct Source {
    /// Its path below `src`, without `.rs`.
    name: String,
    text: String,
    /// Without comments, without what stands in quotes, without tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    paths.sort();
    paths.iter().map(|path| source(path)).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, found),
            false if path.extension().is_some_and(|kind| kind == "rs") => found.push(path),
            false => {}
        }
    }
}

fn source(path: &Path) -> Source {
    let name = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let name = name.to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let all = stripped(&text);
    let code = match name.ends_with("/tests") {
        true => String::new(),
        false => all.split("#[cfg(test)]").next().unwrap_or_default().to_string(),
    };
    Source { name, text, code }
}

impl Source {
    /// The top-level modules the file names, by `crate::`, by the library's name (in `main`), or by `super::` as far up
    /// as it goes.
    fn imports(&self) -> BTreeSet<String> {
        let depth = self.name.trim_end_matches("/mod").split('/').count();
        let climbs = vec!["super::"; depth].concat();
        let outside = if self.name == "main" { "sendoff::|" } else { "" };
        let path = Regex::new(&format!(r"(?:^|[^:\w])(?:{outside}crate::|{climbs})(\w+|\{{)")).unwrap();
        let mut imports = BTreeSet::new();
        for found in path.captures_iter(&self.code) {
            match &found[1] {
                "{" => imports.extend(members(&self.code[found.get(0).unwrap().end()..])),
                name => {
                    imports.insert(name.to_string());
                }
            }
        }
        imports
    }
}

/// The first names in a group of imports whose brace has just opened.
fn members(text: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (1, Vec::new(), true);
    for part in Regex::new(r"\w+|[{},]").unwrap().find_iter(text) {
        match part.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => begins |= depth == 1,
            name if begins => {
                names.push(name.to_string());
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Comments and the insides of quotes taken out, lines kept.
fn stripped(text: &str) -> String {
    let parts = concat!(
        r#"//[^\n]*"#,
        r#"|(?s:/\*.*?\*/)"#,
        r##"|(?s:r#".*?"#)"##,
        r#"|r"[^"]*""#,
        r#"|"(?:\\(?s:.)|[^"\\])*""#,
        r#"|'(?:\\[^\n']+|\\'|[^'\\\n])'"#,
    );
    let quiet = Regex::new(parts).unwrap();
    let lines = |found: &regex::Captures<'_>| {
        let quote = if found[0].starts_with('/') { "" } else { "\"\"" };
        quote.to_string() + &"\n".repeat(found[0].matches('\n').count())
    };
    quiet.replace_all(text, lines).into_owned()
}

#[test]
fn the_stripper_leaves_code() {
    let text = "use a; // b\nlet c = \"d \\\" e\"; /* f\n g */ let h = '\"'; fn i<'j>() { r\"k\" }\n";
    assert_eq!(stripped(text), "use a; \nlet c = \"\"; \n let h = \"\"; fn i<'j>() { \"\" }\n");
}

#[test]
fn imports_are_found() {
    let code = "use crate::{a::{b, c}, d};\nuse super::super::e;\nuse super::f;\nfn g() { crate::h::i() }".to_string();
    let file = Source { name: "x/y".into(), text: String::new(), code };
    assert_eq!(file.imports().into_iter().collect::<Vec<_>>(), ["a", "d", "e", "h"]);
}
