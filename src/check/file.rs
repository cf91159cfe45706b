//! `from file "..."`: its format and how it is to be read.

use serde_json::Value as Json;

use super::error;
use super::settings::own;
use crate::diag::Problems;
use crate::ir::ast::TextLit;
use crate::ir::catalog::{Setting, SettingKind};
use crate::ir::spec::{FileFormat, FileOption, Settings};

pub const FORMATS: [&str; 3] = ["csv", "parquet", "json"];

/// Options of every format, of CSV, of JSON lines: DuckDB's own names, but for those that would drop rows in silence.
const COMMON: [(&str, SettingKind); 5] = [
    ("format", SettingKind::Text),
    ("filename", SettingKind::Boolean),
    ("hive_partitioning", SettingKind::Boolean),
    ("union_by_name", SettingKind::Boolean),
    ("compression", SettingKind::Text),
];
const CSV: [(&str, SettingKind); 20] = [
    ("delimiter", SettingKind::Text),
    ("header", SettingKind::Boolean),
    ("types", SettingKind::Any),
    ("columns", SettingKind::Any),
    ("quote", SettingKind::Text),
    ("escape", SettingKind::Text),
    ("comment", SettingKind::Text),
    ("skip", SettingKind::Number),
    ("nullstr", SettingKind::Texts),
    ("encoding", SettingKind::Text),
    ("dateformat", SettingKind::Text),
    ("timestampformat", SettingKind::Text),
    ("decimal_separator", SettingKind::Text),
    ("thousands", SettingKind::Text),
    ("new_line", SettingKind::Text),
    ("all_varchar", SettingKind::Boolean),
    ("null_padding", SettingKind::Boolean),
    ("strict_mode", SettingKind::Boolean),
    ("sample_size", SettingKind::Number),
    ("max_line_size", SettingKind::Number),
];
const JSON: [(&str, SettingKind); 6] = [
    ("columns", SettingKind::Any),
    ("dateformat", SettingKind::Text),
    ("timestampformat", SettingKind::Text),
    ("sample_size", SettingKind::Number),
    ("maximum_depth", SettingKind::Number),
    ("maximum_object_size", SettingKind::Number),
];

/// The format by the option `format`, else by the name's ending, compression passed over.
pub fn format(path: &TextLit, written: Option<&str>, problems: &mut Problems) -> Option<FileFormat> {
    let found = match written {
        Some(word) => by_word(word),
        None => by_ending(&path.value),
    };
    if found.is_none() && written.is_none() {
        problems.push(error::unknown_format(path));
    }
    found
}

fn by_word(word: &str) -> Option<FileFormat> {
    match word {
        "csv" => Some(FileFormat::Csv),
        "parquet" => Some(FileFormat::Parquet),
        "json" => Some(FileFormat::JsonLines),
        _ => None,
    }
}

fn by_ending(path: &str) -> Option<FileFormat> {
    let lower = path.to_ascii_lowercase();
    let bare = [".gz", ".zst"].iter().find_map(|ending| lower.strip_suffix(ending)).unwrap_or(&lower);
    match bare.rsplit_once('.')?.1 {
        "csv" | "tsv" | "txt" => Some(FileFormat::Csv),
        "parquet" => Some(FileFormat::Parquet),
        "json" | "jsonl" | "ndjson" => Some(FileFormat::JsonLines),
        _ => None,
    }
}

pub fn declared(format: Option<FileFormat>) -> Vec<Setting> {
    let further: Vec<(&str, SettingKind)> = match format {
        Some(FileFormat::Csv) => CSV.to_vec(),
        Some(FileFormat::JsonLines) => JSON.to_vec(),
        Some(FileFormat::Parquet) => Vec::new(),
        None => CSV.iter().chain(&JSON).copied().collect(),
    };
    let all = COMMON.iter().copied().chain(further);
    let mut settings: Vec<Setting> = all.map(|(name, kind)| own(name, kind)).collect();
    for setting in settings.iter_mut().filter(|setting| setting.name == "format") {
        setting.values = FORMATS.iter().map(ToString::to_string).collect();
    }
    settings
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
