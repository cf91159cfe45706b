//! Sources attached, read-only, with the extensions they need.

use super::{Loader, error, extension_folder};
use crate::diag::Problem;
use crate::ir::ident::DatasetName;
use crate::ir::plan::Sql;
use crate::ir::spec::{FileFormat, Source, SourceKind};

pub fn alias(source: &DatasetName) -> Sql {
    Sql::name(&format!("source_{source}"))
}

pub fn alias_text(source: &DatasetName) -> Sql {
    Sql::text(&format!("source_{source}"))
}

pub fn attach(loader: &Loader<'_>, source: &Source) -> Result<(), Problem> {
    if let Some(extension) = source.kind.extension() {
        load_extension(loader, source, extension)?;
    }
    let sql = match &source.kind {
        SourceKind::DuckDb { path } => statement(&loader.root.join(path).to_string_lossy(), source, "READ_ONLY"),
        SourceKind::Sqlite { path } => {
            statement(&loader.root.join(path).to_string_lossy(), source, "TYPE sqlite, READ_ONLY")
        }
        SourceKind::Postgres { url } => statement(url.reveal(), source, "TYPE postgres, READ_ONLY"),
        SourceKind::MySql { url } => statement(&mysql_text(url.reveal()), source, "TYPE mysql, READ_ONLY"),
    };
    if let Some(path) = file_of(&source.kind)
        && !loader.root.join(path).exists()
    {
        return Err(error::no_file(source, path));
    }
    let rows = file_of(&source.kind).filter(|path| FileFormat::of(path, None).is_some());
    let told =
        |error| rows.map_or_else(|| error::attaching(loader, source, error), |path| error::no_database(source, path));
    loader.store.execute_unlogged(&sql).map_err(told)?;
    match source.kind {
        // SQLite files are opened when they are first asked; whatever asks next would be blamed for a bad one.
        SourceKind::Sqlite { .. } => loader.store.rows(&tables_of(source)).map(|_| ()).map_err(told),
        SourceKind::DuckDb { .. } | SourceKind::Postgres { .. } | SourceKind::MySql { .. } => Ok(()),
    }
}

fn tables_of(source: &Source) -> String {
    format!("SELECT table_name FROM duckdb_tables() WHERE database_name = {}", alias_text(&source.name))
}

fn file_of(kind: &SourceKind) -> Option<&str> {
    match kind {
        SourceKind::DuckDb { path } | SourceKind::Sqlite { path } => Some(path),
        SourceKind::Postgres { .. } | SourceKind::MySql { .. } => None,
    }
}

fn statement(place: &str, source: &Source, options: &str) -> String {
    format!("ATTACH {} AS {} ({options})", Sql::text(place), alias(&source.name))
}

/// Nothing is fetched unless the project allows it: a run must not wait silently for the network.
fn load_extension(loader: &Loader<'_>, source: &Source, extension: &'static str) -> Result<(), Problem> {
    let project = &loader.spec.project;
    let folder = extension_folder(project, loader.root, loader.extensions.as_ref());
    let file = folder.map(|folder| folder.join(format!("{extension}.duckdb_extension"))).filter(|file| file.exists());
    let load = match file {
        Some(file) => format!("LOAD {}", Sql::text(&file.to_string_lossy())),
        None if project.autoinstall => format!("INSTALL {extension}; LOAD {extension}"),
        None => format!("LOAD {extension}"),
    };
    loader.store.execute(&load).map_err(|error| error::no_extension(source, extension, &error))
}

/// The scanner takes `key=value` pairs; people write URLs.
fn mysql_text(url: &str) -> String {
    let Some(rest) = ["mysql://", "mariadb://"].iter().find_map(|scheme| url.strip_prefix(scheme)) else {
        return url.to_string();
    };
    let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (place, _) = place.split_once('?').unwrap_or((place, ""));
    let (host, database) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    [("host", host), ("port", port), ("user", user), ("password", password), ("database", database)]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={}", quoted(&percent_decoded(value))))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The password inside a connection's text, as written and as meant: drivers may echo it alone. The text is a URL or pairs
/// (`host=db password=...`).
pub fn passwords(text: &str) -> Vec<String> {
    let login = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(login, _)| login);
    let written = match login {
        Some(login) => login.split_once(':').map(|(_, password)| password),
        None => text.split_once("password=").map(|(_, rest)| pair_value(rest)),
    };
    written.map(|written| vec![percent_decoded(written), written.to_string()]).unwrap_or_default()
}

fn pair_value(rest: &str) -> &str {
    match rest.chars().next().filter(|first| ['\'', '"'].contains(first)) {
        Some(quote) => rest[1..].split(quote).next().unwrap_or_default(),
        None => rest.split([' ', '&']).next().unwrap_or_default(),
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `p%40ss` -> `p@ss`, as drivers read what stands in a URL.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{mysql_text, passwords};

    #[test]
    fn a_mysql_url_becomes_pairs() {
        let pairs = mysql_text("mysql://ann:p%40ss@db.example:3307/shop?ssl=1");
        assert_eq!(pairs, r#"host="db.example" port="3307" user="ann" password="p@ss" database="shop""#);
        assert_eq!(mysql_text("host=a user=b"), "host=a user=b");
    }

    #[test]
    fn passwords_are_found_in_urls_and_pairs() {
        assert_eq!(passwords("postgres://ann:p%40ss@db/shop"), ["p@ss", "p%40ss"]);
        assert_eq!(passwords("host=db password='two words' user=ann"), ["two words", "two words"]);
        assert_eq!(passwords("postgres://db/shop?user=ann&password=word&x=1"), ["word", "word"]);
        assert!(passwords("postgres://ann@db/shop").is_empty());
    }
}
