//! Any text as tokens, finished or not: where the grammar would say "mistake", an editor still wants to know where it is.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A bare word or number.
    Word,
    /// Text in quotes of any kind.
    Quoted,
    /// The same without its end: all the rest of its line, or of the text.
    Unclosed,
    Open,
    Close,
    /// `->`
    Arrow,
    /// A newline or a comma
    Break,
    Comment,
    Sign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    pub sort: Sort,
    pub text: &'t str,
    pub start: usize,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

pub fn is_name_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The tokens of a text that begins at `start`.
pub fn tokens(text: &str, start: usize) -> Vec<Token<'_>> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if matches!(first, ' ' | '\t' | '\u{feff}') {
            at += first.len_utf8();
            continue;
        }
        let (sort, length) = one(rest, first);
        found.push(Token { sort, text: &rest[..length], start: start + at });
        at += length;
    }
    found
}

fn one(rest: &str, first: char) -> (Sort, usize) {
    match first {
        '\n' | '\r' | ',' => (Sort::Break, 1),
        '#' => (Sort::Comment, rest.find('\n').unwrap_or(rest.len())),
        '{' | '(' | '[' => (Sort::Open, 1),
        '}' | ')' | ']' => (Sort::Close, 1),
        '"' if rest.starts_with("\"\"\"") => quoted(rest, "\"\"\"", true),
        '"' => quoted(rest, "\"", false),
        '\'' => quoted(rest, "'", false),
        '$' if rest.starts_with("$$") => quoted(rest, "$$", true),
        '-' if rest.starts_with("->") && !rest.starts_with("->>") => (Sort::Arrow, 2),
        c if is_name_char(c) => (Sort::Word, rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len())),
        c => (Sort::Sign, c.len_utf8()),
    }
}

/// Up to the closing quote; without one, the rest of the line, or of the text where quotes may hold newlines.
fn quoted(rest: &str, quote: &str, several_lines: bool) -> (Sort, usize) {
    let line = if several_lines { rest.len() } else { rest.find('\n').unwrap_or(rest.len()) };
    let mut at = quote.len();
    while at < line {
        let here = &rest[at..line];
        if here.starts_with(quote) {
            return (Sort::Quoted, at + quote.len());
        }
        let escape = quote == "\"" && here.starts_with('\\');
        let skipped: usize = here.chars().take(if escape { 2 } else { 1 }).map(char::len_utf8).sum();
        at += skipped;
    }
    (Sort::Unclosed, line)
}
