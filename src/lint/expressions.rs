//! What expressions come to, row after row and run after run.

use super::{Project, Rule};
use crate::diag::Problem;
use crate::ir::ast::Expr;
use crate::ir::spec::{Activation, IdentifierMapping};

/// Functions that come to something else at every run; some of them stand without parentheses, and look like columns.
const UNSTEADY_CALLS: [&str; 14] = [
    "now",
    "random",
    "uuid",
    "gen_random_uuid",
    "uuidv4",
    "uuidv7",
    "current_date",
    "current_time",
    "current_timestamp",
    "today",
    "get_current_time",
    "get_current_timestamp",
    "transaction_timestamp",
    "setseed",
];

pub const UNSTEADY: Rule = Rule {
    code: "lint::unsteady_value",
    look: |project| {
        let fields = project.spec.activations.iter().flat_map(|one| one.fields.iter().map(|field| &field.expr));
        let identifiers = project.spec.activations.iter().flat_map(|one| one.identify.iter().map(|one| &one.expr));
        fields.chain(identifiers).filter_map(|expr| unsteady(project, expr)).collect()
    },
};

fn unsteady(project: &Project<'_>, expr: &Expr) -> Option<Problem> {
    let facts = project.facts.of(expr)?;
    let columns = facts.columns.iter().map(|(name, _)| name.as_str());
    let mut names = facts.functions.iter().map(String::as_str).chain(columns);
    let call = names.find(|name| UNSTEADY_CALLS.iter().any(|call| name.eq_ignore_ascii_case(call)))?;
    let message = format!("`{call}` comes to something else at every run, so every row is sent every time");
    Some(UNSTEADY.finds(message, expr.span).help("let a column of the source say when, or leave it to the destination"))
}

const HASHES: [&str; 5] = ["md5", "sha1", "sha256", "hash", "md5_number"];
/// Identifiers that destinations compare as they are.
const CLEAR: [&str; 3] = ["email", "phone", "mobile"];

pub const HASHED: Rule = Rule {
    code: "lint::hashed_identifier",
    look: |project| {
        let all = project.spec.activations.iter().flat_map(|one: &Activation| &one.identify);
        all.filter_map(|one| hashed(project, one)).collect()
    },
};

fn hashed(project: &Project<'_>, identifier: &IdentifierMapping) -> Option<Problem> {
    let name = identifier.name.to_lowercase();
    CLEAR.iter().find(|clear| name.contains(*clear))?;
    let facts = project.facts.of(&identifier.expr)?;
    let call = facts.functions.iter().find(|call| HASHES.contains(&call.as_str()))?;
    let message = format!("`{call}` hides what `{}` is compared by", identifier.name);
    Some(HASHED.finds(message, identifier.expr.span).help("destinations look for the address itself: nobody is found"))
}

pub const FLOAT_KEY: Rule = Rule {
    code: "lint::float_key",
    look: |project| {
        let mut found: Vec<Problem> = Vec::new();
        for model in project.spec.models.values() {
            let columns = project.columns.and_then(|columns| columns.get(&model.name)).into_iter().flatten();
            let floats = columns.filter(|column| matches!(column.sql_type.as_str(), "FLOAT" | "DOUBLE" | "REAL"));
            let key = floats.filter(|column| model.key.iter().any(|key| key.eq_ignore_ascii_case(&column.name)));
            found.extend(key.map(|column| {
                let message = format!("the key column `{}` is a {}", column.name, column.sql_type.to_lowercase());
                let help = "numbers with a fraction are not always equal to themselves: cast it in the source, or give its type";
                FLOAT_KEY.finds(message, model.key_span).help(help)
            }));
        }
        found
    },
};
