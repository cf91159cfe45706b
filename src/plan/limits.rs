//! What a placement says of the values themselves: lists, lengths, patterns, digits, ranges.

use super::value::{none_of, plain};
use crate::ir::catalog::Placement;
use crate::ir::plan::Sql;
use crate::ir::value::Family;

/// Conditions under which a typed value is none that the placement takes, each with its reason.
pub fn of(sql: &Sql, sql_type: &str, placement: &Placement) -> Vec<(Sql, String)> {
    let mut unfit = Vec::new();
    let mut rule =
        |condition: String, reason: String| unfit.push((Sql(format!("coalesce({condition}, false)")), reason));
    if !placement.values.is_empty() {
        let known: Vec<String> = placement.values.iter().map(|value| Sql::text(&plain(value)).0).collect();
        let known = known.join(", ");
        match sql_type {
            "VARCHAR[]" => rule(
                format!("len(list_filter({sql}, lambda x: x NOT IN ({known}))) > 0"),
                format!("holds what {}", none_of(placement)),
            ),
            _ => rule(format!("CAST({sql} AS VARCHAR) NOT IN ({known})"), none_of(placement)),
        }
    }
    if matches!(sql_type, "DOUBLE") {
        rule(format!("NOT isfinite({sql})"), "is no finite number".into());
    }
    // RFC 3339 has four digits for a year, and no word for infinity.
    if matches!(sql_type, "DATE" | "TIMESTAMP") {
        let beyond = format!("NOT isfinite({sql}) OR year({sql}) NOT BETWEEN 1 AND 9999");
        rule(format!("({beyond})"), "lies outside the years 1 to 9999".into());
    }
    if sql_type == "VARCHAR[]" {
        if let Some(max) = placement.max_items {
            rule(format!("len({sql}) > {max}"), format!("holds more than {max} items"));
        }
        let hollow = format!("len(list_filter({sql}, lambda x: x IS NULL OR x = '')) > 0");
        rule(format!("(len({sql}) = 0 OR {hollow})"), "is empty or holds an empty item".into());
    }
    numbers(sql, sql_type, placement, &mut rule);
    if sql_type == "VARCHAR"
        && let Some((condition, reason)) = text(sql, placement)
    {
        rule(condition.0, reason);
    }
    unfit
}

/// Length and pattern of a text.
pub fn text(sql: &Sql, placement: &Placement) -> Option<(Sql, String)> {
    let mut conditions = Vec::new();
    let mut reasons = Vec::new();
    if let Some(max) = placement.max {
        conditions.push(format!("length({sql}) > {max}"));
        reasons.push(format!("is longer than {max} characters"));
    }
    if let Some(min) = placement.min.filter(|min| *min > 1) {
        conditions.push(format!("length({sql}) < {min}"));
        reasons.push(format!("is shorter than {min} characters"));
    }
    if let Some(pattern) = &placement.pattern {
        conditions.push(format!("NOT regexp_matches({sql}, {})", Sql::text(pattern)));
        let form = placement.pattern_help.as_ref().unwrap_or(pattern);
        reasons.push(format!("does not look like {form}"));
    }
    if conditions.is_empty() {
        return None;
    }
    Some((Sql(format!("coalesce({}, false)", conditions.join(" OR "))), reasons.join(" or ")))
}

/// Range and digits of numbers, as they are written on the wire.
fn numbers(sql: &Sql, sql_type: &str, placement: &Placement, rule: &mut dyn FnMut(String, String)) {
    if let Some((least, greatest)) = placement.between {
        let number = format!("try_cast({sql} AS DOUBLE)");
        rule(format!("{number} NOT BETWEEN {least} AND {greatest}"), format!("lies outside {least} to {greatest}"));
    }
    let is_number = Family::of(sql_type) == Family::Number;
    let digits = placement.digits;
    if let Some(max) = digits.all.filter(|_| is_number) {
        let too_many = match sql_type {
            "DOUBLE" => format!("abs({sql}) >= 1e{max}"),
            _ => format!("length(regexp_replace(CAST({sql} AS VARCHAR), '[^0-9]', '', 'g')) > {max}"),
        };
        rule(too_many, format!("has more than {max} digits"));
    }
    if let Some(max) = digits.before_point.filter(|_| is_number) {
        let too_many = match sql_type {
            "DOUBLE" => format!("abs({sql}) >= 1e{max}"),
            _ => format!("length(ltrim(split_part(CAST({sql} AS VARCHAR), '.', 1), '-')) > {max}"),
        };
        rule(too_many, format!("has more than {max} digits before the point"));
    }
}
