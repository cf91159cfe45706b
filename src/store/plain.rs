//! What DuckDB says most often, in words of our own: of no clause that nobody wrote, and of types as SQL calls them.

use std::sync::LazyLock;

use regex::Regex;

use crate::diag::list;
use crate::ir::vocabulary::DATE_PARTS;

/// A sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub what: String,
    pub help: Option<String>,
}

/// DuckDB's sentence, the words that stand for it, and what is to be done. `DATE_PART`: any of them.
const SENTENCES: &[(&str, &str, &str)] = &[
    (r#"^syntax error at or near "(.+)"$"#, "`$1` has no place here", ""),
    ("^syntax error at end of input", "it ends too early", ""),
    (
        r#"^(?i)Referenced column "(DATE_PART)" not found in FROM clause"#,
        "there is no column `$1`",
        "a part of a date stands in quotes: `'$1'`",
    ),
    (r#"^Referenced column "(.+?)" not found in FROM clause"#, "there is no column `$1`", ""),
    (r#"^Referenced table "(.+?)" not found"#, "the query reads no table `$1`", ""),
    (r#"^Table "(.+?)" does not have a column named "(.+?)""#, "`$1` has no column `$2`", ""),
    (r#"^Table with name \S+ does not exist because schema "(.+?)" does not exist"#, "there is no schema `$1`", ""),
    (r#"^Table with name "?(.+?)"? does not exist"#, "there is no table `$1`", ""),
    (r#"^Type with name "?(.+?)"? does not exist"#, "DuckDB has no type `$1`", ""),
    (r#"^\w+ Function with name "?(\S+?)__postfix"? does not exist"#, "nothing stands behind `$1`", ""),
    (r#"^\w+ Function with name "?(\S+?)"? does not exist"#, "DuckDB has no function `$1`", ""),
    (
        r#"^column "?([^"\s]+)"? must appear in the GROUP BY"#,
        "`$1` is neither in `group by` nor within an aggregate",
        "name it after `group by`, or take one of its values: `any_value($1)`",
    ),
    (r#"^Ambiguous reference to column name "(.+?)" \(use: (.+)\)"#, "`$1` could be of several tables", "written $2"),
    (
        r#"^CSV Error on Line: (\d+) Error when converting column "(.+?)"\. Could not convert string '\*\*\*' to '(?<type>[^']+)'"#,
        "line $1: a value of the column `$2` is no `$type`",
        "`types` gives the column a type that takes it, such as `varchar`",
    ),
    (
        r"^CSV Error on Line: (\d+) Expected Number of Columns: (\d+) ",
        "line $1 has not the $2 cells that the lines before it have",
        "a text that holds a delimiter stands in quotes; `null_padding = true` fills lines up that are short",
    ),
    (
        r"^CSV Error on Line: (\d+) Invalid unicode",
        "line $1 is not text in UTF-8",
        "`encoding` names what it is in, such as `latin-1`",
    ),
    (r"^CSV Error on Line: (\d+) Value with unterminated quote", "line $1 opens a quote that nothing closes", ""),
    (
        r"^Could not convert string '\*\*\*' to (?<type>\S+) when casting from source column (\S+)",
        "a text of the column `$2` is no `$type`",
        "",
    ),
    (r"^Could not convert string '\*\*\*' to (?<type>\w+(\([\d,]+\))?)", "this text is no `$type`", ""),
    (r"^invalid (?<type>date|timestamp) field format", "this text is no `$type`", "written `2026-01-31`"),
    (r"^Unimplemented type for cast \((?<from>.+) -> (?<type>.+)\)", "`$from` does not become `$type`", ""),
    (
        r"^Wrong number of arguments to IF\b",
        "`if` takes a condition and two values",
        "written `if(CONDITION, VALUE, VALUE)`",
    ),
    (r"^Wrong number of arguments to IFNULL\b", "`ifnull` takes two values", "written `ifnull(VALUE, VALUE)`"),
    (
        r#"^Catalog "(.+?)" does not exist"#,
        "there is no database `$1` here",
        "SQL runs in its own source: a table stands by its schema and its name",
    ),
    (
        r"^Expected \d+ parameters?, but none",
        "nothing fills in what `$$1` and `?` stand for",
        "a value of the project's is written `{{ var('NAME') }}`",
    ),
    (
        r"^Cannot (compare|mix) values of type (?<from>.+?) and (type )?(?<type>.+?)( in BETWEEN clause)? - an explicit",
        "a value of type `$from` beside one of type `$type`",
        "dates and texts stand in single quotes; `::$from` makes a `$from` of what can be one",
    ),
    (
        r"^Cannot combine types of (?<from>\S+) and (?<type>\S+)",
        "a value of type `$from` beside one of type `$type`",
        "`::varchar` makes a text of either",
    ),
    (r#"^Could not find key "(.+?)" in struct Candidate Entries: (.+)"#, "the struct has no `$1`", "it has $2"),
    (
        r#"^Cannot extract field '(.+?)' from expression "(\w+)" because"#,
        "`$2` has no parts, so there is no `$1` in it",
        "a dot leads into a struct, a map or JSON",
    ),
    (
        r"^Cannot extract field '(.+?)' from expression ",
        "what stands before `.$1` has no parts",
        "a dot leads into a struct, a map or JSON",
    ),
    (
        r#"^extract specifier "(.+?)" not recognized"#,
        "`$1` is no part of a date",
        "such as `'year'`, `'month'` and `'day'`",
    ),
    (r"^missing ([)\]]): ", "the regular expression lacks a `$1`", "a sign that means itself stands behind a `\\`"),
    (
        r"^no argument for repetition operator: (\S+)",
        "nothing stands before `$1` in the regular expression",
        "a sign that means itself stands behind a `\\`",
    ),
    (r"^invalid escape sequence: ", "the regular expression has a `\\` before a sign that takes none", ""),
    (
        r"^Failed to parse format specifier \S+: Unrecognized format for strftime/strptime: (\S+)",
        "a date's format has no `$1`",
        "such as `'%Y-%m-%d %H:%M:%S'`",
    ),
    ("^JSON path error", "the JSON path does not read", "such as `'$$.plan.name'` and `'$$.tags[0]'`"),
    (
        r#"^Value "(.+?)" can not be converted to a DuckDB Type"#,
        "DuckDB has no type `$1`",
        "such as `varchar`, `double`, `date` and `decimal(12, 2)`",
    ),
    ("^Expression type T_", "this form is none that DuckDB knows", ""),
    (
        r#"^Unsupported comparison "(?<type>.+?)" for ANY/ALL"#,
        "`$type` does not go with `any` and `all`",
        "each is compared by itself: `name like 'a%' or name like 'b%'`",
    ),
    ("^unterminated quoted string", "a `'` that nothing closes", ""),
    ("^unterminated bit string literal", "a `'` that nothing closes, behind a letter", ""),
    ("^unterminated quoted identifier", "a `\"` that nothing closes", ""),
    (r"^date field value out of range", "this text is no `date`", "written `2026-01-31`"),
    (r"^DECIMAL type width must be between 1 and 38", "a `decimal` has 1 to 38 digits", ""),
];

static FOUND: LazyLock<Vec<(Regex, &str, &str)>> = LazyLock::new(|| {
    let date_part = DATE_PARTS.join("|");
    let compiled = SENTENCES.iter().filter_map(|(found, what, help)| {
        Some((Regex::new(&found.replace("DATE_PART", &date_part)).ok()?, *what, *help))
    });
    compiled.collect()
});

/// `None` for a sentence that has no words of ours. `said`: with the kind of error before it, or without.
pub fn plain(said: &str) -> Option<Said> {
    let said = said.split_once("Error: ").map_or(said, |(_, rest)| rest);
    if let Some(said) = no_overload(said) {
        return Some(said);
    }
    let (found, what, help) = FOUND.iter().find(|(found, ..)| found.is_match(said))?;
    let groups = found.captures(said)?;
    let filled = |words: &str| {
        let mut words = words.to_string();
        for (slot, group) in [("$type", "type"), ("$from", "from")] {
            let found = groups.name(group).map_or(String::new(), |found| sql_type(found.as_str()));
            words = words.replace(slot, &found);
        }
        let mut text = String::new();
        groups.expand(&words, &mut text);
        text.replace('"', "`")
    };
    Some(Said { what: filled(what), help: (!help.is_empty()).then(|| filled(help)) })
}

/// The names that DuckDB holds ready, best first, and the sentence before them.
pub fn candidates(said: &str) -> (&str, Vec<&str>) {
    let found = ["Did you mean ", "Candidate bindings: "].iter().find_map(|mark| said.split_once(mark));
    match found {
        Some((head, tail)) => (head.trim(), tail.split('"').skip(1).step_by(2).take(5).collect()),
        None => (said, Vec::new()),
    }
}

/// The function of which DuckDB's parser says so, and tells no place.
pub fn short_of_arguments(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("Wrong number of arguments to ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// As SQL calls it: `INT32` is its own name for `integer`.
fn sql_type(name: &str) -> String {
    let name = match name {
        "BOOL" => "boolean",
        "INT8" => "tinyint",
        "INT16" => "smallint",
        "INT32" => "integer",
        "INT64" => "bigint",
        "INT128" => "hugeint",
        other => spelt(other),
    };
    name.replace("_LITERAL", "").replace("STRING", "text").to_lowercase()
}

/// DuckDB knows the function, not with such arguments, and lists all it knows: those that begin alike are told.
fn no_overload(said: &str) -> Option<Said> {
    let none = said.split_once("given name and argument types '").and_then(|(_, rest)| rest.split_once("'."));
    let several = || said.split_once("for the function call \"").and_then(|(_, rest)| rest.split_once("\"."));
    let (call, rest) = none.or_else(several)?;
    let candidates = rest.split_once("Candidate functions:")?.1.split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, given) = call.split_once('(')?;
    let given = given.strip_suffix(')').unwrap_or(given);
    let opened = format!("{name}(");
    let forms = candidates.split(&opened).skip(1).filter_map(|form| form.rsplit_once(") ->"));
    let forms: Vec<&str> = forms.map(|(form, _)| form).collect();
    let help = match name.starts_with(|c: char| c.is_alphabetic()) {
        true => of_function(name, given, &forms),
        false => of_operator(name, given, &forms),
    };
    Some(Said { what: format!("`{}` does not take `{}`", spelt(name), sql_type(given)), help: Some(help) })
}

fn of_function(name: &str, given: &str, forms: &[&str]) -> String {
    let first = given.split(['(', ',']).next().unwrap_or_default();
    let alike: Vec<&&str> = forms.iter().filter(|form| form.starts_with(first)).collect();
    let shown = if alike.is_empty() { forms.iter().take(3).collect() } else { alike };
    let shown: Vec<String> = shown.iter().map(|form| format!("{name}({})", sql_type(form))).collect();
    format!("it takes {}", list(&shown).replace(" and ", " or "))
}

fn of_operator(name: &str, given: &str, forms: &[&str]) -> String {
    let is_text = given.contains("VARCHAR") || given.contains("STRING");
    match name {
        "&&" => "it is for lists; conditions are put together with `and`".into(),
        "+" | "&" if is_text => "texts are put together with `||`; a number is made of one by `::integer`".into(),
        "|" => {
            "it is for the bits of whole numbers; what a filter does elsewhere, a call does: `round(NUMBER, 2)`".into()
        }
        "-" | "*" | "/" | "//" | "%" if is_text => {
            "a number is made of a text by `::integer` or `::decimal(12, 2)`".into()
        }
        _ => {
            let width = given.matches(',').count();
            let shown = forms.iter().filter(|form| form.matches(',').count() == width).take(3);
            let shown = shown.map(|form| sql_type(form).replacen(", ", &format!(" {} ", spelt(name)), 1));
            format!("it takes {}", list(&shown.collect::<Vec<_>>()).replace(" and ", " or "))
        }
    }
}

/// Operators that are written as words.
fn spelt(name: &str) -> &str {
    match name {
        "~~" => "like",
        "!~~" => "not like",
        "~~*" => "ilike",
        "~~~" => "glob",
        other => other,
    }
}
