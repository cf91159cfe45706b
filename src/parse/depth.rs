//! How deep brackets are nested, before anything is read: grammar, tree and all that walks it go as deep as the text does,
//! and a stack has an end.

/// Deeper than anyone writes, and shallow enough for a thread's stack.
const MOST: usize = 128;

/// Where the text goes deeper than it may. Quotes and comments are passed over; one that is not closed only makes the rest of
/// its line, or of the text, look shallow.
pub fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        match first {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if rest[..word].eq_ignore_ascii_case("case") => depth += 1,
            _ if rest[..word].eq_ignore_ascii_case("end") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST {
            return Some(at);
        }
        at += passed_over(rest).unwrap_or(word.max(first.len_utf8()));
    }
    None
}

/// Bytes of a text in quotes, or of a comment, where one begins.
fn passed_over(rest: &str) -> Option<usize> {
    for quotes in ["\"\"\"", "$$"] {
        if let Some(inner) = rest.strip_prefix(quotes) {
            return Some(inner.find(quotes).map_or(rest.len(), |end| end + 2 * quotes.len()));
        }
    }
    let line = rest.find('\n').unwrap_or(rest.len());
    match rest.chars().next()? {
        '#' => Some(line),
        quote @ ('"' | '\'') => Some(rest[1..line].find(quote).map_or(line, |end| end + 2)),
        _ => None,
    }
}
