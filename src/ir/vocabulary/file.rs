//! Options of `from file "..."`: DuckDB's own names, but for those that would drop rows in silence.

use super::own;
use crate::ir::catalog::{Setting, SettingKind};
use crate::ir::spec::FileFormat;

pub const FORMATS: [&str; 3] = ["csv", "parquet", "json"];

type Declared = (&'static str, SettingKind, &'static str);

const COMMON: [Declared; 5] = [
    ("format", SettingKind::Text, "the format, where the file's ending does not say it"),
    ("filename", SettingKind::Boolean, "a column `filename` that says which file a row came from"),
    ("hive_partitioning", SettingKind::Boolean, "folders named `column=value` are columns"),
    ("union_by_name", SettingKind::Boolean, "columns of several files are matched by name, not by place"),
    ("compression", SettingKind::Text, "how the file is compressed, where its ending does not say it"),
];

const CSV: [Declared; 20] = [
    ("delimiter", SettingKind::Text, "what stands between two values"),
    ("header", SettingKind::Boolean, "whether the first line names the columns"),
    ("types", SettingKind::Any, "types of columns by name; the others are guessed"),
    ("columns", SettingKind::Any, "all columns with their types, in the order of the file"),
    ("quote", SettingKind::Text, "what stands around a value"),
    ("escape", SettingKind::Text, "what stands before a quote within a value"),
    ("comment", SettingKind::Text, "what begins a line that is no row"),
    ("skip", SettingKind::Number, "lines to pass over at the top"),
    ("nullstr", SettingKind::Texts, "texts that stand for NULL"),
    ("encoding", SettingKind::Text, "the file's encoding, where it is not UTF-8"),
    ("dateformat", SettingKind::Text, "how dates are written, as in `%d.%m.%Y`"),
    ("timestampformat", SettingKind::Text, "how timestamps are written"),
    ("decimal_separator", SettingKind::Text, "the sign before decimals"),
    ("thousands", SettingKind::Text, "the sign between thousands"),
    ("new_line", SettingKind::Text, "what ends a line"),
    ("all_varchar", SettingKind::Boolean, "every column is text"),
    ("null_padding", SettingKind::Boolean, "columns that a line lacks at its end are NULL"),
    ("strict_mode", SettingKind::Boolean, "whether lines must keep to the rules of CSV"),
    ("sample_size", SettingKind::Number, "rows that types are guessed from"),
    ("max_line_size", SettingKind::Number, "bytes of the longest line"),
];

const JSON: [Declared; 6] = [
    ("columns", SettingKind::Any, "columns with their types; the others are left out"),
    ("dateformat", SettingKind::Text, "how dates are written, as in `%d.%m.%Y`"),
    ("timestampformat", SettingKind::Text, "how timestamps are written"),
    ("sample_size", SettingKind::Number, "rows that types are guessed from"),
    ("maximum_depth", SettingKind::Number, "how deep objects are read into types"),
    ("maximum_object_size", SettingKind::Number, "bytes of the longest row"),
];

/// Without a format, the options of all.
pub fn file_options(format: Option<FileFormat>) -> Vec<Setting> {
    let further: Vec<Declared> = match format {
        Some(FileFormat::Csv) => CSV.to_vec(),
        Some(FileFormat::JsonLines) => JSON.to_vec(),
        Some(FileFormat::Parquet) => Vec::new(),
        None => CSV.iter().chain(&JSON).copied().collect(),
    };
    let all = COMMON.iter().copied().chain(further);
    let mut settings: Vec<Setting> = all.map(|(name, kind, about)| own(name, kind, about)).collect();
    for setting in settings.iter_mut().filter(|setting| setting.name == "format") {
        setting.values = FORMATS.iter().map(ToString::to_string).collect();
    }
    settings
}
