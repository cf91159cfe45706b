//! An editor: from a change in one of many files to what is wrong with it, by way of the language server.

#[path = "../../tests/lsp/editor.rs"]
#[allow(dead_code, reason = "the tests ask more of it")]
mod editor;

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::measure::Measured;
use crate::{Bound, Line, Result, project};

const CHANGES: usize = 41;
const WORD: (&str, &str) = ("mode upsert", "mode upsret");

/// The time that half of the changes take at most: each makes a mistake, or mends it.
pub fn change(folder: &Path, files: usize) -> Result<Line> {
    project::many_files(folder, files)?;
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)?.flatten().filter(|entry| entry.path().is_file()) {
        texts.push((entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?));
    }
    texts.sort();
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (file, right) =
        texts.iter().rev().find(|(_, text)| text.contains(WORD.0)).ok_or("no file to make a mistake in")?;
    let wrong = right.replace(WORD.0, WORD.1);
    let mut editor = editor::Editor::start(&pairs);
    editor.open(file);
    let mut times = Vec::new();
    for at in 0..CHANGES {
        let begun = Instant::now();
        let told = editor.write(file, if at % 2 == 0 { &wrong } else { right });
        times.push(begun.elapsed().as_secs_f64());
        if told.as_array().is_none_or(|told| told.is_empty() != (at % 2 == 1)) {
            return Err(format!("the editor was told {told}").into());
        }
    }
    times.sort_by(f64::total_cmp);
    let took = Measured { seconds: times[CHANGES / 2], peak_bytes: None };
    let what = format!("editor: a change in one of {files} files");
    Ok(Line { what, bound: Some(Bound::Milliseconds(50)), ..Line::alone(took) })
}
