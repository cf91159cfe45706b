//! Which part of rendered SQL stands where in its template. minijinja does not tell, so the template is rendered once more with a
//! mark before each literal.

use std::ops::Range;

use minijinja::Environment;

use crate::template::text::{closing, skip_quoted};

/// A part of rendered SQL, and the bytes of the template that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    pub from: Range<usize>,
    /// It is those bytes.
    pub literal: bool,
}

/// Around the number of a literal: of no use to anyone else, since Unicode gives these to nobody.
const MARK: (char, char) = ('\u{e000}', '\u{e001}');

pub fn parts(template: &str, rendered: String, environment: &Environment<'_>) -> Vec<Part> {
    let literals = literals(template);
    if let [whole] = literals.as_slice() {
        return vec![Part { text: rendered, from: whole.clone(), literal: true }];
    }
    let marked = environment.render_str(&marked(template, &literals), ());
    let parts = marked.map(|marked| split(template, &marked, &literals)).unwrap_or_default();
    // A template may do anything with its own text; then nothing is known.
    match parts.iter().map(|part| part.text.as_str()).collect::<String>() == rendered {
        true => parts,
        false => vec![Part { text: rendered, from: 0..template.len(), literal: false }],
    }
}

/// What of a template is no tag.
fn literals(template: &str) -> Vec<Range<usize>> {
    let (mut literals, mut at) = (Vec::new(), 0);
    let mut raw = false;
    let mut from = 0;
    while let Some(open) = template[from..].find('{').map(|open| from + open) {
        let end = tag_end(template, open);
        let word = end.map_or("", |end| template[open + 2..end - 2].trim_matches(['-', '+', ' ', '\n']));
        match end {
            Some(end) if !raw || word == "endraw" => {
                literals.push(at..open);
                raw = template[open..].starts_with("{%") && word == "raw";
                (at, from) = (end, end);
            }
            _ => from = open + 1,
        }
    }
    literals.push(at..template.len());
    literals
}

/// Where a tag that opens here ends.
fn tag_end(template: &str, open: usize) -> Option<usize> {
    match template.as_bytes().get(open + 1)? {
        b'{' => closing(template, open + 2).map(|at| at + 2),
        b'#' => template[open + 2..].find("#}").map(|at| open + 2 + at + 2),
        b'%' => {
            let bytes = template.as_bytes();
            let mut at = open + 2;
            while at < bytes.len() && !template.as_bytes()[at..].starts_with(b"%}") {
                at = if let quote @ (b'\'' | b'"') = bytes[at] { skip_quoted(bytes, at, quote) } else { at } + 1;
            }
            (at < bytes.len()).then_some(at + 2)
        }
        _ => None,
    }
}

/// A mark stands behind leading white space, which a tag before it (`-%}`) may take away.
fn text_start(template: &str, literal: &Range<usize>) -> usize {
    literal.end - template[literal.clone()].trim_start().len()
}

fn marked(template: &str, literals: &[Range<usize>]) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for (number, literal) in literals.iter().enumerate() {
        let start = text_start(template, literal);
        out += &template[at..start];
        if start < literal.end {
            out += &format!("{}{number}{}", MARK.0, MARK.1);
        }
        out += &template[start..literal.end];
        at = literal.end;
    }
    out + &template[at..]
}

/// Each mark begins a literal; what follows that is not it, the next tag has made.
fn split(template: &str, marked: &str, literals: &[Range<usize>]) -> Vec<Part> {
    let mut pieces = marked.split(MARK.0);
    let first = pieces.next().unwrap_or_default();
    let pieces: Vec<(usize, &str)> = pieces.filter_map(|piece| numbered(piece, literals.len())).collect();
    let mut parts = Vec::new();
    let start = |number: usize| literals.get(number).map_or(template.len(), |literal| text_start(template, literal));
    let mut push = |text: &str, from: Range<usize>, literal: bool| {
        if !text.is_empty() {
            parts.push(Part { text: text.to_string(), from, literal });
        }
    };
    push(first, 0..start(pieces.first().map_or(literals.len(), |(number, _)| *number)), false);
    for (number, text) in pieces {
        let written = &template[start(number)..literals[number].end];
        let same = written.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
        let same = text.floor_char_boundary(same);
        push(&text[..same], start(number)..start(number) + same, true);
        push(&text[same..], tags(template, start(number) + same..start(number + 1)), false);
    }
    parts
}

fn numbered(piece: &str, literals: usize) -> Option<(usize, &str)> {
    let (number, text) = piece.split_once(MARK.1)?;
    Some((number.parse().ok().filter(|number| *number < literals)?, text))
}

/// Without the white space around.
fn tags(template: &str, range: Range<usize>) -> Range<usize> {
    let text = &template[range.clone()];
    let start = range.start + text.len() - text.trim_start().len();
    start..start + text.trim().len()
}
