//! One short text that changes when an activation reads other rows or wants other values.

use sha1::{Digest, Sha1};

use crate::ir::spec::{Dataset, FieldMapping, FieldTarget, IdentifierMapping, Model, Query};

/// Places, settings and options of the destination stay out: moving a line, or another environment, changes nothing.
pub fn mapping(dataset: &Dataset, model: &Model, identify: &[IdentifierMapping], fields: &[FieldMapping]) -> String {
    let mut parts = vec![query(&model.query), model.key.join(",")];
    parts.extend(model.filter.iter().chain(&dataset.filters).map(|filter| format!("where {}", filter.text)));
    parts.extend(identify.iter().map(|one| format!("identify {} -> {}", one.expr.text, one.name)));
    parts.extend(fields.iter().map(field));
    let digest = Sha1::digest(parts.join("\u{0}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn query(query: &Query) -> String {
    match query {
        Query::Table { source, parts, .. } => format!("table {source} {}", parts.join(".")),
        Query::Sql { source, text, .. } => format!("sql {source} {}", text.text()),
        Query::File { path, format, options, .. } => format!("file {path} {format:?} {options:?}"),
        Query::Given { sql, .. } => format!("given {}", sql.text()),
    }
}

fn field(field: &FieldMapping) -> String {
    let kind = match &field.target {
        FieldTarget::Known(_) | FieldTarget::Account => "",
        FieldTarget::CustomTyped { word, .. } => word,
        FieldTarget::CustomByFamily => "custom",
    };
    let clear = if field.clear { "clear" } else { "skip" };
    format!("map {} -> {} {kind} {clear}", field.expr.text, field.name)
}
