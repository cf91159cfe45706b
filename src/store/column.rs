//! Rows on their way into a table, column by column: DuckDB takes them as they lie.

use std::sync::Arc;

use duckdb::arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray, TimestampMicrosecondArray, UInt64Array};
use duckdb::arrow::record_batch::RecordBatch;

use super::{StoreError, StoreErrorKind};

/// The values of one column, a row each. The table's column is of the same type.
pub enum Column<'a> {
    /// `UBIGINT`
    Counts(Vec<u64>),
    /// `INTEGER`
    Numbers(Vec<Option<i32>>),
    /// `VARCHAR`
    Texts(Vec<Option<&'a str>>),
    /// `BOOLEAN`
    Truths(Vec<bool>),
    /// `TIMESTAMP`, in microseconds from 1970-01-01 UTC
    Instants(Vec<i64>),
}

impl Column<'_> {
    fn array(self) -> ArrayRef {
        match self {
            Column::Counts(values) => Arc::new(UInt64Array::from(values)),
            Column::Numbers(values) => Arc::new(Int32Array::from(values)),
            Column::Texts(values) => Arc::new(StringArray::from(values)),
            Column::Truths(values) => Arc::new(BooleanArray::from(values)),
            Column::Instants(values) => Arc::new(TimestampMicrosecondArray::from(values)),
        }
    }
}

pub fn batch(columns: Vec<Column<'_>>) -> Result<RecordBatch, StoreError> {
    // An appender goes by the order of the columns, not by their names.
    let arrays = columns.into_iter().map(|column| ("", column.array()));
    RecordBatch::try_from_iter(arrays).map_err(|error| StoreError {
        kind: StoreErrorKind::Other,
        message: error.to_string(),
        offset: None,
    })
}
