//! DuckDB's values to ours.

use duckdb::types::{TimeUnit, Value as Duck, ValueRef};

use crate::ir::value::Value;

pub fn row(row: &duckdb::Row<'_>, width: usize) -> Result<Vec<Value>, duckdb::Error> {
    (0..width).map(|at| Ok(from_ref(row.get_ref(at)?))).collect()
}

/// The common types without a detour.
pub fn from_ref(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Boolean(value) => Value::Bool(value),
        ValueRef::Int(value) => Value::Int(value.into()),
        ValueRef::BigInt(value) => Value::Int(value.into()),
        ValueRef::UBigInt(value) => Value::Int(value.into()),
        ValueRef::Double(value) => Value::Float(value),
        ValueRef::Date32(days) => Value::Date(days),
        ValueRef::Timestamp(unit, value) => Value::Timestamp(micros(unit, value)),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        other => from_duckdb(other.to_owned()),
    }
}

fn from_duckdb(value: Duck) -> Value {
    match value {
        Duck::Null => Value::Null,
        Duck::Boolean(value) => Value::Bool(value),
        Duck::TinyInt(value) => Value::Int(value.into()),
        Duck::SmallInt(value) => Value::Int(value.into()),
        Duck::Int(value) => Value::Int(value.into()),
        Duck::BigInt(value) => Value::Int(value.into()),
        Duck::HugeInt(value) => Value::Int(value),
        Duck::UTinyInt(value) => Value::Int(value.into()),
        Duck::USmallInt(value) => Value::Int(value.into()),
        Duck::UInt(value) => Value::Int(value.into()),
        Duck::UBigInt(value) => Value::Int(value.into()),
        Duck::UHugeInt(value) => i128::try_from(value).map_or_else(|_| Value::Decimal(value.to_string()), Value::Int),
        Duck::Float(value) => Value::Float(value.into()),
        Duck::Double(value) => Value::Float(value),
        Duck::Decimal(value) => Value::Decimal(value.to_string()),
        Duck::Timestamp(unit, value) => Value::Timestamp(micros(unit, value)),
        Duck::Text(value) | Duck::Enum(value) => Value::Text(value),
        Duck::Blob(bytes) | Duck::Geometry(bytes) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Duck::Date32(days) => Value::Date(days),
        Duck::Time64(unit, value) => Value::Text(clock(micros(unit, value))),
        Duck::Interval { months, days, nanos } => Value::Text(format!("{months} months {days} days {nanos} ns")),
        Duck::List(items) | Duck::Array(items) => Value::List(items.into_iter().map(from_duckdb).collect()),
        Duck::Struct(fields) => {
            Value::Struct(fields.iter().map(|(name, value)| (name.clone(), from_duckdb(value.clone()))).collect())
        }
        Duck::Map(entries) => {
            let pairs = entries.iter().map(|(key, value)| (plain(key.clone()), from_duckdb(value.clone())));
            Value::Struct(pairs.collect())
        }
        Duck::Union(value) => from_duckdb(*value),
        other => Value::Text(format!("{other:?}")),
    }
}

fn plain(key: Duck) -> String {
    match from_duckdb(key) {
        Value::Text(text) | Value::Decimal(text) => text,
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn micros(unit: TimeUnit, value: i64) -> i64 {
    match unit {
        TimeUnit::Second => value.saturating_mul(1_000_000),
        TimeUnit::Millisecond => value.saturating_mul(1_000),
        TimeUnit::Microsecond => value,
        TimeUnit::Nanosecond => value / 1_000,
    }
}

fn clock(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
