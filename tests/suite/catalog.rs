use std::fs;
use std::path::Path;

use sendoff::catalog::{DefinitionFile, builtin, read};
use sendoff::diag::{Drawing, Problems, Sources, draw};
use sendoff::ir::catalog::*;

use super::common::golden;

const DRAWING: Drawing = Drawing { color: false, width: 110 };

fn read_all(files: &[(String, String)]) -> (Catalog, Problems, Sources) {
    let mut sources = Sources::default();
    let mut definitions = Vec::new();
    for (path, text) in files {
        let file = sources.add(path.clone(), text.clone());
        definitions.push(DefinitionFile { file, path: path.clone(), text: text.clone() });
    }
    let (catalog, problems) = read(&definitions);
    (catalog, problems, sources)
}

fn drawn(problems: &Problems, sources: &Sources) -> String {
    problems.0.iter().map(|problem| draw(problem, sources, DRAWING)).collect()
}

fn builtins() -> Vec<(String, String)> {
    builtin().into_iter().map(|(path, text)| (path.to_string(), text.to_string())).collect()
}

/// The files of a folder under `tests/`, as those of a destination.
fn folder(path: &str, kind: &str) -> Vec<(String, String)> {
    let entries =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)).expect("the folder is there");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let named = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files
        .iter()
        .map(|file| (format!("destinations/{kind}/{}", named(file)), fs::read_to_string(file).expect("it can be read")))
        .collect()
}

#[test]
fn built_in_definitions_have_no_problems() {
    let (catalog, problems, sources) = read_all(&builtins());
    assert!(problems.is_empty(), "{}", drawn(&problems, &sources));
    assert!(!catalog.destinations.is_empty());
}

#[test]
fn the_made_up_vendor_has_no_problems() {
    let (catalog, problems, sources) = read_all(&folder("vendors/parcel", "parcel"));
    assert!(problems.is_empty(), "{}", drawn(&problems, &sources));
    let services: usize = catalog.destinations.values().map(|destination| destination.services.len()).sum();
    assert_eq!(services, 4);
}

/// Cases are files of the destination `toy`, each after a line `# file: NAME`; those a case does not have are in `base/`.
#[test]
fn cases() {
    golden("catalog", "yaml", "out", |_, text| {
        let mut files = folder("golden/catalog/base", "toy");
        files.extend(text.split("# file: ").skip(1).filter_map(|part| {
            let (name, text) = part.split_once('\n')?;
            let path = match name.strip_prefix("../") {
                Some(elsewhere) => format!("destinations/{elsewhere}"),
                None => format!("destinations/toy/{name}"),
            };
            Some((path, text.to_string()))
        }));
        let (catalog, problems, sources) = read_all(&files);
        if problems.is_empty() { summary(&catalog) } else { drawn(&problems, &sources) }
    });
}

fn summary(catalog: &Catalog) -> String {
    let mut out = String::new();
    for Destination { kind, settings, one_of, base_url, headers, limits, answer, account, services, .. } in
        catalog.destinations.values()
    {
        out += &format!("destination {kind} at {}\n", base_url.0);
        out += &settings.iter().map(|setting| format!("  setting {}\n", words_of(setting))).collect::<String>();
        out += &format!("  one of {one_of:?}\n  headers {headers:?}\n  limits {limits:?}\n  account {account:?}\n");
        out += &answer.iter().map(rule).collect::<String>();
        out += &services.iter().map(service).collect::<String>();
    }
    out
}

fn words_of(setting: &Setting) -> String {
    let flags = [("secret", setting.secret), ("required", setting.required), ("identity", setting.identity)];
    let flags: Vec<&str> = flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
    format!("{} {:?} {flags:?} {:?} {:?}", setting.name, setting.kind, setting.values, setting.default)
}

fn rule(rule: &AnswerRule) -> String {
    let AnswerRule { when, is, reason, learn, until, with } = rule;
    let told: Vec<String> = [
        when.as_ref().map(|when| format!("when {}", when.0)),
        reason.as_ref().map(|reason| format!("reason {}", reason.0)),
        (!learn.is_empty()).then(|| format!("learn {learn:?}")),
        until.as_ref().map(|until| format!("until {}", until.0)),
        with.as_ref().map(|with| format!("with {with}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("    {is:?} {}\n", told.join(", "))
}

fn service(service: &Service) -> String {
    let mut out = format!(
        "  service {} (all identifiers: {}, dots: {:?}, hold: {}, absent retry: {} days)\n",
        service.name, service.identify_all, service.dots, service.hold_new_rows, service.absent_retry_days
    );
    for identifier in &service.identifiers {
        out += &format!("    identifier {}{}\n", identifier.name, placement(&identifier.placement));
    }
    for field in &service.fields {
        out += &format!("    field {}{}\n", field.name, placement(&field.placement));
    }
    for kind in service.custom.iter().flat_map(|custom| &custom.types) {
        out += &format!("    custom {} for {:?}{}\n", kind.word, kind.families, placement(&kind.placement));
    }
    for (mode, routes) in &service.modes {
        for Route { rows, when, steps } in routes {
            let when = when.as_ref().map_or(String::new(), |when| format!(" when {}", when.0));
            out += &format!("    mode {} {rows:?}{when}\n", mode.name());
            let line = |step: &Step| format!("      {:?} after {:?}{}\n", step.action, step.after, lacks(step));
            out += &steps.iter().map(line).collect::<String>();
        }
    }
    out + &service.calls.values().map(call).collect::<String>()
}

fn lacks(step: &Step) -> &'static str {
    if step.lacks_remote_id { ", lacks remote_id" } else { "" }
}

fn placement(placement: &Placement) -> String {
    let Placement { at, wire, words, values, max, clear, .. } = placement;
    format!(" at `{at}` as {}, words {words:?}, values {values:?}, max {max:?}, clear {clear:?}", wire.name())
}

fn call(call: &Call) -> String {
    let mut out = format!("    call {}: {} {}\n", call.name, call.method, call.path.0);
    out += &format!("      {:?}, {:?}, {:?}, writes {}\n", call.batch, call.send, call.repeat, call.writes);
    for (name, tree) in [("body", &call.body), ("record", &call.record)] {
        out += &tree.as_ref().map_or(String::new(), |tree| format!("      {name} {tree}\n"));
    }
    out += &call.answer.iter().map(|item| format!("  {}", rule(item))).collect::<String>();
    out += &call.readers.iter().map(|reader| format!("      {reader:?}\n")).collect::<String>();
    out += &call.holds.as_ref().map_or(String::new(), |holds| format!("      holds {}\n", holds.0));
    out + &call.job.as_ref().map_or(String::new(), |job| format!("      {job:?}\n"))
}

/// Definitions in the documentation: code blocks headed by a path.
fn sketches() -> Vec<(String, String)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/destination-format.md"));
    let page = page.expect("the page is there");
    let blocks = page.split("```yaml ").skip(1).filter_map(|block| block.split("```").next()?.split_once('\n'));
    blocks.map(|(path, text)| (format!("destinations/{}", path.trim()), text.to_string())).collect()
}

#[test]
fn sketches_in_the_documentation_read() {
    let mut files = builtins();
    files.extend(sketches());
    let (catalog, problems, sources) = read_all(&files);
    assert!(problems.is_empty(), "{}", drawn(&problems, &sources));
    let acme = catalog.destinations.get(&"acme".into()).expect("the sketch is there");
    assert_eq!(acme.services.len(), 1);
}

/// Whatever is cut off, there are problems and no panic, and every place lies in its file.
#[test]
fn definitions_cut_short_are_told_and_never_panic() {
    let mut files = folder("vendors/parcel", "parcel");
    let whole = files[2].1.replace("Parcel", "Pärcel – ½");
    for cut in (0..whole.len()).step_by(41).filter(|cut| whole.is_char_boundary(*cut)) {
        files[2].1 = whole[..cut].to_string();
        let (_, problems, sources) = read_all(&files);
        for (span, _) in problems.0.iter().flat_map(|problem| &problem.labels) {
            assert!(sources.text(span.file).get(span.start..span.end).is_some(), "{span:?} after {cut} bytes");
        }
        drawn(&problems, &sources);
    }
}

/// The examples of every definition there is hold: what an answer looks like and what it is read as.
#[test]
fn examples_hold() {
    let mut files = builtins();
    files.extend(sketches());
    files.extend(folder("vendors/parcel", "parcel"));
    let (catalog, _, _) = read_all(&files);
    let mut wrong = Vec::new();
    let mut count = 0;
    for destination in catalog.destinations.values() {
        for (service, call) in
            destination.services.iter().flat_map(|service| service.calls.values().map(move |call| (service, call)))
        {
            for example in &call.examples {
                count += 1;
                if let Err(error) = sendoff::emit::judge_example(destination, service, call, example) {
                    wrong.push(format!(
                        "{} {} {}: {}: {error}",
                        destination.kind, service.name, call.name, example.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count >= 11, "only {count} examples");
}
