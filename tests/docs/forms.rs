//! The language reference against the grammar: each keyword is told of, and the list of forms at its end is made of the
//! grammar's own examples (`UPDATE=1` writes it), which parse.

use std::fs;

use regex::Regex;

use super::{all_blocks, assert_parses, root};

/// An example of a rule, as the grammar gives it.
struct Form {
    section: String,
    rule: String,
    example: String,
    /// What the grammar says beside it.
    remark: String,
}

fn grammar() -> String {
    fs::read_to_string(root().join("grammar/sendoff.pest")).unwrap()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/language.md")).unwrap()
}

/// Examples are the comments right above a rule. Those of whitespace and of mistakes are no forms to be used.
fn forms() -> Vec<Form> {
    let heading = Regex::new(r"^// -{10,} (.+)$").unwrap();
    let rule = Regex::new(r"^(\w+)\s*= [_@$!]?\{").unwrap();
    let (mut section, mut above, mut found) = (String::new(), Vec::new(), Vec::new());
    for line in grammar().lines() {
        if let Some(named) = heading.captures(line) {
            section = named[1].to_string();
        } else if let Some(comment) = line.strip_prefix("// ") {
            above.push(comment.to_string());
            continue;
        } else if let Some(named) = rule.captures(line) {
            found.extend(above.iter().map(|comment| form(&section, &named[1], comment)));
        }
        above.clear();
    }
    found.retain(|form| !form.section.is_empty() && form.section != "Mistakes" && !is_prose(&form.example));
    found
}

fn form(section: &str, rule: &str, comment: &str) -> Form {
    let (example, remark) = comment.split_once("   ").unwrap_or((comment, ""));
    let (section, rule, example) = (section.to_string(), rule.to_string(), example.to_string());
    Form { section, rule, example, remark: remark.trim().to_string() }
}

/// Comments are sentences: they begin with a capital, or go on from the line before and end with a full stop.
fn is_prose(comment: &str) -> bool {
    comment.ends_with(['.', ')']) && !comment.contains('(')
        || comment.starts_with(char::is_uppercase) && comment.contains(' ')
}

/// A whole file around an example.
fn around(form: &Form) -> String {
    let example = &form.example;
    let entry = |entry: String| format!("activation a {{\n{entry}\n}}\n");
    let test = |entry: String| format!("test t of a {{\n{entry}\n}}\n");
    match (form.section.as_str(), form.rule.as_str()) {
        ("Items", _) => example.clone(),
        (_, "filter") => entry(format!("from m {example}")),
        (_, rule) if rule.ends_with("_input") => entry(format!("from {example}")),
        ("Entries", _) => entry(example.clone()),
        (_, "column" | "quoted_name") => entry(format!("key {example}")),
        (_, "path") => entry(format!("map {{ x -> {example} }}")),
        ("Tests", "head_cell") => test(format!("rows {{\n{example}\n}}")),
        ("Tests", "cell") => test(format!("expect changed {{\nemail\n{example}\n}}")),
        ("Tests", _) => test(example.clone()),
        ("Mappings", _) => entry(format!("map {{\n{example}\n}}")),
        ("Expressions", _) => entry(format!("map {{ (x = {example}\n) -> x }}")),
        (_, "settings") => format!("project {example}\n"),
        (_, "setting_key") => format!("project {{ {example} = 1 }}\n"),
        (_, "name") => format!("source {example} = duckdb\n"),
        _ => format!("project {{ x = {example} }}\n"),
    }
}

#[test]
fn examples_of_the_grammar_parse() {
    for form in forms() {
        assert_parses(format!("the example of `{}`", form.rule), &around(&form));
    }
}

const HEADING: &str = "## Every form\n";

fn listed() -> String {
    let mut out = format!("{HEADING}\nThe grammar's own examples (`grammar/sendoff.pest`), written here by a test.\n");
    let (mut section, mut rule) = (String::new(), String::new());
    for form in forms() {
        if form.section != section {
            section = form.section;
            rule.clear();
            out += &format!("\n| {section} | written |\n| --- | --- |\n");
        }
        let name = if form.rule == rule { String::new() } else { form.rule.replace('_', " ") };
        rule = form.rule;
        let remark = if form.remark.is_empty() { String::new() } else { format!(" {}", form.remark) };
        out += &format!("| {name} | {}{remark} |\n", code(&form.example));
    }
    out
}

/// Code in a cell: a bar would end it, and as many backticks as it needs go around it.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[test]
fn every_form_is_listed() {
    let page = page();
    let (before, found) = page.split_once(HEADING).expect("the page ends with every form");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join("docs/language.md"), format!("{before}{}", listed())).unwrap();
        return;
    }
    assert!(format!("{HEADING}{found}") == listed(), "`UPDATE=1 cargo test --test docs` writes the forms anew");
}

/// In code, and outside the list above, which would have it in any case.
#[test]
fn every_keyword_is_told_of() {
    let page = page();
    let told = page.split(HEADING).next().unwrap();
    let blocks: String = all_blocks(told).into_iter().map(|block| block.text).collect();
    let spans: String = told.split('`').skip(1).step_by(2).flat_map(|span| [span, "\n"]).collect();
    let code = blocks + &spans;
    let keyword = Regex::new(r#"(?m)^(\w+_word) *= @\{ \^?"(\w+)""#).unwrap();
    let grammar = grammar();
    let words: Vec<&str> = keyword.captures_iter(&grammar).map(|found| found.get(2).unwrap().as_str()).collect();
    assert!(words.len() >= 25, "only {words:?} found");
    for word in words {
        let told = Regex::new(&format!(r"\b{word}\b")).unwrap().is_match(&code);
        assert!(told, "docs/language.md does not show the keyword `{word}`");
    }
}
