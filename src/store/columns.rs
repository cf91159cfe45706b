//! Columns of a result, taken as they come from DuckDB: in Arrow's form, piece by piece.

use std::fmt::Write;

use duckdb::arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use duckdb::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use duckdb::types::{ListType, ValueRef};

use super::value::from_ref;
use crate::ir::value::{Texts, Value, Values};

/// A column of a type with room for so many values, to add pieces to. `None` for types that cannot be taken so: they are rare,
/// and are read row by row.
pub fn empty(kind: &DataType, rows: usize) -> Option<Values> {
    Some(match kind {
        DataType::Boolean => Values::Bools(Vec::with_capacity(rows)),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => Values::Ints(Vec::with_capacity(rows)),
        DataType::Float32 | DataType::Float64 => Values::Floats(Vec::with_capacity(rows)),
        // DuckDB's HUGEINT comes as one of 38 digits.
        DataType::Decimal128(digits, _) if *digits < 38 => Values::Decimals(Texts::with_room(rows)),
        DataType::Utf8 => Values::Texts(Texts::with_room(rows)),
        DataType::Date32 => Values::Dates(Vec::with_capacity(rows)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Values::Timestamps(Vec::with_capacity(rows)),
        DataType::List(_) | DataType::Struct(_) => Values::Others(Vec::with_capacity(rows)),
        _ => return None,
    })
}

/// Adds a piece to a column of its type.
pub fn add(values: &mut Values, piece: &ArrayRef) {
    match values {
        Values::Bools(values) => values.extend(piece.as_boolean()),
        Values::Ints(values) => add_ints(values, piece),
        Values::Floats(values) => match piece.data_type() {
            DataType::Float32 => values.extend(wide::<Float32Type, f64>(piece)),
            _ => values.extend(wide::<Float64Type, f64>(piece)),
        },
        Values::Decimals(texts) => add_decimals(texts, piece),
        Values::Texts(texts) => piece.as_string::<i32>().iter().for_each(|text| texts.push(text)),
        Values::Dates(values) => values.extend(wide::<Date32Type, i32>(piece)),
        Values::Timestamps(values) => values.extend(wide::<TimestampMicrosecondType, i64>(piece)),
        Values::Others(values) => values.extend((0..piece.len()).map(|at| other(piece, at))),
    }
}

fn add_ints(values: &mut Vec<Option<i64>>, piece: &ArrayRef) {
    match piece.data_type() {
        DataType::Int8 => values.extend(wide::<Int8Type, i64>(piece)),
        DataType::Int16 => values.extend(wide::<Int16Type, i64>(piece)),
        DataType::Int32 => values.extend(wide::<Int32Type, i64>(piece)),
        DataType::UInt8 => values.extend(wide::<UInt8Type, i64>(piece)),
        DataType::UInt16 => values.extend(wide::<UInt16Type, i64>(piece)),
        DataType::UInt32 => values.extend(wide::<UInt32Type, i64>(piece)),
        _ => values.extend(wide::<Int64Type, i64>(piece)),
    }
}

fn wide<T, W>(piece: &ArrayRef) -> impl Iterator<Item = Option<W>>
where
    T: ArrowPrimitiveType<Native: Into<W>>,
{
    piece.as_primitive::<T>().iter().map(|value| value.map(Into::into))
}

fn add_decimals(texts: &mut Texts, piece: &ArrayRef) {
    let decimals = piece.as_primitive::<Decimal128Type>();
    let scale = usize::try_from(decimals.scale()).unwrap_or_default();
    let mut digits = String::new();
    for value in decimals {
        digits.clear();
        value.iter().for_each(|value| write_decimal(&mut digits, *value, scale));
        texts.push(value.map(|_| digits.as_str()));
    }
}

/// `1250` of scale 2 is `12.50`.
fn write_decimal(out: &mut String, value: i128, scale: usize) {
    let unit = 10_u128.pow(scale as u32);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    // Text takes whatever is written.
    let _ = match (scale, u64::try_from(whole), u64::try_from(rest)) {
        (0, ..) => write!(out, "{sign}{whole}"),
        // Several times as fast as with 128 bits.
        (_, Ok(whole), Ok(rest)) => write!(out, "{sign}{whole}.{rest:0scale$}"),
        _ => write!(out, "{sign}{whole}.{rest:0scale$}"),
    };
}

fn other(piece: &ArrayRef, at: usize) -> Value {
    if piece.is_null(at) {
        return Value::Null;
    }
    let list = piece.as_any().downcast_ref::<ListArray>().map(|list| ValueRef::List(ListType::Regular(list), at));
    let members = || piece.as_any().downcast_ref::<StructArray>().map(|members| ValueRef::Struct(members, at));
    list.or_else(members).map_or(Value::Null, from_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        let cases = [
            (1250, 2, "12.50"),
            (-5, 2, "-0.05"),
            (0, 3, "0.000"),
            (7, 0, "7"),
            (-12_345_678_901_234_567_890_123_i128, 1, "-1234567890123456789012.3"),
        ];
        for (value, scale, written) in cases {
            let mut out = String::new();
            write_decimal(&mut out, value, scale);
            assert_eq!(out, written);
        }
    }
}
