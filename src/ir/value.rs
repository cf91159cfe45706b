//! Values of rows, as they leave DuckDB.

/// One value. Dates count days and timestamps microseconds from 1970-01-01 UTC; decimals keep their digits as text.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Decimal(String),
    Text(String),
    Date(i32),
    Timestamp(i64),
    List(Vec<Value>),
    Struct(Vec<(String, Value)>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The same without the members of structs that are NULL. Items of lists stay, since their places may count.
    pub fn without_null_members(&self) -> Value {
        match self {
            Value::List(items) => Value::List(items.iter().map(Value::without_null_members).collect()),
            Value::Struct(members) => {
                let there = members.iter().filter(|(_, value)| !value.is_null());
                Value::Struct(there.map(|(name, value)| (name.clone(), value.without_null_members())).collect())
            }
            plain => plain.clone(),
        }
    }
}

/// One value, where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Decimal(&'a str),
    Text(&'a str),
    Date(i32),
    Timestamp(i64),
    List(&'a [Value]),
    Struct(&'a [(String, Value)]),
}

impl<'a> Cell<'a> {
    pub fn is_null(self) -> bool {
        matches!(self, Cell::Null)
    }

    pub fn text(self) -> Option<&'a str> {
        if let Cell::Text(text) = self { Some(text) } else { None }
    }

    pub fn to_value(self) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Int(value) => Value::Int(value),
            Cell::Float(value) => Value::Float(value),
            Cell::Decimal(digits) => Value::Decimal(digits.to_string()),
            Cell::Text(text) => Value::Text(text.to_string()),
            Cell::Date(days) => Value::Date(days),
            Cell::Timestamp(micros) => Value::Timestamp(micros),
            Cell::List(items) => Value::List(items.to_vec()),
            Cell::Struct(members) => Value::Struct(members.to_vec()),
        }
    }
}

impl<'a> From<&'a Value> for Cell<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Cell::Null,
            Value::Bool(value) => Cell::Bool(*value),
            Value::Int(value) => Cell::Int(*value),
            Value::Float(value) => Cell::Float(*value),
            Value::Decimal(digits) => Cell::Decimal(digits),
            Value::Text(text) => Cell::Text(text),
            Value::Date(days) => Cell::Date(*days),
            Value::Timestamp(micros) => Cell::Timestamp(*micros),
            Value::List(items) => Cell::List(items),
            Value::Struct(members) => Cell::Struct(members),
        }
    }
}

/// The values of a column, one behind the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Bools(Vec<Option<bool>>),
    Ints(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Decimals(Texts),
    Texts(Texts),
    Dates(Vec<Option<i32>>),
    Timestamps(Vec<Option<i64>>),
    Others(Vec<Value>),
}

impl Default for Values {
    fn default() -> Self {
        Values::Others(Vec::new())
    }
}

impl Values {
    /// NULL where there is none.
    #[inline]
    pub fn at(&self, at: usize) -> Cell<'_> {
        #[inline]
        fn cell<'a, T: Copy>(values: &[Option<T>], at: usize, cell: impl Fn(T) -> Cell<'a>) -> Cell<'a> {
            values.get(at).copied().flatten().map_or(Cell::Null, cell)
        }
        match self {
            Values::Bools(values) => cell(values, at, Cell::Bool),
            Values::Ints(values) => cell(values, at, |value| Cell::Int(value.into())),
            Values::Floats(values) => cell(values, at, Cell::Float),
            Values::Decimals(texts) => texts.at(at).map_or(Cell::Null, Cell::Decimal),
            Values::Texts(texts) => texts.at(at).map_or(Cell::Null, Cell::Text),
            Values::Dates(values) => cell(values, at, Cell::Date),
            Values::Timestamps(values) => cell(values, at, Cell::Timestamp),
            Values::Others(values) => values.get(at).map_or(Cell::Null, Cell::from),
        }
    }
}

/// Texts one behind the other, in one piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    text: String,
    /// Where each ends, and whether it is there.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    /// With room for so many, of no length that would be known.
    pub fn with_room(rows: usize) -> Texts {
        Texts { text: String::new(), ends: Vec::with_capacity(rows) }
    }

    pub fn push(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
        self.ends.push((self.text.len(), text.is_some()));
    }

    #[inline]
    pub fn at(&self, at: usize) -> Option<&str> {
        let (end, _) = self.ends.get(at).copied().filter(|(_, there)| *there)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].0);
        Some(&self.text[start..end])
    }
}

/// The families of DuckDB types that definitions tell apart (`custom.types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Text,
    Number,
    Boolean,
    Date,
    Timestamp,
    Texts,
    Json,
}

impl Family {
    pub const ALL: [Family; 7] =
        [Family::Text, Family::Number, Family::Boolean, Family::Date, Family::Timestamp, Family::Texts, Family::Json];

    pub fn name(self) -> &'static str {
        match self {
            Family::Text => "text",
            Family::Number => "number",
            Family::Boolean => "boolean",
            Family::Date => "date",
            Family::Timestamp => "timestamp",
            Family::Texts => "texts",
            Family::Json => "json",
        }
    }

    /// The family of a DuckDB type as `DESCRIBE` names it.
    pub fn of(sql_type: &str) -> Family {
        let name = sql_type.trim().to_ascii_uppercase();
        if name.ends_with(']') {
            return if name.starts_with("VARCHAR") { Family::Texts } else { Family::Json };
        }
        let head: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        match head.as_str() {
            "BOOLEAN" => Family::Boolean,
            "DATE" => Family::Date,
            "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "DATETIME" => Family::Timestamp,
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
            | "UBIGINT" | "UHUGEINT" | "FLOAT" | "DOUBLE" | "DECIMAL" | "BIGNUM" => Family::Number,
            "STRUCT" | "MAP" | "JSON" | "UNION" | "LIST" => Family::Json,
            _ => Family::Text,
        }
    }
}
