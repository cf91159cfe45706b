//! A mapping's expression as SQL of the type its field wants, with the conditions under which a value does not fit.

use super::{limits, objects};
use crate::diag::list;
use serde_json::Value as Json;

use crate::ir::ast::Expr;
use crate::ir::catalog::{Placement, Wire};
use crate::ir::plan::Sql;
use crate::ir::value::Family;

#[derive(Debug, PartialEq, Eq)]
pub struct Typed {
    pub sql: Sql,
    pub sql_type: String,
    pub unfit: Vec<(Sql, String)>,
}

/// `Err` names what the field wants when the type of the expression can never become it.
pub fn typed(expr: &Expr, sql_type: &str, placement: &Placement) -> Result<Typed, String> {
    let raw = Sql::expr(&expr.text);
    let family = Family::of(sql_type);
    let worded = has_words(placement, family);
    if let Some(words) = never_a_word(placement, family) {
        return Err(words);
    }
    let (sql, target) = match placement.wire {
        Wire::Choices => (choices(&raw, sql_type, family, placement)?, "VARCHAR[]".into()),
        Wire::Json if !placement.needs.is_empty() => {
            (objects::whole(&raw, sql_type, &placement.needs)?, sql_type.into())
        }
        _ if worded => self::worded(&raw, family, placement),
        wire => converted(&raw, sql_type, family, wire)?,
    };
    let sql = if target == "VARCHAR" { Sql(format!("nullif({sql}, '')")) } else { sql };
    let mut unfit = Vec::new();
    if worded && target != "VARCHAR" {
        unfit.push(without_word(&raw, &sql, family, placement));
    } else if may_fail(family, placement.wire) {
        unfit.push(lost_in_conversion(&raw, &sql, family, placement.wire));
    }
    unfit.extend(objects::unfit(&raw, sql_type, placement));
    unfit.extend(limits::of(&sql, &target, placement));
    Ok(Typed { sql, sql_type: target, unfit })
}

fn converted(raw: &Sql, sql_type: &str, family: Family, wire: Wire) -> Result<(Sql, String), String> {
    let keep = |target: &str| Ok((raw.clone(), target.to_string()));
    let cast = |target: &str| Ok((Sql(format!("try_cast({raw} AS {target})")), target.to_string()));
    match (wire, family) {
        // A number is an id, and 3.0 is 3.
        (Wire::Choice, Family::Number) => {
            let whole = format!("try_cast({raw} AS BIGINT)");
            Ok((
                Sql(format!("CASE WHEN {whole} = {raw} THEN CAST({whole} AS VARCHAR) ELSE CAST({raw} AS VARCHAR) END")),
                "VARCHAR".into(),
            ))
        }
        (Wire::Text, Family::Number) if is_float(sql_type) => Ok((without_exponent(raw), "VARCHAR".into())),
        (Wire::Text | Wire::Choice, Family::Text | Family::Number | Family::Boolean | Family::Date) => cast("VARCHAR"),
        (Wire::Text, Family::Timestamp) => {
            Ok((Sql(format!("strftime(try_cast({raw} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ')")), "VARCHAR".into()))
        }
        (Wire::Text, _) => Err("text".into()),
        (Wire::Choice, _) => Err("a choice (text or a number)".into()),
        (Wire::Integer, Family::Number | Family::Text) => cast("BIGINT"),
        (Wire::Integer, _) => Err("a whole number".into()),
        (Wire::Number, Family::Number) if is_float(sql_type) => cast("DOUBLE"),
        (Wire::Number, Family::Number) => keep(sql_type),
        (Wire::Number, Family::Text) => cast("DOUBLE"),
        (Wire::Number, _) => Err("a number".into()),
        (Wire::Boolean, Family::Boolean) => keep("BOOLEAN"),
        (Wire::Boolean, Family::Text | Family::Number) => cast("BOOLEAN"),
        (Wire::Boolean, _) => Err("true or false".into()),
        (Wire::Date, Family::Date | Family::Timestamp | Family::Text) => cast("DATE"),
        (Wire::Date, _) => Err("a date".into()),
        (Wire::DatetimeUtc, Family::Timestamp | Family::Date) => cast("TIMESTAMP"),
        // By way of an instant, so that a zone in the text counts; text without one is UTC, as the session is.
        (Wire::DatetimeUtc, Family::Text) => {
            Ok((Sql(format!("CAST(try_cast({raw} AS TIMESTAMPTZ) AS TIMESTAMP)")), "TIMESTAMP".into()))
        }
        (Wire::DatetimeUtc, _) => Err("a point in time".into()),
        (Wire::List, Family::Texts) => keep("VARCHAR[]"),
        (Wire::List, Family::Json) if sql_type.ends_with("[]") => cast("VARCHAR[]"),
        (Wire::List, _) => Err("a list of texts".into()),
        (Wire::Choices, _) => Err("a list of choices".into()),
        (Wire::Json, _) => keep(sql_type),
    }
}

/// DuckDB writes `1e-05` and `1e+16`; what expects a number as text expects plain digits.
fn without_exponent(raw: &Sql) -> Sql {
    let text = format!("CAST({raw} AS VARCHAR)");
    let plain = |form: &str| format!("CAST(try_cast({text} AS {form}) AS VARCHAR)");
    let (small, large) = (plain("DECIMAL(38, 20)"), plain("HUGEINT"));
    Sql(format!(
        "CASE WHEN {text} LIKE '%e-%' THEN coalesce(rtrim({small}, '0'), {text}) \
         WHEN {text} LIKE '%e+%' THEN coalesce({large}, {text}) ELSE {text} END"
    ))
}

fn is_float(sql_type: &str) -> bool {
    matches!(sql_type, "FLOAT" | "DOUBLE" | "REAL")
}

/// Numbers are what they are: a word for `3` would be a label, and a label that looks like an id of another choice.
fn has_words(placement: &Placement, family: Family) -> bool {
    let numeric = matches!(placement.wire, Wire::Integer | Wire::Number | Wire::Choice);
    let plain = numeric && family == Family::Number;
    !plain && !placement.words.is_empty()
}

/// Numbers and dates never come to one of a few words, unless one of those looks like a number.
fn never_a_word(placement: &Placement, family: Family) -> Option<String> {
    let figures = matches!(family, Family::Number | Family::Date | Family::Timestamp);
    let closed = placement.wire == Wire::Text && !placement.values.is_empty();
    let told = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let values: Vec<String> = placement.values.iter().map(told).collect();
    let mut words = values.iter().chain(placement.words.iter().map(|(word, _)| word));
    let never = figures && closed && !words.any(|word| word.chars().any(|c| c.is_ascii_digit()));
    never.then(|| format!("one of {}", list(&values)))
}

/// Booleans (and other values) as the destination's words: `true` becomes `subscribed`. A value that is one of the words
/// already passes.
fn worded(raw: &Sql, family: Family, placement: &Placement) -> (Sql, String) {
    let text = if family == Family::Boolean {
        format!("CASE WHEN {raw} THEN 'true' WHEN NOT {raw} THEN 'false' END")
    } else {
        format!("CAST({raw} AS VARCHAR)")
    };
    let worded = by_words(&text, placement);
    match placement.wire {
        Wire::Integer => (Sql(format!("try_cast({worded} AS BIGINT)")), "BIGINT".into()),
        Wire::Number if family == Family::Boolean => (Sql(format!("try_cast({worded} AS BIGINT)")), "BIGINT".into()),
        Wire::Number => (Sql(format!("try_cast({worded} AS DOUBLE)")), "DOUBLE".into()),
        _ => (Sql(worded), "VARCHAR".into()),
    }
}

fn by_words(text: &str, placement: &Placement) -> String {
    let arms: Vec<String> = placement
        .words
        .iter()
        .map(|(from, to)| format!("WHEN {} THEN {}", Sql::text(&from.to_lowercase()), Sql::text(&plain(to))))
        .collect();
    format!("CASE lower({text}) {} ELSE {text} END", arms.join(" "))
}

/// Each item of a list by its word.
fn choices(raw: &Sql, sql_type: &str, family: Family, placement: &Placement) -> Result<Sql, String> {
    let texts = family == Family::Texts;
    let numbers = family == Family::Json && sql_type.ends_with("[]");
    if !texts && !numbers {
        return Err("a list of choices".into());
    }
    let list = if texts { raw.to_string() } else { format!("try_cast({raw} AS VARCHAR[])") };
    if !texts || placement.words.is_empty() {
        return Ok(Sql(list));
    }
    Ok(Sql(format!("list_transform({list}, lambda x: {})", by_words("x", placement))))
}

/// A value that is neither one of the words nor what they stand for.
fn without_word(raw: &Sql, sql: &Sql, family: Family, placement: &Placement) -> (Sql, String) {
    let reason = match placement.values.is_empty() {
        true => format!("is not {}", noun(placement.wire)),
        false => none_of(placement),
    };
    (lost_in_conversion(raw, sql, family, placement.wire).0, reason)
}

pub fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a conversion can lose a value that is there.
fn may_fail(family: Family, wire: Wire) -> bool {
    match wire {
        Wire::Text | Wire::Choice | Wire::Choices | Wire::Json => false,
        Wire::Integer => true,
        Wire::Number => family == Family::Text,
        Wire::Boolean => family != Family::Boolean,
        Wire::Date | Wire::DatetimeUtc => family == Family::Text,
        Wire::List => family == Family::Json,
    }
}

fn lost_in_conversion(raw: &Sql, sql: &Sql, family: Family, wire: Wire) -> (Sql, String) {
    let there =
        if family == Family::Text { format!("nullif({raw}, '') IS NOT NULL") } else { format!("{raw} IS NOT NULL") };
    let lost = if wire == Wire::Integer && family == Family::Number {
        format!("{there} AND ({sql} IS NULL OR {sql} <> {raw})")
    } else {
        format!("{there} AND {sql} IS NULL")
    };
    (Sql(format!("({lost})")), format!("is not {}", noun(wire)))
}

fn noun(wire: Wire) -> &'static str {
    match wire {
        Wire::Text => "text",
        Wire::Integer => "a whole number",
        Wire::Number => "a number",
        Wire::Boolean => "true or false",
        Wire::Date => "a date",
        Wire::DatetimeUtc => "a point in time",
        Wire::List => "a list of texts",
        Wire::Json => "a value",
        Wire::Choice => "a choice",
        Wire::Choices => "a list of choices",
    }
}

/// Choices by their labels, which is how people know them.
pub fn none_of(placement: &Placement) -> String {
    let choosing = matches!(placement.wire, Wire::Choice | Wire::Choices) && !placement.words.is_empty();
    let shown: Vec<String> = match choosing {
        true => placement.words.iter().map(|(label, _)| label.clone()).collect(),
        false => placement.values.iter().map(plain).collect(),
    };
    match shown.len() {
        ..=12 => format!("is none of {}", shown.join(", ")),
        count => format!("is none of its {count} choices"),
    }
}
