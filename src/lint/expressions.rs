//! What expressions come to, row after row and run after run.

use super::{Project, Rule};
use crate::diag::Problem;
use crate::ir::ast::Expr;

pub const UNSTEADY: Rule = Rule {
    code: "lint::unsteady_value",
    look: |project| {
        let fields = project.spec.activations.iter().flat_map(|one| one.fields.iter().map(|field| &field.expr));
        let identifiers = project.spec.activations.iter().flat_map(|one| one.identify.iter().map(|one| &one.expr));
        fields.chain(identifiers).filter_map(|expr| unsteady(project, expr)).collect()
    },
};

fn unsteady(project: &Project<'_>, expr: &Expr) -> Option<Problem> {
    let (call, _) = project.facts.of(expr)?.unsteady.as_ref()?;
    let message = format!("`{call}` comes to something else at every run, so every row is sent every time");
    let help = "let a column of the source say when, leave it to the destination, or count whole years or months";
    Some(UNSTEADY.finds(message, expr.span).help(help))
}

pub const FLOAT_KEY: Rule = Rule {
    code: "lint::float_key",
    look: |project| {
        let mut found: Vec<Problem> = Vec::new();
        for model in project.spec.models.values() {
            let columns = project.columns.and_then(|columns| columns.get(&model.name)).into_iter().flatten();
            let floats = columns.filter(|column| matches!(column.sql_type.as_str(), "FLOAT" | "DOUBLE" | "REAL"));
            let place = |name: &str| model.key.iter().position(|key| key.eq_ignore_ascii_case(name));
            let key = floats.filter_map(|column| Some((column, *model.key_spans.get(place(&column.name)?)?)));
            found.extend(key.map(|(column, span)| {
                let message = format!("the key column `{}` is a {}", column.name, column.sql_type.to_lowercase());
                let help = "numbers with a fraction are not always equal to themselves: cast it in the source, or give its type";
                FLOAT_KEY.finds(message, span).help(help)
            }));
        }
        found
    },
};
