//! What comes to something else at every run, and shows in the result.

use serde_json::Value as Json;

const CHANCE: [&str; 6] = ["random", "setseed", "uuid", "gen_random_uuid", "uuidv4", "uuidv7"];
/// Some of them stand without parentheses, and read like columns.
const CLOCK: [&str; 12] = [
    "now",
    "today",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "current_localtime",
    "current_localtimestamp",
    "get_current_time",
    "get_current_timestamp",
    "transaction_timestamp",
];
const WHOLE: [&str; 6] = ["year", "quarter", "month", "decade", "century", "millennium"];
const IN_PARTS: [&str; 6] = ["date_diff", "datediff", "date_sub", "datesub", "date_part", "datepart"];

/// The first such call, with the node that it is.
pub fn call(node: &Json) -> Option<(&str, &Json)> {
    shown(node, true)
}

/// `clock`: whether the time of day, or the day, can still be told from the result. It cannot behind a comparison, nor in whole years
/// or months: those change for a row now and then.
fn shown(node: &Json, clock: bool) -> Option<(&str, &Json)> {
    let clock = clock && !blurs(node);
    let own = name(node).filter(|name| is(&CHANCE, name) || (clock && (is(&CLOCK, name) || is_age(node, name))));
    let parts = || match node {
        Json::Array(items) => items.iter().find_map(|item| shown(item, clock)),
        Json::Object(members) => members.values().find_map(|member| shown(member, clock)),
        _ => None,
    };
    own.map(|name| (name, node)).or_else(parts)
}

fn name(node: &Json) -> Option<&str> {
    match node["class"].as_str()? {
        "FUNCTION" => node["function_name"].as_str(),
        "COLUMN_REF" if node["column_names"].as_array()?.len() == 1 => node["column_names"][0].as_str(),
        _ => None,
    }
}

/// With one date, `age` counts up to today.
fn is_age(node: &Json, name: &str) -> bool {
    name.eq_ignore_ascii_case("age") && node["children"].as_array().is_some_and(|children| children.len() == 1)
}

fn blurs(node: &Json) -> bool {
    match node["class"].as_str() {
        Some("COMPARISON" | "BETWEEN") => true,
        Some("OPERATOR") => matches!(
            node["type"].as_str(),
            Some("COMPARE_IN" | "COMPARE_NOT_IN" | "OPERATOR_IS_NULL" | "OPERATOR_IS_NOT_NULL")
        ),
        Some("FUNCTION") => {
            let name = node["function_name"].as_str().unwrap_or_default();
            let part = node["children"][0]["value"]["value"].as_str().unwrap_or_default();
            is(&WHOLE, name) || (is(&IN_PARTS, name) && is(&WHOLE, part))
        }
        _ => false,
    }
}

fn is(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(name))
}
