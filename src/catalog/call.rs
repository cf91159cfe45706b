//! Calls: what is sent and how its answer reads.

use std::time::Duration;

use super::answer::{examples, readers};
use super::connection::{condition, headers, learnt, templates};
use super::field::Calls;
use super::names::{Declared, Site};
use super::node::{Kind, Node};
use super::reader::{Fields, Reader, inside};
use crate::diag::suggestion;
use crate::ir::catalog::{Answer, AnswerRule, Batch, Call, Format, Job, Listing, Repeat, Send, Template, Tree};
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::ir::slot::Form;

/// What a call may refer to.
pub struct Surroundings<'s> {
    pub declared: &'s Declared,
    pub calls: &'s Calls<'s>,
    pub limits: Vec<&'s str>,
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

pub fn call(reader: &Reader<'_>, name: &str, node: &Node, around: &Surroundings<'_>) -> Option<Call> {
    let declared = around.declared;
    declared.call.replace(name.to_string());
    let mut fields = Fields::new(reader, node, "a call")?;
    let about = fields.text(reader, "about").unwrap_or_default();
    let method = fields.need("method").and_then(|node| method(reader, node, declared)).unwrap_or_default();
    let batch = fields.take("batch").and_then(|node| batch(reader, node, declared));
    let batch = batch.unwrap_or(Batch { records: 1, bytes: None, at_most: None });
    let site = if batch.records == 1 { Site::Record } else { Site::Request };
    let url = fields.take("url").and_then(|node| reader.template(node, site, declared));
    let path = if url.is_some() { fields.take("path") } else { fields.need("path") };
    let path = path.and_then(|node| reader.template(node, site, declared));
    let call = Call {
        name: CallName(name.to_string()),
        about,
        path: path.unwrap_or(Template(String::new())),
        url,
        query: fields.take("query").map(|node| query(reader, node, site, declared)).unwrap_or_default(),
        headers: headers(reader, fields.take("headers"), declared),
        body: fields.take("body").map(|node| tree(reader, node, site, declared, body_words(&batch))),
        record: fields.take("record").map(|node| tree(reader, node, Site::Record, declared, &RECORD_WORDS)),
        batch,
        limits: fields.take("limits").map(|node| limits(reader, node, around)).unwrap_or_default(),
        in_flight: fields.positive(reader, "in_flight"),
        send: fields.take("send").and_then(|node| reader.word(node, send, &["all", "changed"])).unwrap_or(Send::All),
        repeat: fields.take("repeat").and_then(|node| repeat(reader, name, node, around)).unwrap_or(Repeat::Safe),
        writes: fields.flag(reader, "writes", !matches!(method.as_str(), "GET" | "HEAD")),
        plan: fields.flag(reader, "plan", false),
        auth: fields.take("auth").and_then(|node| reader.word(node, auth, &["none"])).unwrap_or(true),
        format: fields
            .take("format")
            .and_then(|node| reader.word(node, format, &["json", "jsonl", "any"]))
            .unwrap_or_default(),
        answer: fields
            .take("answer")
            .map(|node| answer_rules(reader, node, declared, Some(around.calls)))
            .unwrap_or_default(),
        readers: fields.take("records").map(|node| readers(reader, node, declared)).unwrap_or_default(),
        holds: condition(reader, fields.take("holds"), Site::Answer, declared),
        list: fields.take("list").and_then(|node| listing(reader, node, declared)),
        job: fields.take("job").and_then(|node| job(reader, node, around)),
        gives: templates(reader, fields.take("gives"), Site::Answer, declared),
        examples: fields.take("examples").map(|node| examples(reader, node)).unwrap_or_default(),
        method,
    };
    fields.take("from");
    fields.finish(reader);
    check_body(reader, &call, node, declared);
    Some(call)
}

/// A body of records needs to know what a record is, and a record needs a place to go.
fn check_body(reader: &Reader<'_>, call: &Call, node: &Node, declared: &Declared) {
    let words = body_words(&call.batch);
    let form = Form::Tree { words: words.to_vec() };
    let left_open = declared.slots.borrow().iter().any(|(_, slot)| slot.call == call.name && slot.form == form);
    let spread = left_open || call.body.as_ref().is_some_and(|body| mentions(body, words));
    match (&call.record, spread) {
        (None, true) => {
            let at = node.get("body").unwrap_or(node);
            reader.error("catalog::missing_key", "a body with `$records` or `$record` needs `record`", at);
        }
        (Some(_), false) => {
            let at = node.get("record").unwrap_or(node);
            reader.error(
                "catalog::missing_key",
                "`record` goes nowhere: the body names neither `$records` nor `$record`",
                at,
            );
        }
        _ => {}
    }
    if call.batch.records > 1 && !spread && call.writes {
        let at = node.get("batch").unwrap_or(node);
        reader.error("catalog::missing_key", "a batch needs a body with `$records`", at);
    }
}

fn mentions(tree: &Tree, words: &[&str]) -> bool {
    match tree {
        Tree::String(text) => words.contains(&text.as_str()),
        Tree::Array(items) => items.iter().any(|item| mentions(item, words)),
        Tree::Object(entries) => entries.values().any(|item| mentions(item, words)),
        _ => false,
    }
}

fn method(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<String> {
    let text = reader.text(node)?;
    if text.contains("{{") {
        reader.check_template(&Template(text.clone()), node, Site::Request, declared);
        inside(&text)
            .into_iter()
            .for_each(|path| declared.slot(path, Form::Word { known: METHODS.to_vec() }, Site::Request));
        return Some(text);
    }
    reader.word(node, |word| METHODS.contains(&word).then(|| word.to_string()), &METHODS)
}

fn batch(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Batch> {
    let mut fields = Fields::new(reader, node, "a batch")?;
    let records = fields.need("records").and_then(|node| reader.count(node));
    let batch = Batch {
        records: records.unwrap_or(1),
        bytes: fields.take("bytes").and_then(|node| bytes(reader, node)),
        at_most: fields.take("at_most").and_then(|node| reader.template(node, Site::Route, declared)),
    };
    fields.finish(reader);
    if batch.records == 0 {
        reader.error("catalog::shape", "a batch holds at least one record", node);
    }
    Some(batch)
}

fn bytes(reader: &Reader<'_>, node: &Node) -> Option<u64> {
    let bytes = reader.whole(node)?;
    if bytes == 0 {
        reader.error("catalog::shape", "no body is smaller than 1 byte; without `bytes` there is no limit", node);
    }
    Some(bytes)
}

/// Names and values are both templates.
fn query(reader: &Reader<'_>, node: &Node, site: Site, declared: &Declared) -> Vec<(Template, Template)> {
    let entries = reader.entries(node).iter();
    let pair = |(name, node): &(String, Node)| {
        let name = Template(name.clone());
        reader.check_template(&name, node, site, declared);
        Some((name, reader.template(node, site, declared)?))
    };
    entries.filter_map(pair).collect()
}

const BODY_WORDS: [&str; 2] = ["$records", "$record"];
/// `$record` stands for the only one.
fn body_words(batch: &Batch) -> &'static [&'static str] {
    if batch.records == 1 { &BODY_WORDS } else { &BODY_WORDS[..1] }
}

const RECORD_WORDS: [&str; 3] = ["$mapped", "$fields", "$identifiers"];

/// A JSON tree: every text in it, names included, is a template or one of the words that stand for rows.
fn tree(reader: &Reader<'_>, node: &Node, site: Site, declared: &Declared, words: &[&'static str]) -> Tree {
    match &node.kind {
        Kind::Scalar(Tree::String(text)) if text.starts_with('$') => {
            if !words.contains(&text.as_str()) {
                let help = suggestion(text, words.iter().copied());
                reader.error_help("catalog::word", format!("`{text}` does not stand for rows here"), node, help);
            }
        }
        Kind::Scalar(Tree::String(text)) => {
            reader.check_template(&Template(text.clone()), node, site, declared);
            let form = Form::Tree { words: words.to_vec() };
            inside(text).into_iter().for_each(|path| declared.slot(path, form.clone(), site));
        }
        Kind::Scalar(_) => {}
        Kind::List(items) => items.iter().for_each(|item| drop(tree(reader, item, site, declared, words))),
        Kind::Map(entries) => {
            for (name, item) in entries {
                reader.check_template(&Template(name.clone()), item, site, declared);
                tree(reader, item, site, declared, words);
            }
        }
    }
    node.json()
}

fn limits(reader: &Reader<'_>, node: &Node, around: &Surroundings<'_>) -> Vec<String> {
    reader.list(node).iter().filter_map(|item| reader.name(item, "limit", around.limits.iter().copied())).collect()
}

fn send(word: &str) -> Option<Send> {
    match word {
        "all" => Some(Send::All),
        "changed" => Some(Send::Changed),
        _ => None,
    }
}

fn auth(word: &str) -> Option<bool> {
    (word == "none").then_some(false)
}

fn format(word: &str) -> Option<Format> {
    match word {
        "json" => Some(Format::Json),
        "jsonl" => Some(Format::JsonLines),
        "any" => Some(Format::Any),
        _ => None,
    }
}

fn repeat(reader: &Reader<'_>, name: &str, node: &Node, around: &Surroundings<'_>) -> Option<Repeat> {
    if !matches!(node.kind, Kind::Map(_)) {
        let word = |word: &str| match word {
            "safe" => Some(Repeat::Safe),
            "never" => Some(Repeat::Never),
            _ => None,
        };
        return reader.word(node, word, &["safe", "never"]);
    }
    let mut fields = Fields::new(reader, node, "`repeat`")?;
    let after = fields.need("after").and_then(|node| around.calls.any(reader, node));
    fields.finish(reader);
    if after.as_ref().is_some_and(|after| after.as_str() == name) {
        reader.error("catalog::name", "a call that looks whether this one was done is another call", node);
    }
    after.map(Repeat::After)
}

/// Rules for an answer as a whole. `calls` is `None` in a connection, which knows no calls.
pub fn answer_rules(
    reader: &Reader<'_>,
    node: &Node,
    declared: &Declared,
    calls: Option<&Calls<'_>>,
) -> Vec<AnswerRule> {
    reader.list(node).iter().filter_map(|item| answer_rule(reader, item, declared, calls)).collect()
}

fn answer_rule(reader: &Reader<'_>, node: &Node, declared: &Declared, calls: Option<&Calls<'_>>) -> Option<AnswerRule> {
    let mut fields = Fields::new(reader, node, "a rule for an answer")?;
    let when = condition(reader, fields.take("when"), Site::Answer, declared);
    let is = fields.need("is").and_then(|node| reader.word(node, Answer::parse, &Answer::NAMES));
    let template = |node| reader.template(node, Site::Answer, declared);
    let rule = AnswerRule {
        when,
        is: is.unwrap_or(Answer::Stop),
        reason: fields.take("reason").and_then(template),
        learn: learnt(reader, fields.take("learn"), Site::Answer, declared),
        until: fields.take("until").and_then(template),
        with: fields.take("with").zip(calls).and_then(|(node, calls)| calls.any(reader, node)),
    };
    fields.finish(reader);
    Some(rule)
}

fn listing(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Listing> {
    let mut fields = Fields::new(reader, node, "a listing")?;
    let items = fields.need("items").and_then(|node| reader.value(node, Site::Answer, declared));
    let listing = Listing {
        items: items.unwrap_or(Template(String::new())),
        next: fields.take("next").and_then(|node| reader.template(node, Site::Answer, declared)),
        more: fields.take("more").and_then(|node| reader.template(node, Site::Answer, declared)),
        identifier: fields.take("identifier").and_then(|node| reader.template(node, Site::Item, declared)),
        learn: learnt(reader, fields.take("learn"), Site::Item, declared),
        choice: fields.take("choice").and_then(|node| choice(reader, node, declared)),
    };
    fields.finish(reader);
    Some(listing)
}

fn choice(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<(Template, Template)> {
    let mut fields = Fields::new(reader, node, "a choice")?;
    let id = fields.need("id").and_then(|node| reader.template(node, Site::Item, declared));
    let label = fields.need("label").and_then(|node| reader.template(node, Site::Item, declared));
    fields.finish(reader);
    id.zip(label)
}

fn job(reader: &Reader<'_>, node: &Node, around: &Surroundings<'_>) -> Option<Job> {
    let mut fields = Fields::new(reader, node, "a job")?;
    let id = fields.need("id").and_then(|node| reader.template(node, Site::Answer, around.declared));
    let poll = fields.need("poll").and_then(|node| around.calls.any(reader, node));
    let every = fields.take("every").and_then(|node| pauses(reader, node));
    let wait = fields.need("wait").and_then(|node| reader.duration(node));
    let then = fields.take("then").and_then(|node| reader.word(node, Verdict::parse, &Verdict::ALL.map(Verdict::name)));
    let later = fields.flag(reader, "later", false);
    fields.finish(reader);
    let every = every.unwrap_or((Duration::from_secs(1), Duration::from_secs(15)));
    Some(Job { id: id?, poll: poll?, every, wait: wait?, then: then.unwrap_or(Verdict::Unclear), later })
}

fn pauses(reader: &Reader<'_>, node: &Node) -> Option<(Duration, Duration)> {
    match reader.list(node) {
        [first, longest] => {
            let (first_pause, longest_pause) = (reader.duration(first)?, reader.duration(longest)?);
            if first_pause > longest_pause {
                reader.error("catalog::shape", "the first pause is longer than the longest", node);
            }
            Some((first_pause, longest_pause))
        }
        _ => {
            reader.error("catalog::shape", "`every` is a list of two: the first pause and the longest", node);
            None
        }
    }
}
