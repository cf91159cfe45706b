//! `from file "..."`: its format and how it is to be read.

use serde_json::Value as Json;

use super::error;
use crate::diag::Problems;
use crate::ir::ast::{Block, TextLit, Value};
use crate::ir::span::Spanned;
use crate::ir::spec::{FileFormat, FileOption, Settings};

/// The format by the option `format`, else by the name's ending, compression passed over.
pub fn format(path: &TextLit, written: Option<&str>, problems: &mut Problems) -> Option<FileFormat> {
    let found = FileFormat::of(&path.value, written);
    if found.is_none() && written.is_none() {
        problems.push(error::unknown_format(path));
    }
    found
}

/// What the options come to. `format` is left out, since it has been followed.
pub fn options(settings: &Settings, path: &TextLit, problems: &mut Problems) -> Vec<(String, FileOption)> {
    let mut options = Vec::new();
    for name in settings.0.keys().filter(|name| *name != "format") {
        let Some(json) = settings.plain(name) else { continue };
        match option(json) {
            Some(option) => options.push((name.clone(), option)),
            None => problems.push(error::file_option(name, path.span)),
        }
    }
    options
}

fn option(json: &Json) -> Option<FileOption> {
    let text = |value: &Json| value.as_str().map(str::to_string);
    Some(match json {
        Json::String(text) => FileOption::Text(text.clone()),
        Json::Number(number) => FileOption::Number(number.to_string()),
        Json::Bool(bool) => FileOption::Bool(*bool),
        Json::Array(items) => FileOption::List(items.iter().map(text).collect::<Option<_>>()?),
        Json::Object(map) => FileOption::Types(
            map.iter().map(|(column, name)| Some((column.clone(), text(name)?))).collect::<Option<_>>()?,
        ),
        Json::Null => return None,
    })
}

/// The names in the blocks of the options, `types { zip = "varchar" }` say: of columns, and of types. An option of one text names
/// where that stands.
pub fn named(options: Option<&Block>) -> Vec<Spanned<String>> {
    let texts = options.into_iter().flat_map(|block| &block.settings).filter_map(|setting| match &setting.value {
        Value::Text(text) => Some(Spanned::new(setting.key.value.clone(), text.span)),
        _ => None,
    });
    let blocks = options.into_iter().flat_map(|block| &block.settings).filter_map(|setting| match &setting.value {
        Value::Block(block) => Some(&block.settings),
        _ => None,
    });
    let names = blocks.flatten().flat_map(|setting| {
        let text = match &setting.value {
            Value::Text(text) => Some(Spanned::new(text.value.clone(), text.span)),
            _ => None,
        };
        std::iter::once(setting.key.clone()).chain(text)
    });
    names.chain(texts).collect()
}
