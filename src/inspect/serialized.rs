//! What `json_serialize_sql` answers, read back into facts.

use serde_json::Value as Json;

use crate::ir::facts::ExprError;

mod unsteady;
mod words;

/// An expression as it was parsed: names with their offsets in bytes in the expression's text.
#[derive(Debug, Default)]
pub struct Parsed {
    pub columns: Vec<(String, usize)>,
    /// A column and the name behind its dot.
    pub parts: Vec<(String, String, usize)>,
    /// Lower case, operators left out.
    pub functions: Vec<(String, usize)>,
    pub operators: Vec<(String, usize)>,
    /// Types that the parser does not know by itself, lower case.
    pub types: Vec<(String, usize)>,
    /// What comes to something else at every run.
    pub unsteady: Option<(String, usize)>,
    pub error: Option<ExprError>,
}

impl Parsed {
    /// Whether there is a name that DuckDB has, or has not.
    pub fn names_something(&self) -> bool {
        !(self.functions.is_empty() && self.operators.is_empty() && self.types.is_empty())
    }
}

const BEFORE: &str = "select (";

/// Schemas of DuckDB's own; before any other dot of a call stands what it is a method of: `email.lower()`.
const SCHEMAS: [&str; 3] = ["main", "system", "pg_catalog"];

/// The statement an expression is parsed in. The parentheses keep a second word from becoming an alias; the line end keeps a
/// trailing comment from swallowing them.
pub fn statement(expr: &str) -> String {
    format!("{BEFORE}{expr}\n) from t")
}

/// `json`: the answer to `json_serialize_sql` of `statement(expr)`.
pub fn parsed(expr: &str, json: &str) -> Parsed {
    let Ok(answer) = serde_json::from_str::<Json>(json) else {
        return failed("it cannot be read", 0);
    };
    if let Some(error) = words::backtick(expr) {
        return Parsed { error: Some(error), ..Parsed::default() };
    }
    if answer["error"] == Json::Bool(true) {
        let message = answer["error_message"].as_str().unwrap_or("syntax error");
        // Unlike the places of nodes, the place of an error counts characters.
        let characters = answer["position"].as_str().and_then(|text| text.parse::<usize>().ok());
        let at = characters.map_or(0, |at| byte_offset(expr, at.saturating_sub(BEFORE.len())));
        return words::refused(expr, message, at);
    }
    let items = answer["statements"][0]["node"]["select_list"].as_array();
    match items.map(Vec::as_slice) {
        Some([item]) => walked(expr, item),
        _ => failed("it is more than one expression", 0),
    }
}

fn failed(message: &str, offset: usize) -> Parsed {
    let error = ExprError { message: message.to_string(), offset, ..ExprError::default() };
    Parsed { error: Some(error), ..Parsed::default() }
}

fn byte_offset(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn walked(expr: &str, item: &Json) -> Parsed {
    let mut walk = Walk { expr, parsed: Parsed::default(), bound: Vec::new() };
    if item["function_name"] == "row" && item["query_location"] == BEFORE.len() - 1 {
        let second = walk.offset(&item["children"][1]);
        walk.refuse("it is more than one expression", second);
    }
    walk.node(item);
    walk.parsed.unsteady = unsteady::call(item).map(|(name, node)| (name.to_lowercase(), walk.offset(node)));
    walk.parsed
}

struct Walk<'a> {
    expr: &'a str,
    parsed: Parsed,
    /// Parameters of the lambdas around.
    bound: Vec<String>,
}

impl Walk<'_> {
    /// Places that DuckDB does not know (it says 2^64 - 1) become the beginning.
    fn offset(&self, node: &Json) -> usize {
        let at = node["query_location"].as_u64().and_then(|at| usize::try_from(at).ok());
        let at = at.and_then(|at| at.checked_sub(BEFORE.len())).filter(|at| *at < self.expr.len());
        at.filter(|at| self.expr.is_char_boundary(*at)).unwrap_or(0)
    }

    fn refuse(&mut self, message: &str, offset: usize) {
        self.refuse_with(message, "", offset, 0);
    }

    fn refuse_with(&mut self, message: &str, help: &str, offset: usize, len: usize) {
        if self.parsed.error.is_none() {
            let help = (!help.is_empty()).then(|| help.to_string());
            self.parsed.error = Some(ExprError { message: message.to_string(), help, offset, len });
        }
    }

    fn node(&mut self, node: &Json) {
        let Some(class) = node["class"].as_str() else { return self.parts(node) };
        let offset = self.offset(node);
        match class {
            "COLUMN_REF" => self.column(node, offset),
            "LAMBDA" => self.lambda(node),
            "SUBQUERY" if of_list(node).is_some() => {
                self.node(&node["child"]);
                self.parts(of_list(node).unwrap_or(&Json::Null));
            }
            "SUBQUERY" => self.refuse("it holds a query, and an expression sees its own row alone", offset),
            "WINDOW" => self.refuse("it holds a window function, and an expression sees its own row alone", offset),
            "STAR" => self.refuse("`*` stands for several columns", offset),
            "PARAMETER" => self.refuse("nothing fills in what `$1` and `?` stand for", words::parameter(self.expr)),
            "FUNCTION" => {
                self.call(node, offset);
                self.parts(node);
            }
            "CAST" => {
                self.types(&node["cast_type"], offset);
                self.parts(node);
            }
            "COMPARISON" if is_plain(node) => {
                for side in [&node["left"], &node["right"]].into_iter().filter(|side| side["value"]["is_null"] == true)
                {
                    let help = "written `is null` or `is not null`";
                    self.refuse_with("nothing equals NULL, nor differs from it", help, self.offset(side), 0);
                }
                self.parts(node);
            }
            _ => self.parts(node),
        }
    }

    fn parts(&mut self, node: &Json) {
        match node {
            Json::Array(items) => items.iter().for_each(|item| self.node(item)),
            Json::Object(map) => map.values().for_each(|value| self.node(value)),
            _ => {}
        }
    }

    /// `email.lower()` is `lower(email)`: then its place is that of the column.
    fn call(&mut self, node: &Json, offset: usize) {
        let name = node["function_name"].as_str().unwrap_or_default().to_lowercase();
        if node["is_operator"] == Json::Bool(true) {
            if name == "&&" && node["children"].as_array().is_some_and(|sides| sides.iter().any(words::is_no_list)) {
                self.refuse_with("`&&` is for lists", "conditions are put together with `and`", offset, name.len());
            }
            return self.parsed.operators.push((name, offset));
        }
        let owner = ["catalog", "schema"].iter().find_map(|part| node[part].as_str().filter(|name| !name.is_empty()));
        match owner.filter(|owner| !SCHEMAS.contains(owner)) {
            Some(owner) => {
                self.named(owner, offset);
                let rest = self.expr.get(offset..).unwrap_or_default().to_lowercase();
                let method = rest.find(&format!(".{name}")).map_or(offset, |at| offset + at + 1);
                self.parsed.functions.push((name, method));
            }
            None => self.parsed.functions.push((name, offset)),
        }
    }

    /// The place is that of the cast, before which or behind which the type may stand.
    fn types(&mut self, node: &Json, cast: usize) {
        match node {
            Json::Array(items) => items.iter().for_each(|item| self.types(item, cast)),
            Json::Object(map) if node["id"] == "UNBOUND" && node["type_info"]["schema"].is_null() => {
                let name = map["type_info"]["name"].as_str().unwrap_or_default().to_lowercase();
                if name != "enum" {
                    let offset = words::place_of(self.expr, &name, cast);
                    self.parsed.types.push((name, offset));
                }
            }
            Json::Object(map) => map.values().for_each(|value| self.types(value, cast)),
            _ => {}
        }
    }

    /// The first of the names is the column; further ones lead into a struct.
    fn column(&mut self, node: &Json, offset: usize) {
        let names = &node["column_names"];
        let name = names[0].as_str().unwrap_or_default();
        if let Some(part) = names[1].as_str() {
            self.parsed.parts.push((name.into(), part.into(), offset));
        }
        self.named(name, offset);
    }

    fn named(&mut self, name: &str, offset: usize) {
        if !self.bound.iter().any(|bound| bound.eq_ignore_ascii_case(name)) {
            self.parsed.columns.push((name.to_string(), offset));
        }
    }

    /// `x -> ...` and `(x, i) -> ...`: within, the parameters are no columns.
    fn lambda(&mut self, node: &Json) {
        let outer = self.bound.len();
        parameters(&node["lhs"], &mut self.bound);
        self.node(&node["expr"]);
        self.bound.truncate(outer);
    }
}

/// Not `is distinct from`, which takes NULL for a value.
fn is_plain(comparison: &Json) -> bool {
    comparison["type"] == "COMPARE_EQUAL" || comparison["type"] == "COMPARE_NOTEQUAL"
}

/// The list in `'a' = any(tags)`, which the parser makes a query of: of an `unnest` that stands nowhere.
fn of_list(node: &Json) -> Option<&Json> {
    let query = &node["subquery"]["node"];
    let [item] = query["select_list"].as_array()?.as_slice() else { return None };
    let made = item["function_name"] == "unnest" && item["query_location"].is_null();
    (made && node["subquery_type"] == "ANY" && query["from_table"]["type"] == "EMPTY").then_some(&item["children"])
}

fn parameters(node: &Json, names: &mut Vec<String>) {
    match node {
        Json::Array(items) => items.iter().for_each(|item| parameters(item, names)),
        Json::Object(map) if node["class"] == "COLUMN_REF" => {
            names.extend(map["column_names"][0].as_str().map(str::to_string));
        }
        Json::Object(map) => map.values().for_each(|value| parameters(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
