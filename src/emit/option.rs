//! Options that are templates themselves: where a call's template is exactly `{{ option.NAME.PART }}`, or its condition exactly
//! `option.NAME.PART`, and the option is of that kind, what the pipeline wrote stands in its place.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::ir::catalog::{AnswerRule, Call, Condition, Reader, RecordRule, Service, Setting, SettingKind, Template};
use crate::ir::slot;
use crate::ir::spec::Settings;

/// A template option with the parts that are not given from its default; any other option as it is given.
pub fn completed(known: &Setting, given: &Json) -> Json {
    match known.kind {
        SettingKind::Template => slot::completed(&known.slots, known.default.as_ref(), given),
        _ => given.clone(),
    }
}

/// The call with its slots filled. `given` is none for a definition's own examples, which are read with the defaults.
pub fn filled<'c>(call: &'c Call, service: &Service, given: Option<&Settings>) -> Cow<'c, Call> {
    let templates = service.options.iter().filter(|option| option.kind == SettingKind::Template);
    let options: Vec<(&str, Json)> = templates
        .map(|known| {
            let given = given.and_then(|given| given.plain(&known.name));
            (known.name.as_str(), completed(known, given.or(known.default.as_ref()).unwrap_or(&Json::Null)))
        })
        .collect();
    if options.is_empty() {
        return Cow::Borrowed(call);
    }
    let mut call = call.clone();
    Filler { options }.call(&mut call);
    Cow::Owned(call)
}

struct Filler<'o> {
    options: Vec<(&'o str, Json)>,
}

impl Filler<'_> {
    fn call(&self, call: &mut Call) {
        self.text(&mut call.method);
        self.template(&mut call.path);
        call.url.iter_mut().for_each(|url| self.template(url));
        for (name, value) in &mut call.query {
            self.template(name);
            self.template(value);
        }
        self.templates(&mut call.headers);
        call.body.iter_mut().chain(&mut call.record).for_each(|tree| self.tree(tree));
        call.answer.iter_mut().for_each(|rule| self.rule(rule));
        call.readers.iter_mut().for_each(|reader| self.reader(reader));
        call.holds.iter_mut().for_each(|condition| self.condition(condition));
        self.templates(&mut call.gives);
    }

    fn rule(&self, rule: &mut AnswerRule) {
        rule.when.iter_mut().for_each(|condition| self.condition(condition));
        rule.reason.iter_mut().chain(&mut rule.until).for_each(|template| self.template(template));
        self.templates(&mut rule.learn);
    }

    fn reader(&self, reader: &mut Reader) {
        match reader {
            Reader::Each { each, matching, rules } => {
                self.template(each);
                let ties = matching.index.iter_mut().chain(&mut matching.key).chain(&mut matching.remote_id);
                ties.for_each(|template| self.template(template));
                rules.iter_mut().for_each(|rule| self.record_rule(rule));
            }
            Reader::Others { is: _, reason } => reason.iter_mut().for_each(|reason| self.template(reason)),
        }
    }

    fn record_rule(&self, rule: &mut RecordRule) {
        rule.when.iter_mut().for_each(|condition| self.condition(condition));
        rule.reason.iter_mut().chain(&mut rule.field).for_each(|template| self.template(template));
        self.templates(&mut rule.learn);
    }

    fn templates(&self, templates: &mut [(String, Template)]) {
        templates.iter_mut().for_each(|(_, template)| self.template(template));
    }

    fn template(&self, template: &mut Template) {
        self.text(&mut template.0);
    }

    fn text(&self, text: &mut String) {
        match inside(text).and_then(|path| self.written(path)) {
            Some(Json::String(written)) => *text = written.clone(),
            Some(Json::Null) | None => {}
            Some(other) => *text = other.to_string(),
        }
    }

    fn condition(&self, condition: &mut Condition) {
        match self.written(condition.0.trim()) {
            Some(Json::String(written)) => condition.0 = written.clone(),
            Some(Json::Bool(written)) => condition.0 = written.to_string(),
            _ => {}
        }
    }

    /// Goes into objects and lists, but not into what it has put there.
    fn tree(&self, tree: &mut Json) {
        match tree {
            Json::String(text) => {
                if let Some(written) = inside(text).and_then(|path| self.written(path)) {
                    *tree = written.clone();
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.tree(item)),
            Json::Object(members) => members.values_mut().for_each(|member| self.tree(member)),
            _ => {}
        }
    }

    fn written(&self, path: &str) -> Option<&Json> {
        let mut parts = path.strip_prefix("option.")?.split('.');
        let name = parts.next()?;
        let (_, option) = self.options.iter().find(|(known, _)| *known == name)?;
        parts.try_fold(option, |value, part| value.get(part))
    }
}

/// What stands in the braces of a text that is exactly one expression.
fn inside(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim())
}
