//! Text to put in the place of a mistake.

use crate::diag::{Problem, Sources};
use crate::ir::assist::Edit;

const MEANT: (&str, &str) = ("did you mean `", "`?");

/// The word that was meant, where a problem has one and stands at nothing but the wrong one.
pub fn fix(problem: &Problem, sources: &Sources) -> Option<(String, Edit)> {
    let meant = problem.help.as_deref()?.strip_prefix(MEANT.0)?.strip_suffix(MEANT.1)?;
    let (span, _) = problem.labels.first()?;
    let written = sources.text(span.file).get(span.start..span.end)?;
    let bare = written.trim_matches('"');
    // What is underlined may be more than the word: then there is no telling what to replace.
    if !problem.message.contains(&format!("`{bare}`")) {
        return None;
    }
    let text = if bare == written { meant.to_string() } else { format!("\"{meant}\"") };
    Some((format!("Replace with `{meant}`"), Edit { span: *span, text }))
}
