//! Where in a text something is being written: the blocks around, and what of the entry stands there already. Told by the text
//! alone, since that is in pieces while it is written.

use super::tokens::{Sort, Token, is_name_char, tokens};
use crate::ir::vocabulary::ITEM_WORDS;

/// A bracket that is open, and what stood before it in its entry.
#[derive(Clone, Debug)]
pub struct Frame<'t> {
    pub bracket: char,
    pub head: Vec<Token<'t>>,
    /// First words of the entries that ended in it.
    pub before: Vec<&'t str>,
}

impl<'t> Frame<'t> {
    pub fn word(&self) -> &'t str {
        self.head.first().map_or("", |token| token.text)
    }
}

#[derive(Clone, Debug)]
pub struct Place<'t> {
    /// From the outermost block inwards: braces of the language, not those within expressions.
    pub frames: Vec<Frame<'t>>,
    /// Of the innermost block: the entry up to the word that is being written, brackets of expressions left out.
    pub entry: Vec<Token<'t>>,
    /// What of that word stands there.
    pub start: usize,
    /// Within a comment or quotes that are open here.
    pub within: Option<Token<'t>>,
}

impl<'t> Place<'t> {
    pub fn at(text: &'t str, offset: usize) -> Place<'t> {
        let start = word_start(text, offset);
        let item = item_start(text, start);
        let mut reader = Reader { frames: Vec::new(), entry: Vec::new(), cases: 0 };
        let mut within = None;
        for token in tokens(&text[item..start], item) {
            within = (matches!(token.sort, Sort::Comment | Sort::Unclosed) && token.end() == start).then_some(token);
            reader.take(token);
        }
        let (frames, entry) = reader.finish();
        Place { frames, entry, start, within }
    }

    /// The words and signs of the entry, for comparing.
    pub fn words(&self) -> Vec<&'t str> {
        self.entry.iter().map(|token| token.text).collect()
    }
}

/// Where the word begins that ends at `offset`, dots included: a target or an address is one word.
fn word_start(text: &str, offset: usize) -> usize {
    let before = &text[..offset];
    let word = before
        .rfind(|c: char| !is_name_char(c) && c != '.')
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    word.min(offset)
}

/// Where the item begins that holds `offset`: the last line before it that reads like the head of one.
pub fn item_start(text: &str, offset: usize) -> usize {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let mut start = line_start(offset);
    loop {
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        if is_head(&text[start..end.min(offset.max(start))]) || start == 0 {
            return start;
        }
        start = line_start(start - 1);
    }
}

/// The item that holds `offset`, up to the next one.
pub fn item_text(text: &str, offset: usize) -> &str {
    let start = item_start(text, offset);
    let lines = text[start..].split_inclusive('\n').skip(1);
    let mut end = start + text[start..].find('\n').map_or(text.len() - start, |length| length + 1);
    for line in lines {
        if is_head(line) {
            break;
        }
        end += line.len();
    }
    &text[start..end]
}

fn is_head(line: &str) -> bool {
    let found = tokens(line, 0);
    match found.as_slice() {
        [word, bracket, ..] if word.is("project") => bracket.is("{"),
        [word, name, ..] => {
            word.sort == Sort::Word && ITEM_WORDS.iter().any(|known| word.is(known.word)) && name.sort == Sort::Word
        }
        _ => false,
    }
}

struct Reader<'t> {
    frames: Vec<Frame<'t>>,
    entry: Vec<Token<'t>>,
    /// `case` without `end`: newlines do not end the entry there.
    cases: usize,
}

impl<'t> Reader<'t> {
    fn take(&mut self, token: Token<'t>) {
        let inner = self.frames.last().map_or('{', |frame| frame.bracket);
        match token.sort {
            Sort::Comment => {}
            Sort::Open => {
                let head = std::mem::take(&mut self.entry);
                let bracket = token.text.chars().next().unwrap_or('{');
                self.frames.push(Frame { bracket, head, before: Vec::new() });
            }
            Sort::Close => self.close(token),
            Sort::Break if inner == '{' && self.cases == 0 && !self.continues(token) => self.end(),
            Sort::Break => {}
            _ => {
                self.cases = match token.text.to_ascii_lowercase().as_str() {
                    "case" => self.cases + 1,
                    "end" => self.cases.saturating_sub(1),
                    _ => self.cases,
                };
                self.entry.push(token);
            }
        }
    }

    fn end(&mut self) {
        if let (Some(frame), Some(first)) = (self.frames.last_mut(), self.entry.first()) {
            frame.before.push(first.text);
        }
        self.entry.clear();
    }

    /// `after a, b` goes on behind its commas, `where` is only ended by its line.
    fn continues(&self, token: Token<'_>) -> bool {
        let first = self.entry.first().map_or("", |first| first.text);
        token.is(",") && (first == "after" || self.entry.iter().any(|word| word.is("where")))
    }

    /// What stood before the bracket goes on; the brackets themselves count as one word of it.
    fn close(&mut self, token: Token<'t>) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.bracket == '{' {
            self.cases = 0;
        }
        self.entry = frame.head;
        self.entry.push(token);
    }

    /// Round and square brackets belong to expressions, keys and lists: their entry is the one around them, whatever they hold.
    fn finish(mut self) -> (Vec<Frame<'t>>, Vec<Token<'t>>) {
        let outer = self.frames.iter().position(|frame| frame.bracket != '{').unwrap_or(self.frames.len());
        let inner = self.frames.split_off(outer);
        let mut entry: Vec<Token<'t>> = inner.into_iter().flat_map(|frame| frame.head).collect();
        entry.extend(self.entry);
        (self.frames, entry)
    }
}
