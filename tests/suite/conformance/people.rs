//! The source of every scenario: made-up people, each known by a number, whose values change from round to round.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Compared trimmed and in lower case, as every destination takes it.
    Email,
    Number,
    Boolean,
    Date,
    Timestamp,
}

/// Columns with their types in the source.
pub const COLUMNS: [(&str, &str, Kind); 15] = [
    ("id", "varchar", Kind::Text),
    ("email", "varchar", Kind::Email),
    ("phone", "varchar", Kind::Text),
    ("code", "varchar", Kind::Text),
    ("number", "bigint", Kind::Number),
    ("first_name", "varchar", Kind::Text),
    ("last_name", "varchar", Kind::Text),
    ("city", "varchar", Kind::Text),
    ("country", "varchar", Kind::Text),
    ("language", "varchar", Kind::Text),
    ("zip", "varchar", Kind::Text),
    ("score", "decimal(8, 2)", Kind::Number),
    ("visits", "integer", Kind::Number),
    ("vip", "boolean", Kind::Boolean),
    ("joined", "date", Kind::Date),
];

pub const SEEN: (&str, &str, Kind) = ("seen", "timestamp", Kind::Timestamp);

const FIRST_NAMES: [&str; 4] = ["Ann", "Björn", "Zoë", "Иван"];
const CITIES: [&str; 5] = ["Oslo", "Malmö", "東京", "Αθήνα", "Saint-Étienne"];
const COUNTRIES: [&str; 4] = ["SE", "NO", "JP", "GR"];
const LANGUAGES: [&str; 4] = ["sv", "no", "ja", "el"];

pub fn columns() -> impl Iterator<Item = (&'static str, &'static str, Kind)> {
    COLUMNS.into_iter().chain([SEEN])
}

pub fn kind(column: &str) -> Kind {
    let found = columns().find(|(name, ..)| *name == column);
    found.unwrap_or_else(|| panic!("the source has no column `{column}`")).2
}

#[derive(Clone, Debug)]
pub struct Person {
    values: BTreeMap<&'static str, Option<String>>,
}

impl Person {
    pub fn new(number: usize) -> Person {
        Person::aged(number, 0)
    }

    /// The same person later: all values but those that identify are others.
    pub fn aged(number: usize, round: usize) -> Person {
        let turn = number + round;
        let values = [
            ("id", format!("p-{number:05}")),
            ("email", format!("ann.{number:05}@example.com")),
            ("phone", format!("+467{number:08}")),
            ("code", format!("C-{number:05}")),
            ("number", (500_000 + number).to_string()),
            ("first_name", FIRST_NAMES[turn % 4].to_string()),
            ("last_name", format!("Åkesson {turn}")),
            ("city", CITIES[turn % 5].to_string()),
            ("country", COUNTRIES[turn % 4].to_string()),
            ("language", LANGUAGES[turn % 4].to_string()),
            ("zip", format!("{turn:05}")),
            ("score", format!("{}.25", turn % 100)),
            ("visits", turn.to_string()),
            ("vip", (turn % 2 == 1).to_string()),
            ("joined", format!("2024-{:02}-{:02}", 1 + turn / 28 % 12, 1 + turn % 28)),
            ("seen", format!("2024-05-01 {:02}:{:02}:{:02}", 10 + turn / 3600 % 12, turn / 60 % 60, turn % 60)),
        ];
        Person { values: values.into_iter().map(|(column, value)| (column, Some(value))).collect() }
    }

    pub fn get(&self, column: &str) -> Option<&str> {
        self.values.get(column).unwrap_or_else(|| panic!("the source has no column `{column}`")).as_deref()
    }

    pub fn key(&self) -> &str {
        self.get("id").unwrap_or_default()
    }

    pub fn set(&mut self, column: &str, value: Option<&str>) {
        let there = self.values.get_mut(column).unwrap_or_else(|| panic!("the source has no column `{column}`"));
        *there = value.map(str::to_string);
    }

    /// Takes these columns over from somebody else.
    pub fn take(&mut self, columns: &[String], from: &Person) {
        columns.iter().for_each(|column| self.set(column, from.get(column)));
    }

    /// As JSON has it; what JSON has no type for is text.
    pub fn json(&self, column: &str) -> Value {
        let Some(text) = self.get(column) else { return Value::Null };
        match kind(column) {
            Kind::Number | Kind::Boolean => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        }
    }
}

pub fn people(numbers: impl IntoIterator<Item = usize>) -> Vec<Person> {
    numbers.into_iter().map(Person::new).collect()
}

/// JSON lines, in which nothing but NULL is NULL. Decimals are written as text, which keeps their digits.
pub fn lines(people: &[Person]) -> String {
    let line = |person: &Person| {
        let values = person.values.iter().map(|(column, value)| (column.to_string(), json!(value)));
        Value::Object(values.collect::<Map<_, _>>()).to_string() + "\n"
    };
    people.iter().map(line).collect()
}
