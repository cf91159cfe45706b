//! What can only be wrong once the source was read: columns and their types.

use crate::diag::{Problem, list, nearest};
use crate::ir::account::Account;
use crate::ir::ast::Expr;
use crate::ir::facts::ColumnFacts;
use crate::ir::span::Span;
use crate::ir::spec::{Activation, FieldMapping};
use crate::ir::value::Family;

pub fn unknown_key(name: &str, span: Span, columns: &[ColumnFacts]) -> Problem {
    let known = columns.iter().map(|column| column.name.as_str());
    Problem::error("check::unknown_column", format!("unknown column `{name}`")).at(span).suggest(name, known)
}

pub fn key_type(activation: &Activation, span: Span, column: &ColumnFacts, held: &str) -> Problem {
    let (name, now) = (&column.name, column.sql_type.to_lowercase());
    let message = format!("the key `{name}` is {now} now, and {} in the ledger", held.to_lowercase());
    Problem::error("plan::key_type", message).at(span).help(format!(
        "cast it back in the query; or, when the new type is meant, `sendoff retire {} --forget` and run anew",
        activation.name
    ))
}

pub fn cannot_clear(mapping: &FieldMapping) -> Problem {
    Problem::error("plan::cannot_clear", format!("`{}` cannot be cleared at the destination", mapping.name))
        .at(mapping.span)
        .help("leave `null = clear` out: a NULL is then not sent")
}

pub fn type_mismatch(mapping: &FieldMapping, sql_type: &str, wanted: &str) -> Problem {
    Problem::error("plan::type_mismatch", format!("`{}` takes {wanted}, not {}", mapping.name, sql_type.to_lowercase()))
        .at(mapping.expr.span)
        .help("convert it in the mapping, with a cast or a function")
}

pub fn no_condition(filter: &Expr, sql_type: &str) -> Problem {
    let message = format!("a condition is true or false, and this one is {}", sql_type.to_lowercase());
    Problem::error("plan::type_mismatch", message)
        .at(filter.span)
        .help("compare it: `COLUMN = 'text'`, `COLUMN is not null`")
}

pub fn no_custom_type(mapping: &FieldMapping, sql_type: &str) -> Problem {
    Problem::error(
        "plan::no_custom_type",
        format!("no custom attribute can hold {}, the type of `{}`", sql_type.to_lowercase(), mapping.name),
    )
    .at(mapping.expr.span)
    .help("convert it in the mapping, with a cast or a function")
}

pub fn family_refused(mapping: &FieldMapping, sql_type: &str, families: &[Family]) -> Problem {
    let names: Vec<&str> = families.iter().map(|family| family.name()).collect();
    Problem::error("plan::type_mismatch", format!("`{}` does not take {}", mapping.name, sql_type.to_lowercase()))
        .at(mapping.expr.span)
        .help(format!("it takes {}; convert it in the mapping", list(&names)))
}

pub fn no_such_field(account: &Account, name: &str, span: Span) -> Problem {
    let problem = Problem::error("plan::no_such_field", format!("the account has no field `{name}`")).at(span);
    problem.help(match nearest(name, account.names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`custom { ... }` is for attributes that are created where they are missing".to_string(),
    })
}

pub fn closed_field(mapping: &FieldMapping, kind: &str) -> Problem {
    let message = format!("the field `{}` of the account cannot be written: it is of type {kind}", mapping.name);
    Problem::error("plan::closed_field", message).at(mapping.span).help("take this mapping out")
}

pub fn field_twice(again: &FieldMapping, first: &FieldMapping) -> Problem {
    let message = format!("`{}` and `{}` are one field of the account", first.name, again.name);
    Problem::error("plan::field_twice", message)
        .label(again.span, "again here")
        .label(first.span, "first here")
        .help("leave one of the two out")
}
