//! The published schema says what the reader reads: the same keys, the same words, and it takes every definition there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sendoff::catalog::{self, DefinitionFile, Vocabulary};
use sendoff::ir::span::FileId;
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    let text = fs::read_to_string(root().join("docs/destination.schema.json")).expect("the schema is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Every definition of the repository by its path: built in, made up, and the documentation's sketches.
fn definitions() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> =
        catalog::builtin().into_iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    for path in files_in(&root().join("tests/vendors"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
    {
        found.push((path.display().to_string(), fs::read_to_string(&path).expect("it can be read")));
    }
    let page = fs::read_to_string(root().join("docs/destination-format.md")).expect("the page is there");
    let sketches = page.split("```yaml ").skip(1).filter_map(|block| block.split("```").next()?.split_once('\n'));
    found.extend(sketches.map(|(path, text)| (format!("sketches/{}", path.trim()), text.to_string())));
    found
}

/// What reading them asks for. The sketches are read by themselves: some stand in the place of built-in files.
fn vocabulary() -> Vocabulary {
    let files = definitions().into_iter().enumerate();
    let files = files.map(|(at, (path, text))| DefinitionFile { file: FileId(at as u32), path, text });
    let (sketches, whole): (Vec<_>, Vec<_>) = files.partition(|file| file.path.starts_with("sketches/"));
    let (mut asked, more) = (catalog::vocabulary(&whole), catalog::vocabulary(&sketches));
    for (what, keys) in more.keys {
        asked.keys.entry(what).or_default().extend(keys);
    }
    for (what, keys) in more.needed {
        asked.needed.entry(what).and_modify(|all| all.retain(|key| keys.contains(key))).or_insert(keys);
    }
    asked.words.extend(more.words);
    asked
}

/// The mappings that a schema describes, by their titles.
fn mappings(schema: &Value, found: &mut BTreeMap<String, Value>) {
    match schema {
        Value::Object(members) => {
            if let (Some(Value::String(title)), true) = (members.get("title"), members.contains_key("properties")) {
                found.insert(title.clone(), schema.clone());
            }
            members.values().for_each(|inner| mappings(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| mappings(inner, found)),
        _ => {}
    }
}

fn described() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    mappings(&schema(), &mut found);
    found
}

fn texts<'v>(values: impl IntoIterator<Item = &'v Value>) -> BTreeSet<String> {
    values.into_iter().filter_map(Value::as_str).map(str::to_string).collect()
}

#[test]
fn keys_of_the_schema_are_those_of_the_reader() {
    let described = described();
    let asked = vocabulary();
    let titles: BTreeSet<&str> = described.keys().map(String::as_str).collect();
    assert_eq!(titles, asked.keys.keys().copied().collect(), "kinds of mappings");
    for (what, keys) in &asked.keys {
        let has: BTreeSet<&str> =
            described[*what]["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
        assert_eq!(has, *keys, "keys of {what}");
        assert_eq!(described[*what]["additionalProperties"], json!(false), "{what} is closed");
    }
}

/// A call may have its keys from another one, so that its file need not hold them.
#[test]
fn keys_that_must_be_there_are_the_same() {
    for (what, needed) in vocabulary().needed.into_iter().filter(|(what, _)| *what != "a call") {
        let mapping = &described()[what];
        let required = texts(mapping["required"].as_array().into_iter().flatten());
        // What is needed in one of several forms stands in these.
        let forms = ["anyOf", "oneOf"].into_iter().flat_map(|name| mapping[name].as_array().into_iter().flatten());
        let in_forms = forms.flat_map(|form| texts(form["required"].as_array().into_iter().flatten()));
        let in_forms: BTreeSet<String> = in_forms.collect();
        let needed: BTreeSet<String> = needed.into_iter().map(str::to_string).collect();
        assert_eq!(&required - &in_forms, &needed - &in_forms, "{what}");
    }
}

/// Every closed list, wherever it stands.
fn lists(schema: &Value, found: &mut BTreeSet<Vec<String>>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(words)) = members.get("enum") {
                found.insert(texts(words).into_iter().collect());
            }
            members.values().for_each(|inner| lists(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| lists(inner, found)),
        _ => {}
    }
}

#[test]
fn words_of_the_schema_are_those_of_the_reader() {
    let mut known = BTreeSet::new();
    lists(&schema(), &mut known);
    let asked = vocabulary().words;
    // A route takes the kinds of change that its mode has.
    let kinds: BTreeSet<&str> = ["added", "changed", "removed"].into();
    let part_of_kinds = |words: &Vec<String>| words.len() < 3 && words.iter().all(|word| kinds.contains(word.as_str()));
    let missing: Vec<_> = asked.difference(&known).filter(|words| !part_of_kinds(words)).collect();
    let stale: Vec<_> = known.difference(&asked).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not in the schema: {missing:?}; only there: {stale:?}");
}

#[test]
fn every_definition_fits_the_schema() {
    let validator = jsonschema::draft7::new(&schema()).expect("it is a schema");
    let mut wrong = Vec::new();
    for (path, text) in definitions() {
        let definition: Value = serde_yaml::from_str(&text).expect("it is YAML");
        wrong.extend(
            validator.iter_errors(&definition).map(|error| format!("{path}: {}: {error}", error.instance_path())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_do_not_fit() {
    let validator = jsonschema::draft7::new(&schema()).expect("it is a schema");
    let service = |change: &dyn Fn(&mut Value)| {
        let mut service = json!({
            "title": "Rows", "identifiers": {"id": {"at": "/id", "as": "text"}},
            "modes": {"insert": [{"rows": ["added"], "steps": [{"call": "add"}]}]},
            "calls": {"add": {"method": "POST", "path": "/rows", "body": "$record", "record": "$mapped"}},
        });
        change(&mut service);
        validator.is_valid(&service)
    };
    assert!(service(&|_| {}));
    assert!(!service(&|service| service["fields"] = json!({"name": {"at": "/name", "as": "string"}})));
    assert!(!service(&|service| service["calls"]["add"]["batch"] = json!({"record": 10})));
    assert!(!service(&|service| service["modes"]["upsertt"] = json!([])));
    assert!(!service(
        &|service| service["calls"]["add"]["answer"] = json!([{"when": "{{ status == 200 }}", "is": "accepted"}])
    ));
    assert!(
        !service(&|service| service["calls"]["add"]["job"] = json!({"id": "1", "poll": "look", "wait": "2 hours"}))
    );
    assert!(!validator.is_valid(&json!({"title": "API", "base_url": "https://x", "limits": {"api": {"requests": 1}}})));
}
