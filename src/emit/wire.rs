//! Values in their wire types: the bytes of one JSON value, exact in type and in digits.

use std::io::Write;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::ir::catalog::Wire;
use crate::ir::value::{Cell, Value};

/// Appends the value as JSON. A value that does not fit its wire type goes as what it is: the checks upstream have let it pass.
pub fn write(out: &mut Vec<u8>, wire: Wire, value: Cell<'_>) {
    match (wire, value) {
        (_, Cell::Null) => out.extend_from_slice(b"null"),
        (wire, Cell::Text(text)) => write_held(out, wire, text),
        (Wire::Text | Wire::Date | Wire::DatetimeUtc, value @ (Cell::Date(_) | Cell::Timestamp(_))) => {
            write_time(out, wire, value)
        }
        (Wire::Text | Wire::Date | Wire::DatetimeUtc, value) => write_text(out, &text(value)),
        (Wire::Integer, value) => write_integer(out, value),
        (Wire::List | Wire::Choices, Cell::List(items)) => {
            write_list(out, items, |out, item| write(out, Wire::Text, item))
        }
        (Wire::Number | Wire::Boolean | Wire::List | Wire::Json | Wire::Choice | Wire::Choices, value) => {
            write_plain(out, value)
        }
    }
}

/// Appends what is text in DuckDB.
pub fn write_held(out: &mut Vec<u8>, wire: Wire, text: &str) {
    let plain = match wire {
        Wire::Integer => is_integer(text),
        Wire::Boolean => text == "true" || text == "false",
        _ => false,
    };
    if plain { out.extend_from_slice(text.as_bytes()) } else { write_text(out, text) }
}

/// Appends JSON text that a column of DuckDB's type JSON already holds; what is no JSON goes as text.
pub fn write_json_text(out: &mut Vec<u8>, text: &str) {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => out.extend_from_slice(text.trim().as_bytes()),
        Err(_) => write_text(out, text),
    }
}

pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\')) {
        out.extend_from_slice(&rest[..at]);
        write_escaped(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        other => print(out, format_args!("\\u{other:04x}")),
    }
}

/// The value as text, where it goes into a path, a key or a text field.
pub fn text(value: Cell<'_>) -> String {
    match value {
        Cell::Null => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Date(_) | Cell::Timestamp(_) => written(|out| write_bare_time(out, Wire::Text, value)),
        Cell::List(_) | Cell::Struct(_) => json(value).to_string(),
        value => written(|out| write_plain(out, value)),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same value for expressions.
pub fn json(value: Cell<'_>) -> serde_json::Value {
    let mut out = Vec::new();
    write_plain(&mut out, value);
    serde_json::from_slice(&out).unwrap_or_default()
}

fn write_time(out: &mut Vec<u8>, wire: Wire, value: Cell<'_>) {
    out.push(b'"');
    write_bare_time(out, wire, value);
    out.push(b'"');
}

/// Appends a date or a point in time; nothing where it lies beyond the year 9999.
fn write_bare_time(out: &mut Vec<u8>, wire: Wire, value: Cell<'_>) {
    match (wire, value) {
        (_, Cell::Date(days)) => {
            let Some(date) = date(days) else { return };
            print(out, format_args!("{date}"));
            if wire == Wire::DatetimeUtc {
                out.extend_from_slice(b"T00:00:00Z");
            }
        }
        (Wire::Date, Cell::Timestamp(micros)) => {
            write_bare_time(out, wire, Cell::Date(micros.div_euclid(86_400_000_000) as i32));
        }
        (_, Cell::Timestamp(micros)) => {
            let Ok(instant) = Timestamp::from_microsecond(micros) else { return };
            print(out, format_args!("{instant}"));
        }
        _ => {}
    }
}

fn write_integer(out: &mut Vec<u8>, value: Cell<'_>) {
    match value {
        Cell::Bool(yes) => out.push(b'0' + u8::from(yes)),
        Cell::Float(number) if number.fract() == 0.0 => print(out, format_args!("{number:.0}")),
        Cell::Decimal(digits) => out.extend_from_slice(whole_part(digits).as_bytes()),
        other => write_plain(out, other),
    }
}

/// `12.00` is the integer 12; a decimal with a true fraction keeps it.
fn whole_part(digits: &str) -> &str {
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => digits,
    }
}

/// Text that JSON takes for an integer: no sign but `-`, no leading zero.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && (digits == "0" || !digits.starts_with('0'))
}

fn write_plain(out: &mut Vec<u8>, value: Cell<'_>) {
    match value {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Bool(yes) => out.extend_from_slice(if yes { b"true" } else { b"false" }),
        Cell::Int(number) => write_number(out, number),
        Cell::Float(number) => write_float(out, number),
        Cell::Decimal(digits) => out.extend_from_slice(digits.as_bytes()),
        Cell::Text(text) => write_text(out, text),
        Cell::Date(_) | Cell::Timestamp(_) => write_time(out, Wire::Text, value),
        Cell::List(items) => write_list(out, items, write_plain),
        Cell::Struct(members) => write_struct(out, members),
    }
}

fn write_number(out: &mut Vec<u8>, number: i128) {
    // Twice as fast as the wide one, and nearly all of them fit.
    match i64::try_from(number) {
        Ok(number) => print(out, format_args!("{number}")),
        Err(_) => print(out, format_args!("{number}")),
    }
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

fn write_list(out: &mut Vec<u8>, items: &[Value], write: impl Fn(&mut Vec<u8>, Cell<'_>)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item.into());
    }
    out.push(b']');
}

fn write_struct(out: &mut Vec<u8>, members: &[(String, Value)]) {
    out.push(b'{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(out, name);
        out.push(b':');
        write_plain(out, value.into());
    }
    out.push(b'}');
}

/// Always with a point, since some destinations read a number's type from its spelling. JSON has no word for what is not
/// finite; checks upstream refuse such rows, and null is the least harm.
fn write_float(out: &mut Vec<u8>, number: f64) {
    if !number.is_finite() {
        return out.extend_from_slice(b"null");
    }
    let start = out.len();
    print(out, format_args!("{number:?}"));
    let exponent = out[start..].iter().position(|byte| *byte == b'e').map(|at| start + at);
    if let Some(at) = exponent.filter(|at| !out[start..*at].contains(&b'.')) {
        out.splice(at..at, *b".0");
    }
}

fn date(days: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(i64::from(days).days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wired(wire: Wire, value: Value) -> String {
        let mut out = Vec::new();
        write(&mut out, wire, Cell::from(&value));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn every_wire_type_is_exact() {
        let micros = 1_769_850_000_000_000;
        let cases = [
            (Wire::Text, Value::Text("a\"b\\\n\u{1}é".into()), r#""a\"b\\\n\u0001é""#),
            (Wire::Text, Value::Int(17), r#""17""#),
            (Wire::Text, Value::Decimal("1.50".into()), r#""1.50""#),
            (Wire::Integer, Value::Int(i128::from(u64::MAX)), "18446744073709551615"),
            (Wire::Integer, Value::Decimal("12.00".into()), "12"),
            (Wire::Integer, Value::Float(3.0), "3"),
            (Wire::Integer, Value::Text("007".into()), r#""007""#),
            (Wire::Integer, Value::Text("70".into()), "70"),
            (Wire::Number, Value::Int(5), "5"),
            (Wire::Number, Value::Float(5.0), "5.0"),
            (Wire::Number, Value::Float(1e16), "1.0e16"),
            (Wire::Number, Value::Decimal("12.50".into()), "12.50"),
            (Wire::Boolean, Value::Bool(true), "true"),
            (Wire::Date, Value::Date(7140), r#""1989-07-20""#),
            (Wire::Date, Value::Timestamp(-1), r#""1969-12-31""#),
            (Wire::DatetimeUtc, Value::Date(7140), r#""1989-07-20T00:00:00Z""#),
            (Wire::DatetimeUtc, Value::Timestamp(micros), r#""2026-01-31T09:00:00Z""#),
            (Wire::DatetimeUtc, Value::Timestamp(micros + 250_000), r#""2026-01-31T09:00:00.25Z""#),
            (Wire::List, Value::List(vec![Value::Text("a".into()), Value::Int(1)]), r#"["a","1"]"#),
            (Wire::Json, Value::Struct(vec![("n".into(), Value::List(vec![Value::Float(1.0)]))]), r#"{"n":[1.0]}"#),
            (Wire::Text, Value::Null, "null"),
        ];
        for (wire, value, expected) in cases {
            assert_eq!(wired(wire, value.clone()), expected, "{} {value:?}", wire.name());
        }
    }
}
