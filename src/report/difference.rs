//! Texts compared line by line. Home of similar.

use similar::{ChangeTag, TextDiff};

use super::paint::Paint;

/// A unified difference with three lines around each change.
pub fn unified(name: &str, old: &str, new: &str, paint: Paint) -> String {
    let lines = TextDiff::from_lines(old, new);
    let mut out = format!("{}\n", paint.bold(&format!("--- {name}\n+++ {name} (formatted)")));
    for hunk in lines.unified_diff().context_radius(3).iter_hunks() {
        out += &format!("{}\n", paint.mark(&hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let text = change.value().trim_end_matches(['\n', '\r']);
            out += &match change.tag() {
                ChangeTag::Equal => format!(" {text}\n"),
                ChangeTag::Delete => format!("{}\n", paint.bad(&format!("-{text}"))),
                ChangeTag::Insert => format!("{}\n", paint.good(&format!("+{text}"))),
            };
        }
    }
    out
}
