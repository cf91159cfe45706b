//! What is wrong with an entry of a model, an activation or a test that no rule reads.

use super::recover::{Piece, Place, opens, whole_end};
use super::{Rule, error};
use crate::diag::Problem;
use crate::ir::span::Span;

pub(super) fn bad_entry(place: Place, pieces: &[Piece<'_>], whole: Span) -> Option<Problem> {
    let first = pieces.first()?;
    let known = error::known_words(place).contains(&first.text);
    let crossed = pieces.iter().find(|piece| piece.rule == Rule::crossed);
    let single_quoted = || pieces.iter().find(|piece| piece.rule == Rule::single_quoted);
    if !known && pieces.iter().any(|piece| piece.rule == Rule::arrow) {
        return Some(error::mapping_outside(whole));
    }
    if let Some(crossed) = crossed {
        return Some(error::wrong_open(crossed.span.part(0, 1), &crossed.text[..1]));
    }
    if let Some(problem) = plain_form(pieces).filter(|_| known).or_else(|| expectation(pieces, whole)) {
        return Some(problem);
    }
    if first.is("from")
        && let Some(problem) = bad_from(pieces)
    {
        return Some(problem);
    }
    if let (true, Some(text)) = (place == Place::Test || first.is("from"), single_quoted()) {
        return Some(error::single_quotes(text.span, text.text));
    }
    Some(match pieces.get(1) {
        _ if !first.is_word() => error::no_entry(first.span, first.text, place),
        _ if first.is("where") => error::where_line(first.span),
        Some(second)
            if first.is("destination") && second.is_word() && pieces.get(2).is_some_and(|sign| sign.is("=")) =>
        {
            error::stands_outside(first.span, first.text, place)
        }
        _ if !known => error::unknown_entry(first.span, first.text, place),
        Some(second) if second.is("=") || second.is(":") => {
            error::entry_sign(first.span.to(second.span), first.text, second.text)
        }
        Some(second) if opens(first) && second.rule == Rule::balanced => {
            error::wrong_open(second.span.part(0, 1), &second.text[..1])
        }
        Some(second) if matches!(first.text, "warn" | "stop") && second.is("if") => {
            error::word_due(second.span, second.text, "when")
        }
        Some(second) if first.is("key") && second.rule == Rule::balanced => error::key_list(second.span, second.text),
        Some(second) => error::malformed(first.span.to(second.span), first.text),
        None => error::malformed(first.span, first.text),
    })
}

/// `mode = upsert`, `to "crm.profiles"`: the right words, with signs or quotes about them.
fn plain_form(pieces: &[Piece<'_>]) -> Option<Problem> {
    let [first, rest @ ..] = pieces else { return None };
    let end = rest.iter().position(Piece::is_braced).unwrap_or(rest.len());
    let last = rest[..end].last()?;
    let text: String = rest[..end].iter().map(|piece| format!("{} ", piece.text)).collect();
    error::plain_form(first.text, &text, first.span.to(last.span))
}

fn expectation(pieces: &[Piece<'_>], whole: Span) -> Option<Problem> {
    let [first, what, rest @ ..] = pieces else { return None };
    let span = first.span.to(whole_end(whole));
    match what.text {
        _ if !first.is("expect") => None,
        "request" => Some(error::request_form(span, rest)),
        "error" => Some(error::error_form(span, rest)),
        _ => None,
    }
}

fn bad_from(pieces: &[Piece<'_>]) -> Option<Problem> {
    let braces = pieces.iter().position(Piece::is_braced);
    if let (true, Some(at)) = (pieces.iter().any(|piece| piece.is("where")), braces) {
        return Some(error::options_behind(pieces[at].span));
    }
    let path = pieces.get(1).filter(|piece| piece.rule == Rule::text);
    if let Some(path) = path {
        return Some(error::no_file_word(path.span, path.text));
    }
    let word =
        pieces.get(1).filter(|piece| piece.is("file") && pieces.len() > 2 && pieces[2].rule != Rule::single_quoted)?;
    let rest = &pieces[2..braces.unwrap_or(pieces.len()).max(2)];
    let path: String = rest.iter().map(|piece| piece.text.trim_matches(['(', ')', '"', '\'', ':', '='])).collect();
    Some(error::bare_path(word.span.to(rest.last().map_or(word.span, |last| last.span)), path.trim_matches('"')))
}
