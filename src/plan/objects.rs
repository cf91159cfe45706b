//! Lists of objects of which each must have something: an item whose part is NULL says nothing, and is left out.

use crate::ir::catalog::Placement;
use crate::ir::plan::Sql;

/// The list without the items that lack what is needed; NULL where none is left.
pub fn whole(raw: &Sql, sql_type: &str, needs: &[String]) -> Result<Sql, String> {
    if is_json(sql_type) {
        let part =
            |name: &String| format!("json_extract_string(x, {}) IS NOT NULL", Sql::text(&format!("$.\"{name}\"")));
        let kept = filtered(&format!("try_cast({raw} AS JSON[])"), needs.iter().map(part));
        return Ok(Sql(format!("CASE WHEN len({kept}) > 0 THEN CAST({kept} AS JSON) END")));
    }
    let members = members(sql_type).unwrap_or_default();
    if !needs.iter().all(|name| members.iter().any(|member| member.eq_ignore_ascii_case(name))) {
        return Err(format!("a list of structs with {}", needs.join(" and ")));
    }
    let kept = filtered(&raw.to_string(), needs.iter().map(|name| format!("x.{} IS NOT NULL", Sql::name(name))));
    Ok(Sql(format!("nullif({kept}, [])")))
}

/// JSON may hold anything.
pub fn unfit(raw: &Sql, sql_type: &str, placement: &Placement) -> Option<(Sql, String)> {
    let open = !placement.needs.is_empty() && is_json(sql_type);
    let no_list = format!("coalesce(json_type({raw}) NOT IN ('ARRAY', 'NULL'), false)");
    open.then(|| (Sql(no_list), format!("is no list of objects with {}", placement.needs.join(" and "))))
}

fn is_json(sql_type: &str) -> bool {
    sql_type.eq_ignore_ascii_case("json")
}

fn filtered(list: &str, conditions: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = conditions.collect();
    format!("list_filter({list}, lambda x: {})", all.join(" AND "))
}

/// Names of the members of a list of structs, as `DESCRIBE` spells the type: `STRUCT(id VARCHAR, "value" BOOLEAN)[]`.
fn members(sql_type: &str) -> Option<Vec<String>> {
    let inside = sql_type.strip_prefix("STRUCT(")?.strip_suffix(")[]")?;
    let (mut names, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_u32, false);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.extend(name(inside[from..at].trim()));
                from = (at + 1).min(inside.len());
            }
            _ => {}
        }
    }
    Some(names)
}

/// The name before the type, unquoted. The type may be quoted, too: `"comment" "NULL"`.
fn name(member: &str) -> Option<String> {
    let Some(quoted) = member.strip_prefix('"') else {
        return member.split_whitespace().next().map(str::to_string);
    };
    let mut name = String::new();
    let mut parts = quoted.split('"').peekable();
    while let Some(part) = parts.next() {
        name.push_str(part);
        if parts.next_if(|after| after.is_empty()).is_none() {
            return Some(name);
        }
        name.push('"');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_any_spelling_are_named() {
        let spelt = r#"STRUCT(id VARCHAR, "value" BOOLEAN, "a ""b"", c" DECIMAL(18,3), "comment" "NULL", d STRUCT(x INTEGER, y DATE))[]"#;
        assert_eq!(members(spelt), Some(["id", "value", r#"a "b", c"#, "comment", "d"].map(str::to_string).to_vec()));
        assert_eq!(members("VARCHAR[]"), None);
    }
}
