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
