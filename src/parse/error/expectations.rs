//! What stands behind `expect`.

use super::super::recover::Piece;
use super::{LEFT_OVER, MALFORMED, short};
use crate::diag::{Problem, nearest};
use crate::ir::span::Span;

/// `expect request POST /profiles`: `rest` follows `request`.
pub(in crate::parse) fn request_form(span: Span, rest: &[Piece<'_>]) -> Problem {
    let words: String = rest.iter().map(|piece| piece.text.trim_matches(['"', '\''])).collect::<Vec<_>>().join(" ");
    let (method, path) = words.split_once(' ').unwrap_or((&words, ""));
    let path: String = path.split('{').next().unwrap_or_default().split_whitespace().collect();
    let method = if method.is_empty() || method.starts_with('/') { "POST" } else { method };
    let path = if path.is_empty() { "/PATH" } else { &path };
    let problem = Problem::error(MALFORMED, "`expect request` is not followed by METHOD \"PATH\"").at(span);
    problem.help(format!("written `expect request {method} \"{path}\"`"))
}

/// `customer_id email phone` where a table names its columns
pub(in crate::parse) fn head_without_commas(span: Span, written: &str) -> Problem {
    let problem = Problem::error("parse::row", "no comma between columns").at(span);
    let meant = written.split_whitespace().collect::<Vec<_>>().join(", ");
    problem.help(format!("written `{}`", short(&meant))).mended(span, meant)
}

/// `expect error run::empty_model`: `rest` follows `error`.
pub(in crate::parse) fn error_form(span: Span, rest: &[Piece<'_>]) -> Problem {
    let said: String = rest.iter().map(|piece| piece.text.trim_matches('\'')).collect();
    let said = if said.is_empty() { "run::empty_model" } else { &said };
    let problem = Problem::error(MALFORMED, "`expect error` is not followed by text in double quotes").at(span);
    problem.help(format!("written `expect error \"{said}\"`"))
}

const COUNTED: [&str; 7] = ["added", "changed", "removed", "aside", "unchanged", "held", "gone"];

/// What follows `expect WORD`.
pub(in crate::parse) fn after_expected(word: &str, span: Span, text: &str) -> Problem {
    if !COUNTED.contains(&word) {
        let problem = Problem::error(LEFT_OVER, format!("`{}` is left over behind `expect {word}`", short(text)));
        let known =
            COUNTED.into_iter().filter(|known| nearest(word, [*known]).is_some()).map(|near| format!("{near} 2"));
        let meant = known.into_iter().next().unwrap_or_else(|| "nothing".into());
        return problem.at(span).help(format!("written `expect {meant}`"));
    }
    let problem = Problem::error(LEFT_OVER, format!("`{}` is neither rows nor a number", short(text))).at(span);
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    match number.is_empty() || text.contains('{') {
        true => problem.help(format!("written `expect {word} 2` or `expect {word} {{ ... }}`")),
        false => problem.help(format!("written `expect {word} {number}`")),
    }
}
