//! What DuckDB refuses, sorted into the kinds that callers answer differently.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct StoreError {
    pub kind: StoreErrorKind,
    pub message: String,
    /// Bytes into the statement, where DuckDB points at one.
    pub offset: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Another process holds the file; its number and program where DuckDB tells.
    Locked {
        process: Option<String>,
    },
    /// The file is no DuckDB file, or is damaged.
    Damaged,
    /// The file was written by a version that knows more than this one.
    Newer,
    MissingTable,
    MissingColumn,
    MissingExtension,
    Connection,
    Permission,
    OutOfMemory,
    DiskFull,
    Syntax,
    Other,
}

impl StoreError {
    /// A file or the room for it is to blame, and nothing that was asked.
    pub fn is_of_files(&self) -> bool {
        let kinds =
            matches!(self.kind, StoreErrorKind::Damaged | StoreErrorKind::DiskFull | StoreErrorKind::OutOfMemory);
        kinds || self.message.starts_with("IO Error")
    }
}

impl From<duckdb::Error> for StoreError {
    fn from(error: duckdb::Error) -> Self {
        let text = match error {
            duckdb::Error::DuckDBFailure(_, Some(message)) => message,
            other => other.to_string(),
        };
        match told(&text) {
            Some(error) => error,
            None => StoreError { kind: kind(&text), offset: None, message: tidy(&text) },
        }
    }
}

/// What DuckDB says as JSON (`errors_as_json`): with the place, which a caret under a shortened line shows only now and then.
fn told(text: &str) -> Option<StoreError> {
    let said: Json = serde_json::from_str(&text[text.find('{')?..]).ok()?;
    let text = format!("{} Error: {}", said["exception_type"].as_str()?, said["exception_message"].as_str()?);
    let offset = said["position"].as_str().and_then(|position| position.parse().ok());
    Some(StoreError { kind: kind(&text), offset, message: tidy(&text) })
}

impl StoreError {
    /// The parser counts the characters of a statement, everything after it bytes.
    pub(super) fn in_bytes(mut self, sql: &str) -> StoreError {
        if self.message.starts_with("Parser Error") {
            let at = self.offset.and_then(|at| sql.char_indices().nth(at));
            self.offset = at.map(|(offset, _)| offset);
        }
        self
    }
}

fn kind(text: &str) -> StoreErrorKind {
    let lower = text.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("could not set lock on file") || has("conflicting lock") {
        StoreErrorKind::Locked { process: holder(text) }
    } else if has("not a valid duckdb database file")
        || has("file is not a database")
        || has("corrupt")
        || has("checksum")
        || has("could not read enough bytes")
    {
        StoreErrorKind::Damaged
    } else if has("we can only read versions between") {
        StoreErrorKind::Newer
    } else if has("no space left on device") {
        StoreErrorKind::DiskFull
    } else if has("out of memory") || has("failed to pin block") {
        StoreErrorKind::OutOfMemory
    } else if has("unable to connect")
        || has("connection refused")
        || has("authentication failed")
        || has("access denied")
    {
        StoreErrorKind::Connection
    } else if has("extension") && (has("not found") || has("not loaded") || has("needs to be") || has("does not exist"))
    {
        StoreErrorKind::MissingExtension
    } else if has("table with name")
        || (has("relation") && has("does not exist"))
        || (has("table") && has("doesn't exist"))
    {
        StoreErrorKind::MissingTable
    } else if has("referenced column")
        || has("does not have a column")
        || has("unknown column")
        || (has("column") && has("does not exist"))
    {
        StoreErrorKind::MissingColumn
    } else if has("permission") || has("read-only") || has("disabled by configuration") {
        StoreErrorKind::Permission
    } else if has("parser error") || has("syntax error") || has("error in your sql syntax") {
        StoreErrorKind::Syntax
    } else {
        StoreErrorKind::Other
    }
}

/// "Conflicting lock is held in /usr/bin/sendoff (PID 42)" -> "/usr/bin/sendoff (PID 42)"
fn holder(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("lock is held in ")?;
    let end = rest.find(')')?;
    Some(rest[..=end].to_string())
}

/// The row that a message quotes is somebody's: it goes, up to what is said of it.
fn without_row(text: &str) -> String {
    let mut in_row = false;
    let kept = text.lines().filter(|line| {
        in_row = line.starts_with("Original Line") || in_row && !ROW_ENDS.iter().any(|end| line.starts_with(end));
        !in_row
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// What comes after the row in a message about a CSV file.
const ROW_ENDS: [&str; 5] = ["Expected ", "Error ", "Possible ", "Value ", "Invalid unicode "];

/// Errors that speak of a row's value.
const OF_VALUES: [&str; 3] = ["Conversion Error", "Invalid Input Error", "Out of Range Error"];

static VALUES: LazyLock<[(Option<Regex>, &str); 5]> = LazyLock::new(|| {
    let quoted = |quote: &str| {
        format!(r"(?is)(string|value|range:|format:|input:) {quote}.*?{quote}( to |,| according| failed|\.|$)")
    };
    let specifier = r#"(?s)(according to format specifier "[^"]*").*"#;
    [
        (Regex::new(&quoted("'")).ok(), "$1 '***'$2"),
        (Regex::new(&quoted("\"")).ok(), "$1 '***'$2"),
        (Regex::new(r"(?i)value [^'\s]+ (can't|to) ").ok(), "value *** $1 "),
        (Regex::new(r"\(-?[\d.]+ ([-+*/%]) -?[\d.]+\)").ok(), "(*** $1 ***)"),
        (Regex::new(specifier).ok(), "$1"),
    ]
});

/// The value that fits nowhere is somebody's as well.
fn without_values(text: String) -> String {
    if !OF_VALUES.iter().any(|kind| text.starts_with(kind)) {
        return text;
    }
    VALUES.iter().fold(text, |text, (found, masked)| match found {
        Some(found) => found.replace_all(&text, *masked).into_owned(),
        None => text,
    })
}

/// Without the statement, the hints that name it, and what is somebody's.
fn tidy(text: &str) -> String {
    let first = without_values(without_row(text.split("\nLINE ").next().unwrap_or(text).trim()));
    let one_line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.split_once(" See also https://") {
        Some((head, _)) => head.to_string(),
        None => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn values_of_rows_stay_where_they_are() {
        let cases = [
            (
                "Conversion Error: Could not convert string 'it's' to INT32 when casting from source column c",
                "Conversion Error: Could not convert string '***' to INT32 when casting from source column c",
            ),
            (
                "Invalid Input Error: CSV Error on Line: 3\nOriginal Line: 2,x\nError when converting column \"v\". \
                 Could not convert string \"x\" to 'DOUBLE'",
                "Invalid Input Error: CSV Error on Line: 3 Error when converting column \"v\". Could not convert string \
                 '***' to 'DOUBLE'",
            ),
            (
                "Conversion Error: Type INT64 with value 99999999999 can't be cast because the value is out of range",
                "Conversion Error: Type INT64 with value *** can't be cast because the value is out of range",
            ),
            (
                "Invalid Input Error: Could not parse string \"ann\" according to format specifier \"%Y\"\nann\n^",
                "Invalid Input Error: Could not parse string '***' according to format specifier \"%Y\"",
            ),
            (
                "Out of Range Error: Overflow in multiplication of INT32 (1000000 * 77)!",
                "Out of Range Error: Overflow in multiplication of INT32 (*** * ***)!",
            ),
            (
                "Conversion Error: invalid date field format: \"x, y\", expected format is (YYYY-MM-DD)",
                "Conversion Error: invalid date field format: '***', expected format is (YYYY-MM-DD)",
            ),
            ("Binder Error: no value 'x' here", "Binder Error: no value 'x' here"),
        ];
        for (said, told) in cases {
            assert_eq!(tidy(said), told);
        }
    }
}
