//! From nodes to plain values, with a problem for each that is not what it must be. Reading goes on after a problem.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::names::{Declared, Site};
use super::node::{Kind, Node, Place, locate};
use crate::diag::{Problem, Problems, list, suggestion};
use crate::ir::catalog::{Condition, Template};
use crate::ir::slot::Form;
use crate::ir::span::{FileId, Span};
use crate::template::{Engine, TemplateError};

mod fields;

pub use fields::Fields;

/// Collects problems while definitions are read.
pub struct Reader<'a> {
    texts: BTreeMap<FileId, &'a str>,
    pub problems: RefCell<Problems>,
    /// What was asked for, where somebody wants to know.
    asked: Option<RefCell<Vocabulary>>,
}

/// The keys and words that a definition may hold, as the reader asks for them: the published schema is held against it.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// By kind of mapping, as messages call it ("a call").
    pub keys: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// By kind of mapping: the keys that each one read must have.
    pub needed: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// Closed lists of words, each in order of the alphabet.
    pub words: BTreeSet<Vec<String>>,
}

impl<'a> Reader<'a> {
    pub fn new(texts: BTreeMap<FileId, &'a str>) -> Self {
        Reader { texts, problems: RefCell::default(), asked: None }
    }

    /// One that takes note of what it asks for.
    pub fn noting(texts: BTreeMap<FileId, &'a str>) -> Self {
        Reader { asked: Some(RefCell::default()), ..Reader::new(texts) }
    }

    pub fn vocabulary(self) -> Vocabulary {
        self.asked.map(RefCell::into_inner).unwrap_or_default()
    }

    pub fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Problems so far: whether reading something brought new ones.
    pub fn found(&self) -> usize {
        self.problems.borrow().0.len()
    }

    pub fn span(&self, node: &Node) -> Span {
        self.place(&node.place, node.written().as_deref())
    }

    pub fn key_span(&self, node: &Node) -> Span {
        let key = node.place.as_key();
        self.place(&key, None)
    }

    fn place(&self, place: &Place, value: Option<&str>) -> Span {
        locate(self.texts.get(&place.file).copied().unwrap_or_default(), place, value)
    }

    pub fn error(&self, code: &'static str, message: impl Into<String>, node: &Node) {
        self.push(Problem::error(code, message).at(self.span(node)));
    }

    pub fn error_help(&self, code: &'static str, message: impl Into<String>, node: &Node, help: Option<String>) {
        let problem = Problem::error(code, message).at(self.span(node));
        self.push(Problem { help, ..problem });
    }

    fn wrong(&self, node: &Node, wanted: &str) {
        self.error("catalog::shape", format!("{wanted} is needed here, not {}", node.noun()), node);
    }

    /// Text; numbers and booleans are taken as they are written, since YAML tells `2.11` and `on` apart from text.
    pub fn text(&self, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Value::String(text)) => Some(text.clone()),
            Kind::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => {
                self.wrong(node, "text");
                None
            }
        }
    }

    pub fn boolean(&self, node: &Node) -> Option<bool> {
        match &node.kind {
            Kind::Scalar(Value::Bool(value)) => Some(*value),
            _ => {
                self.wrong(node, "`true` or `false`");
                None
            }
        }
    }

    pub fn whole(&self, node: &Node) -> Option<u64> {
        match &node.kind {
            Kind::Scalar(Value::Number(number)) if number.is_u64() => number.as_u64(),
            Kind::Scalar(Value::Number(number)) => {
                self.error("catalog::shape", format!("a whole number is needed here, not `{number}`"), node);
                None
            }
            _ => {
                self.wrong(node, "a whole number");
                None
            }
        }
    }

    pub fn count(&self, node: &Node) -> Option<u32> {
        let number = self.whole(node)?;
        let small = u32::try_from(number).ok();
        if small.is_none() {
            self.error("catalog::shape", format!("`{number}` is too large"), node);
        }
        small
    }

    /// The items of a list.
    pub fn list<'n>(&self, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) => items,
            _ => {
                self.wrong(node, "a list");
                &[]
            }
        }
    }

    /// The entries of a mapping.
    pub fn entries<'n>(&self, node: &'n Node) -> &'n [(String, Node)] {
        match &node.kind {
            Kind::Map(entries) => entries,
            _ => {
                self.wrong(node, "a mapping");
                &[]
            }
        }
    }

    pub fn texts(&self, node: &Node) -> Vec<String> {
        self.list(node).iter().filter_map(|item| self.text(item)).collect()
    }

    /// One text, or a list of them.
    pub fn lines(&self, node: &Node) -> Vec<String> {
        if node.text().is_some() { self.text(node).into_iter().collect() } else { self.texts(node) }
    }

    /// A word of a closed list.
    pub fn word<T>(&self, node: &Node, parse: impl Fn(&str) -> Option<T>, known: &[&str]) -> Option<T> {
        if let Some(asked) = &self.asked {
            let mut words: Vec<String> = known.iter().map(ToString::to_string).collect();
            words.sort();
            asked.borrow_mut().words.insert(words);
        }
        let word = self.text(node)?;
        let found = parse(&word);
        if found.is_none() {
            let help =
                suggestion(&word, known.iter().copied()).or_else(|| Some(format!("known here: {}", list(known))));
            self.error_help("catalog::word", format!("`{word}` is not a word for this place"), node, help);
        }
        found
    }

    /// A name that must be among those declared elsewhere.
    pub fn name<'n>(&self, node: &Node, noun: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
        let name = self.text(node)?;
        let known: Vec<&str> = known.into_iter().collect();
        if known.contains(&name.as_str()) {
            return Some(name);
        }
        let help = suggestion(&name, known);
        self.error_help("catalog::name", format!("there is no {noun} `{name}`"), node, help);
        None
    }

    /// `500ms`, `1s`, `10m`, `2h`, `14d`
    pub fn duration(&self, node: &Node) -> Option<Duration> {
        let text = self.text(node)?;
        let duration = duration(&text);
        if duration.is_none() {
            let help = Some("durations read `500ms`, `1s`, `10m`, `2h` or `14d`".to_string());
            self.error_help("catalog::duration", format!("`{text}` is not a duration"), node, help);
        }
        duration
    }

    pub fn pattern(&self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        match regex::Regex::new(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                let said = error.to_string();
                let why = said.rsplit_once("error: ").map_or(String::new(), |(_, why)| format!(": {}", why.trim()));
                self.error("catalog::pattern", format!("`{text}` is no regular expression{why}"), node);
                None
            }
        }
    }

    /// A JSON pointer to a place in a record.
    pub fn pointer(&self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        let escapes_fine = text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
        if text.starts_with('/') && text.len() > 1 && escapes_fine {
            return Some(text);
        }
        let help = "JSON pointers begin with `/`, and write `~` as `~0` and `/` in a name as `~1`".to_string();
        self.error_help("catalog::pointer", format!("`{text}` is not a JSON pointer"), node, Some(help));
        None
    }

    pub fn condition(&self, node: &Node, site: Site, declared: &Declared) -> Option<Condition> {
        let text = self.text(node)?;
        if text.trim_start().starts_with("{{") {
            let help = Some("write it without `{{` and `}}`".to_string());
            self.error_help("catalog::expression", "a condition is a bare expression", node, help);
            return None;
        }
        if matches!(site, Site::Answer | Site::Item) {
            declared.slot(text.trim(), Form::Condition, site);
        }
        match Engine::lenient().expression(&text) {
            Ok(expression) => self.check_names(node, site, declared, &expression.paths()),
            Err(error) => self.template_error(node, &text, &error),
        }
        Some(Condition(text))
    }

    pub fn template(&self, node: &Node, site: Site, declared: &Declared) -> Option<Template> {
        self.template_as(node, Form::Text, site, declared)
    }

    fn template_as(&self, node: &Node, form: Form, site: Site, declared: &Declared) -> Option<Template> {
        let template = Template(self.text(node)?);
        self.check_template(&template, node, site, declared);
        inside(&template.0).into_iter().for_each(|path| declared.slot(path, form.clone(), site));
        Some(template)
    }

    /// A template that must be exactly one expression, since a list or a truth is wanted and not text.
    pub fn value(&self, node: &Node, site: Site, declared: &Declared) -> Option<Template> {
        let template = self.template_as(node, Form::Value, site, declared)?;
        if Engine::lenient().text(&template).is_ok_and(|text| text.expression().is_none()) {
            let help = Some("exactly one `{{ ... }}`, and nothing around it".to_string());
            self.error_help("catalog::expression", "a value is needed here, and this is text", node, help);
        }
        Some(template)
    }

    /// Checks text that stands at a node: its value or its key.
    pub fn check_template(&self, template: &Template, node: &Node, site: Site, declared: &Declared) {
        match Engine::lenient().text(template) {
            Ok(text) => self.check_names(node, site, declared, &text.paths()),
            Err(error) => self.template_error(node, &template.0, &error),
        }
    }

    fn check_names(&self, node: &Node, site: Site, declared: &Declared, paths: &[String]) {
        for stranger in declared.names(site).strangers(paths) {
            let span = self.span(node);
            let found = node.text().and_then(|text| Some((text.find(&stranger.path)?, stranger.path.len())));
            let at = found.and_then(|(offset, len)| self.inside(node, span, offset, len)).unwrap_or(span);
            let help = suggestion(&stranger.path, stranger.known.iter().map(String::as_str))
                .or_else(|| (!stranger.known.is_empty()).then(|| format!("known here: {}", list(&stranger.known))));
            let message = format!("the name `{}` means nothing here", stranger.path);
            self.push(Problem { help, ..Problem::error("catalog::expression", message).at(at) });
        }
    }

    fn template_error(&self, node: &Node, text: &str, error: &TemplateError) {
        let span = self.span(node);
        let range = error.range.clone().unwrap_or(0..text.len());
        let at = self.inside(node, span, range.start, range.len().max(1)).unwrap_or(span);
        let message = format!("the expression does not read: {}", error.message);
        self.push(Problem::error("catalog::expression", message).at(at));
    }

    /// The part of a scalar's span, where the text stands in the file as it is meant (no escapes, no folding).
    fn inside(&self, node: &Node, span: Span, offset: usize, len: usize) -> Option<Span> {
        let value = node.text()?;
        let written = self.texts.get(&span.file)?.get(span.start..span.end)?;
        let lead = written.find(value)?;
        Some(span.part(lead + offset, len))
    }
}

/// What stands in the braces of a text that is exactly one expression.
pub fn inside(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim())
}

impl Vocabulary {
    fn note(&mut self, fields: &Fields<'_>) {
        let needed: BTreeSet<&'static str> = fields.needed.iter().copied().collect();
        self.needed.entry(fields.what).and_modify(|all| all.retain(|key| needed.contains(key))).or_insert(needed);
        self.keys.entry(fields.what).or_default().extend(&fields.asked);
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}
