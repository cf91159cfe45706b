//! `connection.yaml`: what all services of a destination share.

use std::collections::BTreeMap;
use std::time::Duration;

use super::call::answer_rules;
use super::names::{Declared, Site};
use super::node::Node;
use super::reader::{Fields, Reader};
use crate::diag::Problem;
use crate::ir::catalog::{ANY, AnswerRule, Condition, Limit, Setting, SettingKind, Template, Token, is_header_name};
use crate::ir::mode::Mode;

/// A connection file after reading; calls stay nodes, since each service reads those it uses with its own options in sight.
pub struct Connection<'n> {
    pub title: String,
    pub about: String,
    pub settings: Vec<Setting>,
    pub one_of: Vec<Vec<String>>,
    pub base_url: Template,
    pub headers: Vec<(String, Template)>,
    pub token: Option<Token>,
    pub limits: BTreeMap<String, Limit>,
    pub answer: Vec<AnswerRule>,
    pub account: Option<&'n Node>,
    pub test: Option<&'n Node>,
    pub unverified: Vec<String>,
    pub declared: Declared,
}

pub fn connection<'n>(reader: &Reader<'_>, node: &'n Node) -> Option<Connection<'n>> {
    let mut fields = Fields::new(reader, node, "a connection")?;
    let title = fields.need("title").and_then(|node| reader.text(node)).unwrap_or_default();
    let about = fields.text(reader, "about").unwrap_or_default();
    let settings = fields.take("settings").map(|node| settings(reader, node)).unwrap_or_default();
    let one_of = one_of(reader, fields.take("one_of"), &settings);
    let declared = declared(&settings);
    let base_url = fields.need("base_url").and_then(|node| reader.template(node, Site::Base, &declared));
    let headers = headers(reader, fields.take("headers"), &declared);
    let token = fields.take("token").and_then(|node| token(reader, node, &declared));
    let limits = fields.take("limits").map(|node| limits(reader, node, &declared)).unwrap_or_default();
    let answer = fields.take("answer").map(|node| answer_rules(reader, node, &declared, None)).unwrap_or_default();
    let (account, test) = (fields.take("account"), fields.take("test"));
    let unverified = fields.lines(reader, "unverified");
    fields.take("calls");
    fields.finish(reader);
    let base_url = base_url.unwrap_or(Template(String::new()));
    Some(Connection {
        title,
        about,
        settings,
        one_of,
        base_url,
        headers,
        token,
        limits,
        answer,
        account,
        test,
        unverified,
        declared,
    })
}

fn declared(settings: &[Setting]) -> Declared {
    let mut declared = Declared::default();
    declared.settings.extend(settings.iter().map(|setting| setting.name.clone()));
    declared.identifier.extend(["name", "remote_id"].map(str::to_string));
    declared
}

const KINDS: [(&str, SettingKind); 10] = [
    ("text", SettingKind::Text),
    ("url", SettingKind::Url),
    ("number", SettingKind::Number),
    ("count", SettingKind::Count),
    ("boolean", SettingKind::Boolean),
    ("id_or_name", SettingKind::IdOrName),
    ("texts", SettingKind::Texts),
    ("headers", SettingKind::Headers),
    ("any", SettingKind::Any),
    ("template", SettingKind::Template),
];

/// Settings of a connection or options of a service.
pub fn settings(reader: &Reader<'_>, node: &Node) -> Vec<Setting> {
    reader.entries(node).iter().filter_map(|(name, node)| setting(reader, name, node)).collect()
}

fn setting(reader: &Reader<'_>, name: &str, node: &Node) -> Option<Setting> {
    let mut fields = Fields::new(reader, node, "a setting")?;
    let kind = fields.take("type").and_then(|node| reader.word(node, kind, &KINDS.map(|(word, _)| word)));
    let setting = Setting {
        name: name.to_string(),
        kind: kind.unwrap_or(SettingKind::Text),
        secret: fields.flag(reader, "secret", false),
        required: fields.flag(reader, "required", false),
        identity: fields.flag(reader, "identity", false),
        needed_by: fields.take("needed_by").map(|node| modes(reader, node)).unwrap_or_default(),
        default: fields.take("default").map(Node::json),
        values: fields.texts(reader, "values"),
        pattern: fields.take("pattern").and_then(|node| reader.pattern(node)),
        parts: fields.texts(reader, "parts"),
        one_of: fields.take("one_of").map(|node| groups(reader, node)).unwrap_or_default(),
        about: fields.text(reader, "about").unwrap_or_default(),
        slots: Vec::new(),
    };
    fields.finish(reader);
    if setting.secret && setting.identity {
        reader.error("catalog::setting", format!("`{name}` is secret, so it cannot be part of the target"), node);
    }
    Some(setting)
}

fn groups(reader: &Reader<'_>, node: &Node) -> Vec<Vec<String>> {
    reader.list(node).iter().map(|group| reader.texts(group)).collect()
}

fn kind(word: &str) -> Option<SettingKind> {
    KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
}

fn modes(reader: &Reader<'_>, node: &Node) -> Vec<Mode> {
    let words = Mode::ALL.map(Mode::name);
    reader.list(node).iter().filter_map(|item| reader.word(item, Mode::parse, &words)).collect()
}

/// Groups of settings, each of them declared.
pub fn one_of(reader: &Reader<'_>, node: Option<&Node>, settings: &[Setting]) -> Vec<Vec<String>> {
    let names = || settings.iter().map(|setting| setting.name.as_str());
    let groups = node.map(|node| reader.list(node)).unwrap_or_default();
    let group = |node| reader.list(node).iter().filter_map(|item| reader.name(item, "setting", names())).collect();
    groups.iter().map(group).collect()
}

/// A mapping of names and templates: headers, a form, what is learnt.
pub fn templates(reader: &Reader<'_>, node: Option<&Node>, site: Site, declared: &Declared) -> Vec<(String, Template)> {
    let entries = node.map(|node| reader.entries(node)).unwrap_or_default();
    entries.iter().filter_map(|(name, node)| Some((name.clone(), reader.template(node, site, declared)?))).collect()
}

fn token(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Token> {
    let mut fields = Fields::new(reader, node, "a token")?;
    let when = fields.take("when").and_then(|node| reader.condition(node, Site::TokenRequest, declared));
    let url = fields.need("url").and_then(|node| reader.template(node, Site::TokenRequest, declared));
    let basic = fields.take("basic").and_then(|node| basic(reader, node, declared));
    let form = templates(reader, fields.take("form"), Site::TokenRequest, declared);
    let gives = fields.need("gives").and_then(|node| reader.template(node, Site::TokenAnswer, declared));
    let lives = fields.need("lives").and_then(|node| reader.template(node, Site::TokenAnswer, declared));
    let renew_before = fields.take("renew_before").and_then(|node| reader.duration(node));
    fields.finish(reader);
    let renew_before = renew_before.unwrap_or(Duration::from_secs(60));
    Some(Token { when, url: url?, basic, form, gives: gives?, lives: lives?, renew_before })
}

fn basic(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<(Template, Template)> {
    match reader.list(node) {
        [user, password] => Some((
            reader.template(user, Site::TokenRequest, declared)?,
            reader.template(password, Site::TokenRequest, declared)?,
        )),
        _ => {
            reader.error("catalog::shape", "`basic` is a list of two: the user and the password", node);
            None
        }
    }
}

fn limits(reader: &Reader<'_>, node: &Node, declared: &Declared) -> BTreeMap<String, Limit> {
    let entries = reader.entries(node).iter();
    entries.filter_map(|(name, node)| Some((name.clone(), limit(reader, node, declared)?))).collect()
}

fn limit(reader: &Reader<'_>, node: &Node, declared: &Declared) -> Option<Limit> {
    let mut fields = Fields::new(reader, node, "a limit")?;
    let per = fields.need("per").and_then(|node| span(reader, node));
    let limit = Limit {
        requests: fields.positive(reader, "requests"),
        records: fields.positive(reader, "records"),
        per: per.unwrap_or(Duration::from_secs(1)),
        burst: fields.count(reader, "burst"),
        remaining: fields.take("remaining").and_then(|node| reader.template(node, Site::TokenAnswer, declared)),
        reset: fields.take("reset").and_then(|node| reader.template(node, Site::TokenAnswer, declared)),
    };
    fields.finish(reader);
    if node.get("requests").is_none() && node.get("records").is_none() {
        reader.error("catalog::missing_key", "a limit counts `requests`, `records` or both", node);
    }
    Some(limit)
}

/// Some time: a rate counts what goes in it.
fn span(reader: &Reader<'_>, node: &Node) -> Option<Duration> {
    let duration = reader.duration(node)?;
    if duration.is_zero() {
        reader.error("catalog::duration", "a rate counts what goes in some time, not in none", node);
    }
    Some(duration)
}

/// Headers, by names that a request may have; `*` stands for several.
pub fn headers(reader: &Reader<'_>, node: Option<&Node>, declared: &Declared) -> Vec<(String, Template)> {
    for (name, node) in node.map(Node::entries).unwrap_or_default() {
        if name != ANY && !is_header_name(name) {
            let problem = Problem::error("catalog::name", format!("`{name}` is no name for a header"));
            let help = "names of headers have letters, digits and hyphens, and no blanks";
            reader.push(problem.at(reader.key_span(node)).help(help));
        }
    }
    templates(reader, node, Site::Header, declared)
}

/// What records learn: their id at the destination, and nothing else.
pub fn learnt(reader: &Reader<'_>, node: Option<&Node>, site: Site, declared: &Declared) -> Vec<(String, Template)> {
    for (name, node) in node.map(Node::entries).unwrap_or_default() {
        if name != "remote_id" {
            let problem = Problem::error("catalog::word", format!("records do not learn `{name}`"));
            reader.push(problem.at(reader.key_span(node)).help("known here: `remote_id`"));
        }
    }
    templates(reader, node, site, declared)
}

/// A bare expression or nothing.
pub fn condition(reader: &Reader<'_>, node: Option<&Node>, site: Site, declared: &Declared) -> Option<Condition> {
    node.and_then(|node| reader.condition(node, site, declared))
}
