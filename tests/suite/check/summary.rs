//! A project as meant, in a few lines: what golden files hold of a spec.

use std::fmt::Write;

use sendoff::ir::spec::{Activation, FieldMapping, FieldTarget, Query, SettingValue, Settings, SourceKind, Spec};
use sendoff::ir::test::{Expected, Rows, Test};

pub fn summary(spec: &Spec) -> String {
    let mut out = String::new();
    let project = &spec.project;
    line(&mut out, format!("project ledger={} environment={:?}", project.ledger, project.environment));
    for source in spec.sources.values() {
        line(&mut out, format!("source {} {}", source.name, source_kind(&source.kind)));
    }
    for connection in spec.connections.values() {
        let base = connection.base_url.as_ref().map_or(String::new(), |url| format!(" base_url={url}"));
        let settings = settings(&connection.settings);
        line(&mut out, format!("destination {} {}{base}{settings}", connection.name, connection.kind.kind));
    }
    for model in spec.models.values() {
        let filter = model.filter.as_ref().map_or(String::new(), |filter| format!(" where {}", filter.text));
        line(&mut out, format!("model {} {}{filter} key {}", model.name, query(&model.query), model.key.join(", ")));
    }
    for one in &spec.activations {
        activation(&mut out, one);
    }
    for one in &spec.tests {
        test(&mut out, one);
    }
    out
}

fn test(out: &mut String, one: &Test) {
    let environment = one.environment.as_ref().map_or(String::new(), |name| format!(" environment={name}"));
    line(out, format!("test {} of {}{environment} {:?}", one.name, one.activation, one.vars));
    for (word, given) in one.before.iter().map(|given| ("before", given)).chain([("rows", &one.rows)]) {
        line(out, format!("  {word} {}", query(&given.query)));
    }
    for expect in &one.expects {
        line(out, format!("  expect {}", expected(&expect.what)));
    }
}

fn expected(what: &Expected) -> String {
    let rows = |rows: &Rows| {
        let columns = rows.columns.iter().map(|column| format!("{} {:?}", column.name, column.part));
        format!("{} of {}", rows.rows.len(), columns.collect::<Vec<_>>().join(", "))
    };
    match what {
        Expected::Changes { kind, rows: found } => format!("{} {}", kind.name(), rows(found)),
        Expected::Aside(found) => format!("aside {}", rows(found)),
        Expected::Count { what, number } => format!("{} {number}", what.name()),
        Expected::Nothing => "nothing".to_string(),
        Expected::Request { method, path, exactly, body } => {
            format!("{method} {path} exactly={exactly} {}", body.as_ref().map_or(String::new(), ToString::to_string))
        }
        Expected::Error(text) => format!("error {text}"),
    }
}

fn line(out: &mut String, text: String) {
    writeln!(out, "{text}").expect("text can be written to");
}

fn source_kind(kind: &SourceKind) -> String {
    match kind {
        SourceKind::DuckDb { path } => format!("duckdb {path}"),
        SourceKind::Sqlite { path } => format!("sqlite {path}"),
        SourceKind::Postgres { .. } => "postgres ***".to_string(),
        SourceKind::MySql { .. } => "mysql ***".to_string(),
    }
}

fn settings(settings: &Settings) -> String {
    let shown = settings.0.iter().map(|(name, value)| match value {
        SettingValue::Plain(json) => format!(" {name}={json}"),
        SettingValue::Secret(secret) => format!(" {name}={secret:?}"),
        SettingValue::Unset => format!(" {name}=unset"),
    });
    shown.collect()
}

fn query(query: &Query) -> String {
    match query {
        Query::Table { source, parts, .. } => format!("{source} table {}", parts.join(".")),
        Query::Sql { source, text, .. } => format!("{source} sql {:?}", text.text().trim()),
        Query::File { path, format, options, .. } => format!("file {path} {format:?} {options:?}"),
        Query::Given { sql, .. } => sql.text().to_string(),
    }
}

fn activation(out: &mut String, one: &Activation) {
    let target = format!("{}.{}{}", one.connection, one.service.name, settings(&one.options));
    line(out, format!("activation {} {} to {target}", one.name, one.mode.name()));
    let filters: Vec<String> = one.dataset.filters.iter().map(|filter| format!(" where {}", filter.text)).collect();
    line(out, format!("  from {}{} key {}", one.dataset.model, filters.concat(), one.key.join(", ")));
    let flags = [
        ("hold new rows", one.hold_new_rows),
        ("insert again", one.insert_again),
        ("identify all", one.identify_all),
        ("allow empty", one.dataset.allow_empty),
    ];
    for (flag, _) in flags.iter().filter(|(_, set)| *set) {
        line(out, format!("  {flag}"));
    }
    for name in &one.after {
        line(out, format!("  after {name}"));
    }
    for identifier in &one.identify {
        line(out, format!("  identify {} -> {}", identifier.expr.text, identifier.name));
    }
    for field in &one.fields {
        line(out, format!("  {}", mapping(field)));
    }
    for guard in &one.guards {
        line(out, format!("  {}", guard.text));
    }
}

fn mapping(field: &FieldMapping) -> String {
    let target = match &field.target {
        FieldTarget::Known(placement) => format!("at {}", placement.at),
        FieldTarget::CustomTyped { word, placement } => format!("as {word} at {}", placement.at),
        FieldTarget::CustomByFamily => "custom".to_string(),
        FieldTarget::Account => "of the account".to_string(),
    };
    let flags = [
        ("clear", field.clear),
        ("shared", field.shared),
        ("no create", !field.create),
        ("required", field.required_on_create),
    ];
    let flags: String = flags.iter().filter(|(_, set)| *set).map(|(flag, _)| format!(" {flag}")).collect();
    format!("{} -> {} {target}{flags}", field.expr.text, field.name)
}
