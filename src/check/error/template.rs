//! What pipelines write into the calls of a definition.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::or_list;
use crate::diag::{Problem, list, suggestion};
use crate::ir::ident::{DestinationName, FieldName};
use crate::ir::span::Span;
use crate::template::Flaw;

pub fn template_flaw(part: &str, flaw: &Flaw, span: Span) -> Problem {
    let problem = Problem::error("check::template", format!("`{part}`: {flaw}")).at(span);
    match flaw {
        Flaw::Name { stranger, .. } => {
            let before = stranger.path.rfind('.').map_or("", |at| &stranger.path[..=at]);
            let known: Vec<String> = stranger.known.iter().map(|known| reached(before, known)).collect();
            let known = || known.iter().map(String::as_str);
            let one_row = stranger.path == "record" && !stranger.known.contains(&stranger.path);
            let near = suggestion(&stranger.path, known());
            problem.help(match near {
                _ if one_row => {
                    "it is the row of a request that has one; with `batch` a request has several".to_string()
                }
                Some(near) => near,
                None => known_here(known()),
            })
        }
        Flaw::Syntax { assigns: true, .. } => problem.help("`==` compares; one `=` alone means nothing here"),
        Flaw::Syntax { .. } => problem.help("values stand in `{{ ... }}`, as in `{{ record.identifier }}`"),
        Flaw::Braces => problem.help("write it without `{{` and `}}`"),
        Flaw::Text => problem.help("exactly one `{{ ... }}`, and nothing around it"),
        Flaw::Word { known, .. } => problem.help(format!("known here: {}", or_list(known.iter().copied()))),
        Flaw::Unknown { .. } => problem.help("words stand there in capitals, as HTTP writes them"),
        Flaw::Tree => problem.help("write it in double quotes"),
        Flaw::NoRows { words } => problem.help(format!("put `{}` where the rows go", words[0])),
    }
}

/// `meant`: where a request has one row.
pub fn single_brace(part: &str, meant: Option<&str>, span: Span) -> Problem {
    Problem::error("check::template", format!("`{part}`: a single brace goes out as it stands, and no address has one"))
        .at(span)
        .help(match meant {
            Some(meant) => format!("a value of the row is written `{{{{ {meant} }}}}`"),
            None => "take it out: with `batch` a request has several rows, and its address is that of none".to_string(),
        })
}

/// A name as it is written after `before`: one with dots of its own in brackets.
fn reached(before: &str, name: &str) -> String {
    match (before.strip_suffix('.'), name.strip_prefix(before)) {
        (Some(before), Some(rest)) if rest.contains('.') => format!("{before}['{rest}']"),
        _ => name.to_string(),
    }
}

fn known_here<'a>(known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if known.is_empty() { "nothing has a name here".into() } else { format!("known here: {}", list(&known)) }
}

pub fn ungiven(part: &str, connection: &DestinationName, setting: &str, of_setting: &str, span: Span) -> Problem {
    let message = format!("`{part}` reads `setting.{setting}.{of_setting}`, and `{connection}` is not given one");
    Problem::error("check::template_setting", message)
        .at(span)
        .help(format!("add `{setting} {{ {of_setting} = ... }}` to `destination {connection}`"))
}

pub fn not_a_block(part: &str, span: Span, known: &BTreeSet<&str>) -> Problem {
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Problem::error("check::setting_kind", format!("`{part}` takes a block"))
        .at(span)
        .help(format!("its parts are {}", names.join(", ")))
}

pub fn default_unfit(part: &str, default: &Json, why: &str, span: Span) -> Problem {
    let what = match default {
        Json::Null => String::new(),
        Json::String(text) => format!(" (`{text}`)"),
        other => format!(" (`{other}`)"),
    };
    Problem::error("check::template", format!("the default of `{part}`{what} does not fit here: {why}"))
        .at(span)
        .help(format!("say what `{part}` is to be"))
}

pub fn field_not_sent(field: &FieldName, span: Span, body: &str) -> Problem {
    let path = reached("record.fields.", &format!("record.fields.{field}"));
    Problem::error("check::field_not_sent", format!("`{field}` is mapped, but `{body}` does not hold it"))
        .at(span)
        .help(format!("add `{{{{ {path} }}}}` to `{body}`, or leave the mapping out"))
}
