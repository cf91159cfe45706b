//! Quotes, brackets and `case` that nothing closes, in text that no rule reads.

use super::recover::{Piece, Place};
use super::{Reader, Rule, error};
use crate::diag::Problem;
use crate::ir::span::{Span, Spanned};

impl<'t> Reader<'t> {
    /// A quote or a bracket that is not closed explains whatever else is odd about its entry. A brace that is not is told by
    /// the block around it.
    pub(super) fn unclosed(&mut self, place: Place, pieces: &[Piece<'t>]) -> Option<Problem> {
        let open = pieces.iter().find(|piece| matches!(piece.rule, Rule::open_quote | Rule::open_bracket));
        let Some(open) = open else { return self.quote_in_brackets(pieces) };
        if let Some(call) = self.call_before(open.span.start).filter(|_| open.text.starts_with('(')) {
            let (whole, function) = (call.to(open.span.part(0, 1)), &self.text[call.start..call.end]);
            return Some(error::unclosed_call(whole, function, open.text));
        }
        if open.rule == Rule::open_bracket {
            return Some(error::unclosed_bracket(open.span, open.text));
        }
        if open.text.contains('\n') {
            // The entries that it has taken along are not missing.
            let words = error::known_words(place).iter();
            self.unread.extend(words.map(|word| Spanned::new(word.to_string(), open.span)));
        }
        self.quotes.push(open.span);
        Some(error::unclosed_quote(open.span, open.text))
    }

    /// `lower(email || ')`: brackets that are closed, around a quote that is not.
    fn quote_in_brackets(&mut self, pieces: &[Piece<'t>]) -> Option<Problem> {
        let brackets = pieces.iter().filter(|piece| piece.text.starts_with(['(', '[']));
        let (piece, at) = brackets.filter_map(|piece| Some((piece, open_quote(piece.text)?))).next()?;
        Some(self.open_quote_at(piece.span.start + at))
    }

    fn open_quote_at(&mut self, start: usize) -> Problem {
        let span = Span::new(self.file, start, self.line_end(start));
        self.quotes.push(span);
        error::unclosed_quote(span, &self.text[span.start..span.end])
    }

    /// `env` or `var` right before a place.
    fn call_before(&self, at: usize) -> Option<Span> {
        let before = self.text[..at].trim_end_matches([' ', '\t']);
        let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        matches!(word, "env" | "var").then(|| Span::new(self.file, before.len() - word.len(), before.len()))
    }

    /// `environment staging [ ... ]`, or `model customers (` over several lines, up to a bracket of either kind.
    pub(super) fn wrong_open(&mut self, pieces: &[Piece<'t>]) -> Option<Problem> {
        let first = pieces.first()?;
        let open = pieces.iter().find(|piece| piece.text.starts_with(['(', '[']))?;
        let takes_block = error::known_words(Place::File).contains(&first.text) && first.text != "segment";
        let is_block = open.rule == Rule::balanced || open.text.trim_end().len() == 1;
        (takes_block && is_block).then(|| {
            self.headless = true;
            error::wrong_open(open.span.part(0, 1), &open.text[..1])
        })
    }

    /// A `case` that cannot be read, over one line or several: what is wrong may stand on any of them, and is told once.
    pub(super) fn open_case(&mut self, pieces: &[Piece<'t>]) -> Option<Problem> {
        let case = pieces.iter().find(|piece| piece.is_word() && piece.text.eq_ignore_ascii_case("case"));
        let case = case.or_else(|| pieces.first().filter(|first| first.is_word() && self.when_below(first.span)))?;
        let end = self.case_end(self.line_end(case.span.end));
        let whole = Span::new(self.file, case.span.start, end);
        self.told_to = end;
        self.torn.push(whole);
        let text = &self.text[whole.start..whole.end];
        let quote = text.split_inclusive('\n').scan(whole.start, |at, line| {
            let start = *at;
            *at += line.len();
            Some(open_quote(line).map(|quote| start + quote))
        });
        if let Some(at) = quote.flatten().next() {
            return Some(self.open_quote_at(at));
        }
        if !case.text.eq_ignore_ascii_case("case") {
            return Some(error::word_due(case.span, case.text, "case"));
        }
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let ended = words.any(|word| word.eq_ignore_ascii_case("end"));
        (!ended).then(|| error::case_without_end(case.span))
    }

    /// Whether the next line goes on with a `case`.
    fn when_below(&self, place: Span) -> bool {
        first_word(&self.text[self.line_end(place.end)..]).eq_ignore_ascii_case("when")
    }

    /// Where the lines end, from the end of one, that can only be more of a `case`.
    fn case_end(&self, mut end: usize) -> usize {
        loop {
            let below = &self.text[end..];
            let word = first_word(below).to_ascii_lowercase();
            let last = word == "end" || below.trim_start().starts_with("->");
            if !last && !matches!(word.as_str(), "when" | "then" | "else" | "and" | "or") {
                return end;
            }
            end = self.line_end(end + below.len() - below.trim_start().len());
            if last {
                return end;
            }
        }
    }
}

fn first_word(text: &str) -> &str {
    text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// Where a quote begins that the text does not close.
fn open_quote(text: &str) -> Option<usize> {
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((_, quote)) if quote == c => open = None,
            Some(_) => {}
            // A comment ends all that can be said of the text.
            None if c == '#' || text[at..].starts_with("--") => return None,
            None if matches!(c, '\'' | '"') => open = Some((at, c)),
            None => {}
        }
    }
    open.map(|(at, _)| at)
}
