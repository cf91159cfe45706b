//! Entries on lines: which blocks stay on one, where blank lines and comments go, how far arrows are moved.

use super::WIDTH;
use super::entry::{Body, Entry};
use crate::ir::ast::Comment;

/// The widest expression that others' arrows are moved for, in characters.
const WIDEST_ALIGNED: usize = 40;

pub(super) fn write(mut entries: Vec<Entry>, text: &str, comments: &[Comment]) -> String {
    let mut writer = Writer { text, comments, out: String::new() };
    writer.entries(&mut entries, Around { start: 0, end: text.len(), depth: 0, list: false });
    writer.out
}

struct Writer<'a> {
    text: &'a str,
    /// Those not written yet.
    comments: &'a [Comment],
    out: String,
}

/// What a run of entries stands in: the bytes of the text between the brackets, and how deep.
#[derive(Clone, Copy)]
struct Around {
    start: usize,
    end: usize,
    depth: usize,
    list: bool,
}

impl Writer<'_> {
    fn entries(&mut self, entries: &mut [Entry], around: Around) {
        align(entries, self.text);
        let mut before = around.start;
        let mut last_tall = None;
        for at in 0..entries.len() {
            let tall = entries[at].body.is_some() && self.on_one_line(&entries[at], around.depth).is_none();
            let apart = around.depth == 0 && last_tall.is_some_and(|last| last || tall);
            last_tall = Some(tall);
            self.lead_in(before, entries[at].span.start, apart, around);
            let next = entries.get(at + 1).map_or(around.end, |next| next.span.start);
            self.indent(around.depth);
            before = self.entry(&mut entries[at], around, next);
        }
        self.comments_until(before, around.end, around);
    }

    /// Comments before an entry, and at most one blank line at each gap; `apart` asks for one somewhere.
    fn lead_in(&mut self, before: usize, start: usize, apart: bool, around: Around) {
        if apart && !has_blank_line(&self.text[before..start]) {
            self.out.push('\n');
        }
        let before = self.comments_until(before, start, around);
        self.blank_line(before, start, around);
    }

    fn comments_until(&mut self, mut before: usize, end: usize, around: Around) -> usize {
        while let [comment, rest @ ..] = self.comments {
            if comment.span.start >= end {
                break;
            }
            self.blank_line(before, comment.span.start, around);
            self.indent(around.depth);
            self.out.push_str(&comment.text);
            self.out.push('\n');
            before = comment.span.end;
            self.comments = rest;
        }
        before
    }

    fn blank_line(&mut self, before: usize, start: usize, around: Around) {
        if before > around.start && has_blank_line(&self.text[before..start]) {
            self.out.push('\n');
        }
    }

    /// Writes an entry, its line's end and a comment behind it; says where in the text that ended.
    fn entry(&mut self, entry: &mut Entry, around: Around, next: usize) -> usize {
        let flat = self.on_one_line(entry, around.depth);
        self.out.push_str(&entry.head);
        if let Some(body) = &mut entry.body {
            if !entry.head.is_empty() {
                self.out.push(' ');
            }
            match flat {
                Some(flat) => self.out.push_str(&flat),
                None => self.tall_body(body, around.depth),
            }
        }
        self.out.push_str(&entry.tail);
        if around.list {
            self.out.push(',');
        }
        // What is left inside was copied with the text around it.
        let inside = self.comments.partition_point(|comment| comment.span.start < entry.span.end);
        self.comments = &self.comments[inside..];
        let end = self.comment_behind(entry.span.end, next).unwrap_or(entry.span.end);
        self.out.push('\n');
        end
    }

    fn tall_body(&mut self, body: &mut Body, depth: usize) {
        self.out.push(if body.list { '[' } else { '{' });
        let first = body.entries.first().map_or(body.span.end, |entry| entry.span.start);
        let start = self.comment_behind(body.span.start + 1, first).unwrap_or(body.span.start + 1);
        self.out.push('\n');
        let inside = Around { start, end: body.span.end, depth: depth + 1, list: body.list };
        self.entries(&mut body.entries, inside);
        self.indent(depth);
        self.out.push(if body.list { ']' } else { '}' });
    }

    /// Writes the next comment if it stands on the line where `end` is, and before `next`.
    fn comment_behind(&mut self, end: usize, next: usize) -> Option<usize> {
        let (comment, rest) = self.comments.split_first()?;
        let on_line = comment.span.start < next && !self.text[end..comment.span.start].contains(['\n', '\r']);
        if !on_line {
            return None;
        }
        self.out.push_str("  ");
        self.out.push_str(&comment.text);
        self.comments = rest;
        Some(comment.span.end)
    }

    /// The body on one line, if it was written on one and the line is not too wide.
    fn on_one_line(&self, entry: &Entry, depth: usize) -> Option<String> {
        let flat = flat_body(entry.body.as_ref()?, self.text, self.comments)?;
        let before = entry.head.lines().last().unwrap_or_default().chars().count() + 1;
        let indent = if entry.head.contains('\n') { 0 } else { depth * 2 };
        let after = entry.tail.lines().next().unwrap_or_default().chars().count();
        let width = indent + before + flat.chars().count() + after;
        (width <= WIDTH || flat.len() == 2).then_some(flat)
    }

    fn indent(&mut self, depth: usize) {
        self.out.push_str(&"  ".repeat(depth));
    }
}

fn flat_body(body: &Body, text: &str, comments: &[Comment]) -> Option<String> {
    let span = body.span;
    if body.entries.is_empty() {
        let inside = |comment: &Comment| (span.start..span.end).contains(&comment.span.start);
        let empty = if body.list { "[]" } else { "{}" };
        return (!comments.iter().any(inside)).then(|| empty.to_string());
    }
    if text[span.start..span.end].contains(['\n', '\r']) {
        return None;
    }
    let entries: Option<Vec<String>> = body.entries.iter().map(|entry| flat(entry, text, comments)).collect();
    let entries = entries?.join(", ");
    Some(if body.list { format!("[{entries}]") } else { format!("{{ {entries} }}") })
}

fn flat(entry: &Entry, text: &str, comments: &[Comment]) -> Option<String> {
    let Some(body) = &entry.body else { return Some(format!("{}{}", entry.head, entry.tail)) };
    let space = if entry.head.is_empty() { "" } else { " " };
    let body = flat_body(body, text, comments)?;
    Some(format!("{}{space}{body}{}", entry.head, entry.tail))
}

/// Puts the arrows of neighbouring mappings below one another. A blank line begins a new neighbourhood.
fn align(entries: &mut [Entry], text: &str) {
    let mut rest = entries;
    while !rest.is_empty() {
        let apart = rest.windows(2).position(|pair| has_blank_line(&text[pair[0].span.end..pair[1].span.start]));
        let (run, later) = rest.split_at_mut(apart.map_or(rest.len(), |at| at + 1));
        align_run(run);
        rest = later;
    }
}

fn align_run(run: &mut [Entry]) {
    let width = |entry: &Entry| entry.arrow.map(|at| entry.head[..at].chars().count());
    let widths = run.iter().filter_map(width).filter(|width| *width <= WIDEST_ALIGNED);
    let Some(widest) = widths.max() else { return };
    for entry in run {
        if let (Some(at), Some(width)) = (entry.arrow, width(entry)) {
            entry.head.insert_str(at, &" ".repeat(widest.saturating_sub(width)));
        }
    }
}

fn has_blank_line(between: &str) -> bool {
    let lines: Vec<&str> = between.split('\n').collect();
    lines.len() > 2 && lines[1..lines.len() - 1].iter().any(|line| line.trim().is_empty())
}
