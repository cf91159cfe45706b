//! The golden inputs, damaged at random: reading never panics, spans stay inside the text, and what still parses can be
//! formatted, keeps its tree and its comments, and stays as it is when formatted again.

use std::fs;
use std::path::Path;

use sendoff::format::format;
use sendoff::ir::ast::File;
use sendoff::ir::span::FileId;
use sendoff::parse::parse;

use crate::common::{cases, tree::tree};

const BITS: [&str; 26] = [
    "\n",
    ",",
    " ",
    "#",
    "# c\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "'",
    "\"",
    "\"\"\"",
    "->",
    "=",
    "case ",
    " end",
    "$$",
    "--",
    "/*",
    "\n\n",
    "where ",
    "é",
    "\r\n",
    "{ a = b }",
];

#[test]
fn damage_is_survived() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let cases = ["parse", "format"].map(|stage| cases(&golden.join(stage), "sendoff")).concat();
    let texts: Vec<String> = cases.iter().map(|case| fs::read_to_string(case).expect("readable")).collect();
    let mut dice = Dice(88_172_645_463_325_252);
    for _ in 0..1_500 {
        let mut text = texts[dice.roll(texts.len())].clone();
        for _ in 0..1 + dice.roll(3) {
            damage(&mut text, &mut dice);
        }
        survives(&text);
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

fn damage(text: &mut String, dice: &mut Dice) {
    let start = boundary(text, dice.roll(text.len()));
    let end = boundary(text, start + dice.roll(20)).max(start);
    match dice.roll(3) {
        0 => text.insert_str(start, BITS[dice.roll(BITS.len())]),
        1 => text.replace_range(start..end, ""),
        _ => text.replace_range(start..end, BITS[dice.roll(BITS.len())]),
    }
}

fn survives(text: &str) {
    let (file, problems) = parse(FileId(0), text);
    for (span, _) in problems.0.iter().flat_map(|problem| &problem.labels) {
        assert!(text.get(span.start..span.end).is_some(), "{problems:?}\n{text}");
    }
    if problems.is_empty() {
        let once = format(&file, text);
        let (again, problems) = parse(FileId(0), &once);
        assert!(problems.is_empty(), "{problems:?}\n{text}\n->\n{once}");
        assert_eq!(items(&file), items(&again), "{text}\n->\n{once}");
        assert_eq!(file.comments.len(), again.comments.len(), "{text}\n->\n{once}");
        assert_eq!(once, format(&again, &once), "{text}");
    }
}

/// A comment behind a comma that stood alone on its line gets a line of its own, so the trees of comments may differ.
fn items(file: &File) -> String {
    tree(&File { items: file.items.clone(), ..File::default() })
}

/// Brackets nested far too deep are a problem, not a crash, and cost no more than the text's length in steps.
#[test]
fn depth_is_survived() {
    let started = std::time::Instant::now();
    for open in ["(", "{", "[", "{a ", "a {", "case "] {
        for head in ["activation a { map { ", "source a = b { x = ", "model a { from a where "] {
            for depth in [100, 120, 2_000] {
                survives(&format!("{head}{}", open.repeat(depth)));
            }
        }
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}
