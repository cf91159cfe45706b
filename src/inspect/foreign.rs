//! What other databases call what DuckDB has by another name.

/// Functions, and how DuckDB writes what they do.
const CALLS: [(&str, &str); 37] = [
    ("charindex", "instr(TEXT, PART)"),
    ("convert", "try_cast(VALUE as TYPE)"),
    ("curdate", "current_date"),
    ("date_format", "strftime(DATE, '%Y-%m-%d')"),
    ("dateadd", "DATE + interval '30 days'"),
    ("dayofmonth", "day(DATE)"),
    ("empty", "VALUE = ''"),
    ("format_date", "strftime(DATE, '%Y-%m-%d')"),
    ("format_timestamp", "strftime(TIMESTAMP, '%Y-%m-%d')"),
    ("from_unixtime", "to_timestamp(SECONDS)"),
    ("get_json_object", "VALUE ->> '$.NAME'"),
    ("getdate", "current_date"),
    ("iff", "if(CONDITION, VALUE, VALUE)"),
    ("iif", "if(CONDITION, VALUE, VALUE)"),
    ("isnull", "VALUE is null` or `coalesce(VALUE, VALUE)"),
    ("json_extract_scalar", "VALUE ->> '$.NAME'"),
    ("json_value", "VALUE ->> '$.NAME'"),
    ("listagg", "string_agg(VALUE, ',')"),
    ("lowercase", "lower(TEXT)"),
    ("nvl", "coalesce(VALUE, VALUE)"),
    ("nvl2", "if(VALUE is not null, VALUE, VALUE)"),
    ("parse_date", "strptime(TEXT, '%Y-%m-%d')::date"),
    ("parse_json", "TEXT::json"),
    ("regexp_like", "regexp_matches(TEXT, PATTERN)"),
    ("safe_cast", "try_cast(VALUE as TYPE)"),
    ("safe_divide", "VALUE / nullif(VALUE, 0)"),
    ("split_to_array", "split(TEXT, ',')"),
    ("str_to_date", "strptime(TEXT, '%Y-%m-%d')::date"),
    ("sysdate", "current_date"),
    ("timestampdiff", "date_diff('day', DATE, DATE)"),
    ("to_char", "strftime(DATE, '%Y-%m-%d')"),
    ("to_date", "strptime(TEXT, '%Y-%m-%d')::date"),
    ("to_number", "TEXT::decimal(12, 2)"),
    ("to_varchar", "VALUE::varchar"),
    ("toupper", "upper(TEXT)"),
    ("uppercase", "upper(TEXT)"),
    ("zeroifnull", "coalesce(VALUE, 0)"),
];

/// Words that stand between two values elsewhere.
const BETWEEN: [(&str, &str); 6] = [
    ("contains", "contains(TEXT, PART)"),
    ("days", "interval '30 days'"),
    ("months", "interval '3 months'"),
    ("regexp", "regexp_matches(TEXT, PATTERN)"),
    ("rlike", "regexp_matches(TEXT, PATTERN)"),
    ("years", "interval '18 years'"),
];

pub fn call(name: &str) -> Option<&'static str> {
    of(&CALLS, name)
}

pub fn between(word: &str) -> Option<&'static str> {
    of(&BETWEEN, word)
}

fn of(words: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, written)| *written)
}
