//! The language server as an editor has it: the built program, spoken to over its standard input and output. In the texts of a case
//! `|` is where the cursor stands.

#[path = "lsp/editor.rs"]
mod editor;

use editor::Editor;
use serde_json::{Value, json};

const CONNECTIONS: &str = "\
destination crm = batch {
  rest_api_key = env(\"KEY\")
  project_key = \"project_1\"
}
";
const CUSTOMERS: &str = "\
model customers {
  from file \"customers.csv\"
  key customer_id
}

segment vips of customers where is_vip
";
const PROFILES: &str = "\
activation profiles {
  from vips
  to crm.profiles
  mode upsert
  identify { customer_id -> custom_id }
  map {
    lower(email) -> email
  }
  custom { first_name, city -> town { null = clear } }
  stop when changed > 30%
}

test profiles_are_tidy of profiles {
  rows file \"rows.csv\" { types { zip = \"varchar\" } }
  expect unchanged 0
}
";
const ROWS: &str = "customer_id,email,first_name,city,is_vip\n1,a@x.se,Ann,Umeå,true\n";

fn shop() -> Editor {
    let files = [
        ("connections.sendoff", CONNECTIONS),
        ("customers.sendoff", CUSTOMERS),
        ("profiles.sendoff", PROFILES),
        ("customers.csv", ROWS),
    ];
    Editor::start(&files)
}

fn labels(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

#[test]
fn problems_are_told_as_one_types() {
    let mut editor = shop();
    assert_eq!(editor.open("profiles.sendoff"), json!([]));
    let found = editor.write("profiles.sendoff", &PROFILES.replace("mode upsert", "mode upsret"));
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["code"], "check::unknown_mode");
    assert_eq!(found[0]["range"], json!({"start": {"line": 3, "character": 7}, "end": {"line": 3, "character": 13}}));
    assert_eq!(found[0]["message"], "unknown mode `upsret`\ndid you mean `upsert`?");
    assert_eq!(editor.write("profiles.sendoff", PROFILES), json!([]));
    // Columns are those of the file, as soon as it is looked at.
    let found = editor.write("profiles.sendoff", &PROFILES.replace("first_name", "firstname"));
    assert_eq!(found[0]["code"], "check::unknown_column", "{found}");
}

#[test]
fn a_mistake_shows_in_the_file_that_it_breaks() {
    let mut editor = shop();
    editor.open("profiles.sendoff");
    editor.open("customers.sendoff");
    editor.send_text("customers.sendoff", &CUSTOMERS.replace("segment vips", "segment vip"));
    let found = editor.told("profiles.sendoff");
    assert_eq!(found[0]["code"], "check::unknown_model");
}

#[test]
fn what_may_be_written_is_offered() {
    let mut editor = shop();
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("|", &["activation", "model", "test"], &["map"]),
        ("activation a {\n  |\n}\n", &["from", "identify", "stop"], &["activation"]),
        ("activation a {\n  from |\n}\n", &["customers", "vips", "file"], &["crm"]),
        ("activation a {\n  to |\n}\n", &["crm.profiles"], &["customers"]),
        ("activation a {\n  to crm.profiles\n  mode |\n}\n", &["upsert"], &["mirror"]),
        ("activation a {\n  to crm.profiles\n  map { x -> | }\n}\n", &["email", "phone"], &["custom_id"]),
        ("activation a {\n  to crm.profiles\n  identify { x -> | }\n}\n", &["custom_id"], &["email"]),
        ("activation a {\n  from customers\n  map { | }\n}\n", &["first_name", "city"], &[]),
        ("activation a {\n  stop when |\n}\n", &["changed", "rejected"], &[]),
        ("destination x = batch {\n  |\n}\n", &["rest_api_key", "project_key"], &[]),
        ("destination x = |", &["voyado", "http"], &[]),
        ("activation a {\n  from file \"c.csv\" { | }\n}\n", &["delimiter", "types"], &[]),
        ("activation a {\n  after |\n}\n", &["profiles"], &["customers"]),
        ("test t of |", &["profiles"], &["vips"]),
        ("test t of profiles {\n  |\n}\n", &["rows", "expect"], &["map"]),
        ("test t of profiles {\n  rows {\n    |\n  }\n}\n", &["customer_id", "email", "is_vip"], &["town", "phone"]),
        ("test t of profiles {\n  before { customer_id, | }\n}\n", &["city"], &["customer_id"]),
        ("test t of profiles {\n  rows {\n    email\n    |\n  }\n}\n", &[], &["city"]),
        ("test t of profiles {\n  expect |\n}\n", &["added", "nothing", "request"], &["rows"]),
        ("test t of profiles {\n  expect added { | }\n}\n", &["customer_id", "custom_id", "town"], &["city"]),
        ("test t of profiles {\n  expect request |\n}\n", &["POST", "DELETE"], &["added"]),
        ("test t of profiles {\n  expect error |\n}\n", &["\"run::empty_model\""], &["added"]),
        ("test t of profiles {\n  expect error \"|\n}\n", &["run::guard"], &["added"]),
        ("test t of profiles {\n  before |\n}\n", &["file", "sql"], &["added"]),
    ];
    for (text, wanted, unwanted) in cases {
        let found = editor.ask_at("new.sendoff", text, "textDocument/completion", &json!({}));
        let labels = labels(&found);
        wanted.iter().for_each(|label| assert!(labels.contains(label), "{text}: {label} is not in {labels:?}"));
        unwanted.iter().for_each(|label| assert!(!labels.contains(label), "{text}: {label} is in {labels:?}"));
    }
}

#[test]
fn things_say_what_they_are() {
    let mut editor = shop();
    for (place, part) in [
        ("-> em|ail", "e-mail"),
        ("mode up|sert", "mode `upsert`"),
        ("crm.prof|iles", "Profiles"),
        ("from vi|ps", "segment `vips` of `customers`"),
        ("stop when chan|ged", "changed rows"),
        ("-> custom|_id", "custom_id"),
        ("lower(ema|il)", "varchar"),
        ("null = cl|ear", "they empty the field"),
        ("nu|ll = clear", "they empty the field"),
        ("expect un|changed", "nothing to send"),
        ("{ ty|pes {", "types of columns"),
    ] {
        let text = PROFILES.replace(&place.replace('|', ""), place);
        let found = editor.ask_at("profiles.sendoff", &text, "textDocument/hover", &json!({}));
        let told = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(told.contains(part), "{place}: `{part}` is not in: {told}");
    }
}

#[test]
fn columns_of_tables_say_what_they_are() {
    let mut editor = shop();
    let rows = "rows {\n    customer_id, email\n    1, 'a@x.se'\n  }";
    let added = "expect added {\n    custom_id, town\n    1, 'Oslo'\n  }";
    let tested = PROFILES.replace("rows file \"rows.csv\" { types { zip = \"varchar\" } }", rows);
    let tested = tested.replace("expect unchanged 0", added);
    let cases = [("_id, ema|il\n", "varchar"), ("    custom|_id, town", "custom_id"), ("_id, to|wn\n", "attribute")];
    for (place, part) in cases {
        let text = tested.replace(&place.replace('|', ""), place);
        let found = editor.ask_at("profiles.sendoff", &text, "textDocument/hover", &json!({}));
        let told = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(told.contains(part), "{place}: `{part}` is not in: {told}");
    }
    let text = tested.replace("_id, town", "_id, to|wn");
    let found = editor.ask_at("profiles.sendoff", &text, "textDocument/definition", &json!({}));
    assert_eq!(found[0]["range"]["start"]["line"], 8, "{found}");
}

#[test]
fn names_lead_to_where_they_are_defined() {
    let mut editor = shop();
    for (place, file, line) in [("from vi|ps", "customers.sendoff", 5), ("to cr|m.", "connections.sendoff", 0)] {
        let text = PROFILES.replace(&place.replace('|', ""), place);
        let found = editor.ask_at("profiles.sendoff", &text, "textDocument/definition", &json!({}));
        assert!(found[0]["uri"].as_str().unwrap().ends_with(file), "{place}: {found}");
        assert_eq!(found[0]["range"]["start"]["line"], line, "{place}");
    }
    let text = CUSTOMERS.replace("\"customers.csv", "\"cust|omers.csv");
    let found = editor.ask_at("customers.sendoff", &text, "textDocument/definition", &json!({}));
    assert!(found[0]["uri"].as_str().unwrap().ends_with("customers.csv"), "{found}");
    let text = CUSTOMERS.replace("model customers", "model custom|ers");
    let found = editor.ask_at(
        "customers.sendoff",
        &text,
        "textDocument/references",
        &json!({"context": {"includeDeclaration": true}}),
    );
    assert_eq!(found.as_array().unwrap().len(), 2);
}

#[test]
fn a_name_is_changed_everywhere() {
    let mut editor = shop();
    let text = PROFILES.replace("from vips", "from vi|ps");
    let found = editor.ask_at("profiles.sendoff", &text, "textDocument/prepareRename", &json!({}));
    assert_eq!(found["placeholder"], "vips");
    let found = editor.ask_at("profiles.sendoff", &text, "textDocument/rename", &json!({"newName": "best"}));
    let changes = found["changes"].as_object().unwrap();
    assert_eq!(changes.len(), 2, "{found}");
    assert!(changes.values().flat_map(|edits| edits.as_array().unwrap()).all(|edit| edit["newText"] == "best"));
    let said = editor.refused_at("profiles.sendoff", &text, "textDocument/rename", &json!({"newName": "customers"}));
    assert_eq!(said, "`customers` is there already");
}

#[test]
fn files_are_brought_into_style() {
    let mut editor = shop();
    editor.open("profiles.sendoff");
    let options = json!({"options": {"tabSize": 2, "insertSpaces": true}});
    let found = editor.ask("profiles.sendoff", "textDocument/formatting", &options);
    assert_eq!(found, json!([]));
    editor.write("profiles.sendoff", &PROFILES.replace("  mode upsert", "      mode    upsert"));
    let found = editor.ask("profiles.sendoff", "textDocument/formatting", &options);
    assert_eq!(found[0]["newText"], PROFILES);
}

#[test]
fn a_slip_is_mended_by_a_click() {
    let mut editor = shop();
    editor.open("profiles.sendoff");
    editor.write("profiles.sendoff", &PROFILES.replace("-> email", "-> emial"));
    let range = json!({"start": {"line": 6, "character": 20}, "end": {"line": 6, "character": 20}});
    let asked = json!({"range": range, "context": {"diagnostics": []}});
    let found = editor.ask("profiles.sendoff", "textDocument/codeAction", &asked);
    assert_eq!(found[0]["title"], "Replace with `email`", "{found}");
    let edits = found[0]["edit"]["changes"].as_object().unwrap().values().next().unwrap();
    assert_eq!(edits[0]["newText"], "email");
}

#[test]
fn a_file_has_an_outline() {
    let mut editor = shop();
    editor.open("customers.sendoff");
    let found = editor.ask("customers.sendoff", "textDocument/documentSymbol", &json!({}));
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["customers", "vips"]);
}

#[test]
fn it_says_goodbye() {
    assert_eq!(shop().leave(), 0);
}

#[test]
fn what_is_no_protocol_is_told() {
    let output = editor::typed("hello\n");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("lsp::protocol"), "{said}");
}
