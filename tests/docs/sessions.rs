//! Sessions in the documentation are typed again, and must print what they show.
//!
//! A `console` block has commands after `$ ` and what they print below. A line `...` stands for any lines, and `…` for
//! anything within a line. The blocks of a page are one session in one folder; a block of another kind that names its file
//! is that file, from there on, and what is there already must look like it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Block, all_blocks, right_pages};

/// Between what commands print, followed by the exit code.
const MARK: &str = "\u{1e}";

pub struct Typed {
    command: String,
    shown: Vec<String>,
    line: usize,
}

fn typed(block: &Block) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    for (at, line) in block.text.lines().enumerate() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                all.push(Typed { command: command.to_string(), shown: Vec::new(), line: block.line + at });
            }
            None => all.last_mut().expect("a session begins with a command").shown.push(line.to_string()),
        }
    }
    all
}

/// A page's session as a script: its files are written and its commands typed in the order of the page.
fn script(blocks: &[Block]) -> (String, Vec<Typed>) {
    let (mut script, mut all) = (String::new(), Vec::new());
    for block in blocks {
        if let Some(file) = &block.file {
            let folder = Path::new(file).parent().unwrap().display();
            script += &format!("mkdir -p './{folder}'\ncat > .shown <<'END-OF-FILE'\n{}END-OF-FILE\n", block.text);
            script += &format!("if [ -e '{file}' ]; then diff .shown '{file}'; fi; mv .shown '{file}'\n");
        }
        if block.language == "console" {
            for typed in typed(block) {
                script += &format!("{}\ncode=$?; printf '{MARK}%s{MARK}' $code; (exit $code)\n", typed.command);
                all.push(typed);
            }
        }
    }
    (script, all)
}

/// The program as others call it, and nothing of this machine's settings.
pub fn bash(folder: &Path) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_sendoff")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.current_dir(folder).env_clear().env("PATH", path).env("HOME", folder).env("LC_ALL", "C.UTF-8");
    command.envs(std::env::var("LD_LIBRARY_PATH").map(|path| ("LD_LIBRARY_PATH", path)));
    command.stdin(Stdio::null());
    command
}

fn play(page: &Path) -> usize {
    let (script, typed) = script(&all_blocks(&fs::read_to_string(page).unwrap()));
    if typed.is_empty() {
        return 0;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = bash(folder.path()).args(["-c", &format!("exec 2>&1\n{script}")]).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let mut printed = output.split(MARK);
    for (at, Typed { command, shown, line }) in typed.iter().enumerate() {
        let place = format!("{}:{line}: $ {command}", page.display());
        let (found, code) = (printed.next().unwrap_or_default(), printed.next().unwrap_or("none, the session ended"));
        let found: Vec<&str> = found.lines().collect();
        assert!(fits(shown, &found), "{place}\nshown:\n{}\n\nprinted:\n{}", shown.join("\n"), found.join("\n"));
        let told = typed.get(at + 1).is_some_and(|next| next.command == "echo $?");
        assert!(code == "0" || told, "{place}\nended with {code}, and the page does not say so");
    }
    typed.len()
}

fn fits(shown: &[String], found: &[&str]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "..." => (0..=found.len()).any(|skipped| fits(rest, &found[skipped..])),
        Some((line, rest)) => {
            found.split_first().is_some_and(|(first, others)| line_fits(line, first) && fits(rest, others))
        }
    }
}

fn line_fits(shown: &str, found: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut left) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.is_empty() || shown.ends_with('…')
}

#[test]
fn sessions_print_what_they_show() {
    let counts: Vec<(PathBuf, usize)> = right_pages().map(|page| (page.clone(), play(&page))).collect();
    let sessions = counts.iter().filter(|(_, commands)| *commands > 0).count();
    assert!(sessions >= 5, "only {counts:?}");
}
