//! How an answer reads record by record, and the examples that prove it.

use super::connection::{condition, learnt};
use super::field::fold;
use super::names::{Declared, Site};
use super::node::{Kind, Node};
use super::reader::{Fields, Reader};
use crate::diag::count;
use crate::ir::catalog::{Answer, Example, Expect, Match, Reader as RecordReader, RecordRule, RecordVerdict};

const VERDICTS: [&str; 11] =
    ["accepted", "warning", "rejected", "absent", "exists", "found", "pending", "failed", "unclear", "retry", "stop"];

fn verdict(reader: &Reader<'_>, node: &Node) -> Option<RecordVerdict> {
    reader.word(node, RecordVerdict::parse, &VERDICTS)
}

/// Passes over an answer; the last says what silence means.
pub fn readers(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Vec<RecordReader> {
    let items = reader.list(node);
    for (at, item) in items.iter().enumerate() {
        let last = at + 1 == items.len();
        match item.get("others") {
            Some(_) if !last => reader.error("catalog::records", "`others` comes last", item),
            None if last => {
                reader.error("catalog::records", "the last of `records` says what `others` are", item);
            }
            _ => {}
        }
    }
    items.iter().filter_map(|item| record_reader(reader, item, declared)).collect()
}

fn record_reader(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<RecordReader> {
    let mut fields = Fields::new(reader, node, "a reader of records")?;
    if let Some(others) = fields.take("others") {
        let is = verdict(reader, others);
        let reason = fields.take("reason").and_then(|node| reader.template(node, Site::Answer, declared));
        fields.finish(reader);
        return Some(RecordReader::Others { is: is?, reason });
    }
    let each = fields.need("each").and_then(|node| reader.value(node, Site::Answer, declared));
    let matching = fields.need("match").and_then(|node| matching(reader, node, declared));
    let rules = match fields.take("rules") {
        Some(list) => reader.list(list).iter().filter_map(|item| record_rule(reader, item, declared)).collect(),
        None => rule(reader, &mut fields, declared).into_iter().collect(),
    };
    fields.finish(reader);
    Some(RecordReader::Each { each: each?, matching: matching.unwrap_or_default(), rules })
}

fn matching(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Match> {
    let mut fields = Fields::new(reader, node, "`match`")?;
    let template = |node| reader.template(node, Site::Item, declared);
    let matching = Match {
        index: fields.take("index").and_then(template),
        key: fields.take("key").and_then(template),
        remote_id: fields.take("remote_id").and_then(template),
        fold_case: fields.take("fold").and_then(|node| reader.word(node, fold, &["case"])).unwrap_or(false),
    };
    fields.finish(reader);
    if matching.index.is_none() && matching.key.is_none() && matching.remote_id.is_none() {
        reader.error("catalog::missing_key", "`match` needs `index`, `key` or `remote_id`", node);
    }
    Some(matching)
}

fn record_rule(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<RecordRule> {
    let mut fields = Fields::new(reader, node, "a rule for a record")?;
    let found = rule(reader, &mut fields, declared);
    fields.finish(reader);
    found
}

fn rule(reader: &Reader<'_>, fields: &mut Fields<'_>, declared: &Declared) -> Option<RecordRule> {
    let when = condition(reader, fields.take("when"), Site::Item, declared);
    let is = fields.need("is").and_then(|node| verdict(reader, node));
    let reason = fields.take("reason").and_then(|node| reader.template(node, Site::Item, declared));
    let learn = learnt(reader, fields.take("learn"), Site::Item, declared);
    let field = fields.take("field").and_then(|node| reader.template(node, Site::Item, declared));
    Some(RecordRule { when, is: is?, reason, learn, field })
}

pub fn examples(reader: &Reader<'_>, node: &Node) -> Vec<Example> {
    reader.list(node).iter().filter_map(|item| example(reader, item)).collect()
}

fn example(reader: &Reader<'_>, node: &Node) -> Option<Example> {
    let mut fields = Fields::new(reader, node, "an example")?;
    let status = fields.need("status").and_then(|node| status(reader, node));
    let headers = fields.take("headers").map(|node| reader.entries(node)).unwrap_or_default();
    let sent = fields.texts(reader, "sent");
    let expect = fields.need("expect").and_then(|node| expect(reader, node, sent.len()));
    let example = Example {
        name: fields.need("name").and_then(|node| reader.text(node)).unwrap_or_default(),
        span: reader.span(node),
        status: status.unwrap_or_default(),
        headers: headers.iter().filter_map(|(name, node)| Some((name.clone(), reader.text(node)?))).collect(),
        body: fields.take("body").map(Node::json).unwrap_or_default(),
        expect: expect.unwrap_or_default(),
        identifier: fields.text(reader, "identifier"),
        sent,
    };
    fields.finish(reader);
    Some(example)
}

fn status(reader: &Reader<'_>, node: &Node) -> Option<u16> {
    let number = reader.whole(node)?;
    match u16::try_from(number) {
        Ok(status @ 100..=599) => Some(status),
        _ => {
            reader.error("catalog::example", format!("`{number}` is no HTTP status"), node);
            None
        }
    }
}

/// The answer's verdict alone (`expect: split`), or with those of the records.
fn expect(reader: &Reader<'_>, node: &Node, sent: usize) -> Option<Expect> {
    let answer = |node| reader.word(node, |word| Answer::parse(word).map(|_| word.to_string()), &Answer::NAMES);
    if !matches!(node.kind, Kind::Map(_)) {
        return Some(Expect { answer: answer(node)?, records: Vec::new(), reasons: Vec::new() });
    }
    let mut fields = Fields::new(reader, node, "`expect`")?;
    let answer = fields.need("answer").and_then(answer);
    let records = fields.take("records").map(|node| reader.list(node)).unwrap_or_default();
    let expect = Expect {
        answer: answer.unwrap_or_default(),
        records: records.iter().filter_map(|item| verdict(reader, item).and_then(|_| reader.text(item))).collect(),
        reasons: fields.texts(reader, "reasons"),
    };
    fields.finish(reader);
    let lengths = [("outcome", expect.records.len()), ("reason", expect.reasons.len())];
    for (what, len) in lengths.into_iter().filter(|(_, len)| *len != 0 && *len != sent) {
        let message =
            format!("the example sends {} and expects {}", count(sent as u64, "record"), count(len as u64, what));
        reader.error("catalog::example", message, node);
    }
    Some(expect)
}
