//! Texts compared line by line. Home of similar.

use similar::{ChangeTag, TextDiff};

use super::paint::Paint;

/// A unified difference with three lines around each change; `made`: how the new text came to be.
pub fn unified((name, made): (&str, &str), old: &str, new: &str, paint: Paint) -> String {
    let lines = TextDiff::from_lines(old, new);
    let mut out = format!("{}\n", paint.bold(&format!("--- {name}\n+++ {name} ({made})")));
    for hunk in lines.unified_diff().context_radius(3).iter_hunks() {
        out += &format!("{}\n", paint.mark(&hunk.header().to_string()));
        out += &hunk.iter_changes().map(|change| line(change.tag(), change.value(), paint)).collect::<String>();
    }
    out
}

/// All of what was expected and found, with the lines that are in one of them alone marked.
pub fn expected(wanted: &str, found: &str, paint: Paint) -> String {
    let lines = TextDiff::from_lines(wanted, found);
    let lines: String =
        lines.iter_all_changes().map(|change| format!("  {}", line(change.tag(), change.value(), paint))).collect();
    format!("  {}, {}\n{lines}", paint.bad("-expected"), paint.good("+found"))
}

fn line(tag: ChangeTag, text: &str, paint: Paint) -> String {
    let text = text.trim_end_matches(['\n', '\r']);
    match tag {
        ChangeTag::Equal => format!(" {text}\n"),
        ChangeTag::Delete => format!("{}\n", paint.bad(&format!("-{text}"))),
        ChangeTag::Insert => format!("{}\n", paint.good(&format!("+{text}"))),
    }
}
