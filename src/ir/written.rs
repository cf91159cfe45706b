//! A text put together from what people wrote, and where each part of it stands in a file: SQL, above all, with its escapes
//! undone, its templates filled in, and a statement around it.

use std::ops::Range;

use super::ast::Expr;
use super::span::Span;

/// Escapes of a text: what each means, as a part of the value, and itself, as one of the inside.
pub type Escapes = Vec<(Range<usize>, Range<usize>)>;

/// A text literal: `value` unescaped, `span` with its quotes, `inner` the span between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLit {
    pub value: String,
    pub span: Span,
    pub inner: Span,
    /// Written in triple quotes: no escapes, kept as it is by `format`.
    pub triple: bool,
    /// Where the value and the inside differ.
    pub escapes: Escapes,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    text: String,
    /// In the order of the text. What lies between them nobody wrote.
    parts: Vec<Part>,
    /// Something that was to be filled in has no value yet: it can be read, and not be run.
    pub has_gap: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    range: Range<usize>,
    span: Span,
    /// It stands for what is written there: an escape, a filled-in template. Else each byte here is one there.
    whole: bool,
}

impl Part {
    fn place(&self, range: Range<usize>) -> Span {
        match self.whole {
            true => self.span,
            false => self.span.part(range.start - self.range.start, range.len()),
        }
    }

    /// What it shares with a stretch of the text.
    fn shared(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let (start, end) = (self.range.start.max(range.start), self.range.end.min(range.end));
        (start < end).then_some(start..end)
    }
}

/// As it stands in a file.
impl From<(&str, Span)> for Written {
    fn from((text, span): (&str, Span)) -> Written {
        let mut written = Written::default();
        written.part(text, span, false);
        written
    }
}

impl From<&TextLit> for Written {
    fn from(literal: &TextLit) -> Written {
        let mut written = Written::default();
        let (mut value, mut raw) = (0, 0);
        let end = (literal.value.len()..literal.value.len(), 0..0);
        for (meant, escape) in literal.escapes.iter().chain([&end]) {
            let plain = &literal.value[value..meant.start];
            written.part(plain, literal.inner.part(raw, plain.len()), false);
            written.part(&literal.value[meant.clone()], literal.inner.part(escape.start, escape.len()), true);
            (value, raw) = (meant.end, escape.end);
        }
        written
    }
}

/// What nobody wrote.
impl From<String> for Written {
    fn from(text: String) -> Written {
        Written { text, ..Written::default() }
    }
}

impl Written {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `whole`: it stands for what is written there, and is not it.
    pub fn part(&mut self, text: &str, span: Span, whole: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        if !text.is_empty() {
            self.parts.push(Part { range: start..self.text.len(), span, whole });
        }
    }

    /// Goes on with what nobody wrote.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Goes on with an expression: in parentheses, and with a line end of its own (see `Sql::expr`).
    pub fn expr(&mut self, expr: &Expr) {
        self.push("(");
        self.part(&expr.text, expr.span, false);
        self.push("\n)");
    }

    pub fn append(&mut self, other: &Written) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.has_gap |= other.has_gap;
        let moved = |part: &Part| Part { range: part.range.start + start..part.range.end + start, ..part.clone() };
        self.parts.extend(other.parts.iter().map(moved));
    }

    pub fn slice(&self, range: Range<usize>) -> Written {
        let mut parts = Vec::new();
        for part in &self.parts {
            let Some(shared) = part.shared(&range) else { continue };
            parts.push(Part {
                span: part.place(shared.clone()),
                range: shared.start - range.start..shared.end - range.start,
                whole: part.whole,
            });
        }
        Written { text: self.text[range].to_string(), parts, has_gap: self.has_gap }
    }

    /// Where a stretch of the text was written, as far as it was.
    pub fn place(&self, range: Range<usize>) -> Option<Span> {
        let spans = self.parts.iter().filter_map(|part| Some(part.place(part.shared(&range)?)));
        spans.reduce(Span::to)
    }

    /// The word of SQL that stands at an offset, with the names that dots join to it.
    pub fn word(&self, offset: usize) -> Option<Span> {
        let rest = self.text.get(offset..).filter(|rest| !rest.is_empty())?;
        let mut len = token(rest);
        while rest[len..].starts_with('.') && rest.starts_with(starts_name) && rest[len + 1..].starts_with(starts_name)
        {
            len += 1 + token(&rest[len + 1..]);
        }
        self.place(offset..offset + len)
    }

    /// The text or the quoted name that begins at an offset, with its quotes.
    pub fn quoted(&self, offset: usize) -> Option<&str> {
        let rest = self.text.get(offset..).filter(|rest| rest.starts_with(['\'', '"']))?;
        rest.get(..token(rest))
    }

    /// Where within a place a name stands.
    pub fn name_within(&self, name: &str, place: Span) -> Option<Span> {
        let parts = self.parts.iter().filter(|part| !part.whole && part.span.contains(place));
        let mut ranges = parts.map(|part| {
            let start = part.range.start + place.start - part.span.start;
            start..start + place.end - place.start
        });
        ranges.find_map(|range| self.name(name, range))
    }

    /// Behind the last token that is no blank, no comment, and none of those that are `passed` over.
    pub fn end(&self, passed: impl Fn(&str) -> bool) -> usize {
        let (mut at, mut end) = (0, 0);
        while at < self.text.len() {
            let token = &self.text[at..at + token(&self.text[at..])];
            at += token.len();
            let is_comment = token.starts_with("--") || token.starts_with("/*");
            if !is_comment && !passed(token) && !token.trim().is_empty() {
                end = at;
            }
        }
        end
    }

    /// The first place at which a name stands as a word of its own, quoted or not, and in no text and no comment. `within`: where
    /// it is looked for.
    pub fn name(&self, name: &str, within: Range<usize>) -> Option<Span> {
        let mut at = within.start;
        while at < within.end {
            let len = token(&self.text[at..]);
            let word = &self.text[at..at + len];
            let bare = word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word);
            if bare.eq_ignore_ascii_case(name) {
                return self.place(at..at + len);
            }
            at += len;
        }
        None
    }
}

fn starts_name(c: char) -> bool {
    c == '"' || c.is_alphanumeric() || c == '_'
}

/// How long the token is that SQL begins with: a quoted name or text, a comment, a word, or one sign.
pub fn token(sql: &str) -> usize {
    let until = |end: &str, from: usize| sql[from..].find(end).map_or(sql.len(), |at| from + at + end.len());
    match sql.chars().next() {
        Some('"') => quoted(sql, '"'),
        Some('\'') => quoted(sql, '\''),
        Some(':') if sql.starts_with("::") => 2,
        Some('-') if sql.starts_with("--") => until("\n", 2),
        Some('/') if sql.starts_with("/*") => until("*/", 2),
        Some('$') if sql.starts_with("$$") => until("$$", 2),
        Some('e' | 'E') if sql[1..].starts_with('\'') => 1 + escaped(&sql[1..]),
        Some(c) if starts_name(c) => sql.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(sql.len()),
        Some(c) => c.len_utf8(),
        None => 0,
    }
}

/// With both quotes, and what a backslash stands before.
fn escaped(sql: &str) -> usize {
    let (mut end, mut taken) = (sql.len(), true);
    for (at, c) in sql.char_indices() {
        match c {
            '\'' if !taken => {
                end = at + 1;
                break;
            }
            '\\' => taken = !taken,
            _ => taken = false,
        }
    }
    end
}

/// With both quotes; one that is doubled stands for itself.
fn quoted(sql: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(found) = sql[at..].find(quote) {
        at += found + 1;
        if !sql[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    sql.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::span::FileId;

    fn span(start: usize, end: usize) -> Span {
        Span::new(FileId(0), start, end)
    }

    #[test]
    fn a_place_in_the_text_is_one_in_the_file() {
        // "a \"b\" {{ x }} c", written at 100, with `{{ x }}` filled in.
        let literal = TextLit {
            value: "a \"b\" {{ x }} c".into(),
            span: span(100, 119),
            inner: span(101, 118),
            triple: false,
            escapes: vec![(2..3, 2..4), (4..5, 5..7)],
        };
        let source = Written::from(&literal);
        let mut sql = Written::from("SELECT (".to_string());
        sql.append(&source.slice(0..6));
        sql.part("'SE'", source.place(6..13).unwrap(), true);
        sql.append(&source.slice(13..15));
        assert_eq!(sql.text(), "SELECT (a \"b\" 'SE' c");
        assert_eq!(sql.place(0..7), None);
        assert_eq!(sql.place(8..9), Some(span(101, 102)));
        assert_eq!(sql.word(10), Some(span(103, 108)), "a name with its escaped quotes");
        assert_eq!(sql.word(14), Some(span(109, 116)), "what is filled in, as a whole");
        assert_eq!(sql.name("c", 8..sql.text().len()), Some(span(117, 118)));
    }

    #[test]
    fn a_name_is_no_part_of_another_and_stands_in_no_text() {
        let text = "select 'tt', ttt -- tt\n, x.tt /* tt */ from \"TT\"";
        let sql = Written::from((text, span(0, text.len())));
        assert_eq!(sql.name("tt", 0..text.len()), Some(span(27, 29)));
        assert_eq!(sql.word(25), Some(span(25, 29)));
    }
}
