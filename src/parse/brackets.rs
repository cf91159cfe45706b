//! Blocks whose brackets do not match: the one that is missing, or too many, is looked for.

use pest::iterators::Pair;

use super::{Bracketed, Reader, Rule, error};
use crate::diag::Problem;
use crate::ir::span::{Span, Spanned};

impl<'t> Reader<'t> {
    /// A block that a bracket of another kind closes.
    pub(super) fn crossed(&mut self, block: &Pair<'t, Rule>, pair: &Pair<'t, Rule>) {
        let whole = self.span(pair);
        let close = Span { start: whole.end - 1, ..whole };
        let open = block.as_span().start();
        let sign = &self.text[close.start..close.end];
        self.problems.push(error::wrong_close(close, sign, Span::new(self.file, open, open + 1)));
        if pair.as_rule() == Rule::crossed_line {
            self.torn.push(whole);
            self.lost(close);
        }
    }

    /// What stands in the item around the place is not all that there is.
    pub(super) fn lost(&mut self, place: Span) {
        let sign = self.text[place.start..place.end].to_string();
        self.unread.push(Spanned::new(sign, place));
    }

    /// Whether what no item begins with goes on with the item before it, up to a brace that closes nothing: then one brace too
    /// many has ended that item, or an item stands inside of another.
    pub(super) fn spilled(&mut self, before: Option<&Pair<'t, Rule>>, rest: &[Pair<'t, Rule>]) -> bool {
        let (Some(before), Some(first)) = (before, rest.first()) else { return false };
        let word = first.as_str().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let mut more = rest.iter().take_while(|pair| {
            matches!(pair.as_rule(), Rule::bad_item | Rule::surplus | Rule::stray_close | Rule::COMMENT)
        });
        let Some(close) = more.find(|pair| pair.as_rule() == Rule::stray_close) else { return false };
        if self.headless || !error::begins_entry(word) {
            return false;
        }
        let (item, next, end) = (self.span(before), self.span(first).part(0, word.len()), close.as_span().end());
        match self.blocks.iter().rposition(|block| !block.closed) {
            Some(outer) => self.nested(outer, end),
            None => self.closed_early(item, next, end),
        }
        self.headless = true;
        true
    }

    /// A block ends where an item begins, and goes on behind it.
    fn nested(&mut self, outer: usize, end: usize) {
        let Bracketed { open, end: at, .. } = self.blocks[outer];
        for block in self.blocks.iter_mut().filter(|block| block.end == at) {
            block.closed = true;
        }
        let line = self.text[..open].rfind('\n').map_or(0, |at| at + 1);
        let start = at + self.text[at..].len() - self.text[at..].trim_start().len();
        let word = self.text[start..].split(char::is_whitespace).next().unwrap_or_default();
        self.torn.push(Span::new(self.file, line, end));
        self.lost(Span::new(self.file, open, open + 1));
        let inner = Span::new(self.file, start, start + word.len());
        self.problems.push(error::nested_item(inner, word, Span::new(self.file, line, open + 1)));
    }

    fn closed_early(&mut self, item: Span, next: Span, end: usize) {
        let whole = self.blocks.iter().filter(|block| block.end == item.end).min_by_key(|block| block.open);
        let Some(whole) = whole else { return };
        let moved = |block: &Bracketed| self.indent(block.open) != self.indent(block.end - 1);
        let close = self.first_inside(whole, moved).unwrap_or(whole).end;
        self.problems
            .0
            .retain(|problem| problem.labels.first().is_none_or(|(span, _)| span.start < close || span.start >= end));
        let keyword = self.text[item.start..item.end].split_whitespace().next().unwrap_or_default();
        self.torn.push(Span { end, ..item });
        let close = Span::new(self.file, close - 1, close);
        self.lost(close);
        self.problems.push(error::close_too_many(close, next, keyword));
    }

    /// One missing bracket leaves every block around it unclosed, so it is told once for each place where text ran out,
    /// at the block whose closing bracket is out of line with it, or else at the innermost one.
    pub(super) fn unclosed_blocks(&mut self) {
        let mut open: Vec<&Bracketed> = self.blocks.iter().filter(|block| !block.closed).collect();
        let mut ends = Vec::new();
        open.sort_by_key(|block| (block.end, block.open));
        for group in open.chunk_by(|a, b| a.end == b.end) {
            let (Some(outer), Some(inner)) = (group.first(), group.last()) else { continue };
            // What else is in the item and what is not, nobody knows.
            let start = self.text[..outer.open].rfind('\n').map_or(0, |at| at + 1);
            ends.push(match self.out_of_line(outer) {
                Some(suspect) => (Span::new(self.file, start, outer.end), suspect, true),
                None => (Span::new(self.file, start, outer.end), inner.open, false),
            });
        }
        for (whole, open, misread) in ends {
            self.unclosed_block(whole, open, misread);
        }
    }

    /// What follows the opening bracket was read as part of the wrong block, or of a list: its mistakes may be none.
    fn unclosed_block(&mut self, whole: Span, open: usize, misread: bool) {
        let end = whole.end;
        let sign = self.text[open..].chars().next().unwrap_or('{');
        if misread || sign == '[' {
            let inside =
                |problem: &Problem| problem.labels.first().is_some_and(|(span, _)| (open..end).contains(&span.start));
            self.problems.0.retain(|problem| !inside(problem));
        }
        if !misread && self.unclosed_text(open, end) {
            return;
        }
        self.torn.push(whole);
        self.lost(Span::new(self.file, open, open + 1));
        self.problems.push(error::unclosed_block(Span::new(self.file, open, open + sign.len_utf8()), sign));
    }

    /// Whether a `"""` without its end, already told, has taken the closing bracket with it.
    fn unclosed_text(&self, open: usize, end: usize) -> bool {
        self.problems.0.iter().filter(|problem| problem.code == "parse::unclosed").any(|problem| {
            let place = problem.labels.first().map(|(span, _)| span.start).filter(|at| (open..end).contains(at));
            place.is_some_and(|at| self.text[at..].starts_with("\"\"\""))
        })
    }

    /// The first block inside `outer` that was opened on a line with another indent than the one it was closed on; or a block
    /// inside of that one that took its closing bracket, and so on inwards.
    fn out_of_line(&self, outer: &Bracketed) -> Option<usize> {
        let moved = |block: &Bracketed| self.indent(block.open) != self.indent(block.end - 1);
        let mut suspect = self.first_inside(outer, moved)?;
        while let Some(inner) = self.first_inside(suspect, |block| moved(block) || self.took_bracket(block, suspect)) {
            suspect = inner;
        }
        Some(suspect.open)
    }

    fn first_inside(&self, outer: &Bracketed, odd: impl Fn(&Bracketed) -> bool) -> Option<&Bracketed> {
        let inside =
            self.blocks.iter().filter(|block| block.closed && block.open > outer.open && block.end <= outer.end);
        inside.filter(|block| odd(block)).min_by_key(|block| block.open)
    }

    /// Opened on the line of the outer block, and closed on a later one that is in line with it.
    fn took_bracket(&self, block: &Bracketed, outer: &Bracketed) -> bool {
        let breaks = |from: usize, to: usize| self.text[from..to].contains('\n');
        !breaks(outer.open, block.open)
            && breaks(block.open, block.end)
            && self.indent(block.end - 1) == self.indent(outer.open)
    }

    fn indent(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[line..].len() - self.text[line..].trim_start_matches([' ', '\t']).len()
    }
}
