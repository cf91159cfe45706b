//! Text to put in the place of a problem, where that is all there is to do.

use super::{Problem, Sources};
use crate::ir::span::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In the imperative: "Replace with `upsert`".
    pub title: String,
    pub span: Span,
    pub text: String,
}

const MEANT: (&str, &str) = ("did you mean `", "`?");

impl Problem {
    pub fn mended(self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        let title = if text.is_empty() { "Take it out".to_string() } else { format!("Replace with `{text}`") };
        Problem { fix: Some(Box::new(Fix { title, span, text })), ..self }
    }

    /// What mends it: its own fix, or the word that was meant, where what is underlined is nothing but the wrong one.
    pub fn fix(&self, sources: &Sources) -> Option<Fix> {
        if let Some(fix) = &self.fix {
            return Some(Fix::clone(fix));
        }
        let meant = self.help.as_deref()?.strip_prefix(MEANT.0)?.strip_suffix(MEANT.1)?;
        let (span, _) = self.labels.first()?;
        let written = sources.text(span.file).get(span.start..span.end)?;
        let bare = written.trim_matches('"');
        // Where an arrow lacks the whole mapping is underlined; of most others a word, in whose place only a word can stand.
        let whole = self.code == "parse::no_arrow";
        let is_word = |text: &str| !text.contains([' ', ',', ';']);
        if !self.message.contains(&format!("`{bare}`"))
            || !whole && is_word(bare) && !is_word(meant) && !meant.starts_with("file ")
            || meant.contains('`')
            || meant.ends_with('…')
            || meant.contains("FIELD")
        {
            return None;
        }
        let quoted = bare != written && !whole;
        let text = if quoted { format!("\"{meant}\"") } else { meant.to_string() };
        Some(Fix { title: format!("Replace with `{meant}`"), span: *span, text })
    }
}

/// Where a fix stands in the text that it mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which one of those given.
    pub fix: usize,
    pub start: usize,
    pub end: usize,
}

/// A text with fixes in place; of two that meet, the first.
pub fn fixed(text: &str, fixes: &[&Fix]) -> (String, Vec<Placed>) {
    let mut ordered: Vec<(usize, &&Fix)> = fixes.iter().enumerate().collect();
    ordered.sort_by_key(|(_, fix)| (fix.span.start, fix.span.end));
    let (mut out, mut done, mut placed) = (String::new(), 0, Vec::new());
    for (at, fix) in ordered.into_iter().filter(|(_, fix)| fix.span.end <= text.len()) {
        if fix.span.start >= done {
            out += &text[done..fix.span.start];
            let start = out.len();
            out += &fix.text;
            placed.push(Placed { fix: at, start, end: out.len() });
            done = fix.span.end;
        }
    }
    (out + &text[done..], placed)
}
