//! What is fuzzed. A target takes any bytes at all; it panics where something does not hold of them.
//!
//! `fuzz_targets/` hands them to libFuzzer, `tests/fuzz.rs` to a plain driver that needs nothing but the stable compiler.

use std::sync::LazyLock;

use sendoff::catalog::{DefinitionFile, builtin, read};
use sendoff::diag::{Drawing, Problems, Sources, draw};
use sendoff::emit::{judge_example, read_example};
use sendoff::format::format as formatted;
use sendoff::ir::ast::File;
use sendoff::ir::catalog::{Call, Catalog, Destination, Example, Expect, Service};
use sendoff::ir::span::{FileId, Span};
use sendoff::parse::parse as parsed;

#[path = "../tests/common/tree.rs"]
mod tree;

pub type Target = fn(&[u8]);

pub const TARGETS: [(&str, Target); 4] =
    [("parse", parse), ("format", format), ("definition", definition), ("answer", answer)];

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// Whatever was written, reading it ends, and what it complains of can be shown.
pub fn parse(input: &[u8]) {
    let mut sources = Sources::default();
    let text = text(input);
    let file = sources.add("fuzzed.sendoff", text.clone());
    let (_, problems) = parsed(file, &text);
    for (span, _) in problems.0.iter().flat_map(|problem| &problem.labels) {
        assert!(text.get(span.start..span.end).is_some(), "{problems:?}\n{text}");
    }
    drawn(&problems, &sources);
}

/// What parses can be formatted, keeps its tree and its comments, and stays as it is when formatted again.
pub fn format(input: &[u8]) {
    let text = text(input);
    let (file, problems) = parsed(FileId(0), &text);
    if !problems.is_empty() {
        return;
    }
    let once = formatted(&file, &text);
    let (again, problems) = parsed(FileId(0), &once);
    assert!(problems.is_empty(), "{problems:?}\n{text}\n->\n{once}");
    // Line ends within a text or an expression become those of the file.
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let (meant, _) = parsed(FileId(0), &lines.join("\n"));
    assert_eq!(items(&meant), items(&again), "{text}\n->\n{once}");
    assert_eq!(file.comments.len(), again.comments.len(), "{text}\n->\n{once}");
    assert_eq!(once, formatted(&again, &once), "{text}");
}

/// A comment behind a comma that stood alone on its line gets a line of its own, so the trees of comments may differ.
fn items(file: &File) -> String {
    tree::tree(&File { items: file.items.clone(), ..File::default() })
}

/// Of definitions that have none of their own.
const CONNECTION: &str =
    concat!("# file: connection.yaml\n", include_str!("../tests/golden/catalog/base/connection.yaml"), "\n");

/// Files of one destination, each after a line `# file: NAME`: what is wrong with them can be shown, and where nothing is,
/// their examples can be judged.
pub fn definition(input: &[u8]) {
    let (mut sources, mut files) = (Sources::default(), Vec::new());
    let text = text(input);
    let connection = if text.contains("# file: connection.yaml") { "" } else { CONNECTION };
    for part in [connection, &text].concat().split("# file: ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap_or((part, ""));
        let path = format!("destinations/fuzzed/{}", name.trim());
        let file = sources.add(path.clone(), text.to_string());
        files.push(DefinitionFile { file, path, text: text.to_string() });
    }
    let (catalog, problems) = read(&files);
    drawn(&problems, &sources);
    for (destination, service, call) in calls(&catalog) {
        for example in &call.examples {
            // One that is judged otherwise than it says is a problem of the definition, told elsewhere.
            let _ = judge_example(destination, service, call, example);
        }
    }
}

fn drawn(problems: &Problems, sources: &Sources) {
    for problem in &problems.0 {
        assert!(!draw(problem, sources, Drawing { color: false, width: 100 }).is_empty());
    }
}

fn calls(catalog: &Catalog) -> impl Iterator<Item = (&Destination, &Service, &Call)> {
    catalog.destinations.values().flat_map(|destination| {
        let services = destination.services.iter();
        services.flat_map(move |service| service.calls.values().map(move |call| (destination, service, call)))
    })
}

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| {
    let (mut sources, mut files) = (Sources::default(), Vec::new());
    for (path, text) in builtin() {
        let file = sources.add(path.to_string(), text.to_string());
        files.push(DefinitionFile { file, path: path.to_string(), text: text.to_string() });
    }
    read(&files).0
});

/// Records in every request that is answered.
const SENT: [&str; 4] = ["a@x.se", "17", "Åsa", "a b"];

/// An answer to a call of a built-in destination: a line `DESTINATION SERVICE CALL STATUS`, lines `NAME: VALUE`, an empty
/// line, a body. Whatever it is, it is read, the same each time, and says something of every record and no more.
pub fn answer(input: &[u8]) {
    let text = text(input);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let words: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let &[kind, service, call, status] = words.as_slice() else { return };
    let named = |of: &(&Destination, &Service, &Call)| {
        of.0.kind.as_str() == kind && of.1.name.as_str() == service && of.2.name.as_str() == call
    };
    let Some((destination, service, call)) = calls(&BUILT_IN).find(named) else { return };
    let headers = lines.filter_map(|line| line.split_once(": "));
    let example = Example {
        name: String::new(),
        span: Span::new(FileId(0), 0, 0),
        status: status.parse().unwrap_or(200),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        body: serde_json::Value::String(body.to_string()),
        identifier: None,
        sent: SENT.map(String::from).to_vec(),
        expect: Expect::default(),
    };
    let read = read_example(destination, service, call, &example).expect("a built-in definition compiles");
    assert_eq!(read.records.len(), SENT.len(), "{text}");
    assert_eq!(read.reasons.len(), SENT.len(), "{text}");
    assert!(read.reasons.iter().all(|reason| reason.chars().count() <= 400), "a reason is cut\n{text}");
    assert_eq!(read_example(destination, service, call, &example).as_ref(), Ok(&read), "{text}");
}

/// An answer of each example that the built-in definitions give.
pub fn answers() -> Vec<String> {
    let one = |(destination, service, call): (&Destination, &Service, &Call)| {
        let head = format!("{} {} {}", destination.kind.as_str(), service.name.as_str(), call.name.as_str());
        let answer = move |example: &Example| {
            let headers: String = example.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let body = match &example.body {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("{head} {}\n{headers}\n{body}", example.status)
        };
        call.examples.iter().map(answer).collect::<Vec<_>>()
    };
    calls(&BUILT_IN).flat_map(one).collect()
}
