//! Tree to text, in the one style there is.
//!
//! Two spaces for each level; a block stays on one line where it was written on one and fits `WIDTH`; at most one blank
//! line between entries; arrows of neighbouring mappings aligned. Comments keep their places. SQL, expressions and texts
//! are copied byte for byte, but for line ends, which become LF. Formatting what is formatted changes nothing, and the tree never changes.

mod entry;
mod layout;
mod test;

use crate::ir::ast::File;

/// Columns that a line holding a block on one line may take.
const WIDTH: usize = 120;

/// `file` is what `text` was read as, without errors: entries that could not be read would be lost.
pub fn format(file: &File, text: &str) -> String {
    let entries = file.items.iter().map(|item| entry::item(item, text, &file.comments)).collect();
    let written = layout::write(entries, text, &file.comments);
    let lines: Vec<&str> = written.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    lines.join("\n")
}
