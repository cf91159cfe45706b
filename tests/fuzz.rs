//! The fuzz targets without a fuzzer: on what is written in the repository, and on damaged copies of it, the same each time.
//! `FUZZ_SECONDS` says how long for each target; `SEED` begins elsewhere. What fails is kept in `fuzz/artifacts`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[path = "../fuzz/targets.rs"]
mod targets;

use targets::{TARGETS, Target};

/// An input that takes longer would be told of as a hang by a fuzzer.
const SLOW: Duration = Duration::from_secs(10);

/// Where each target's inputs come from, below the repository.
const SEEDS: [(&str, &[&str]); 4] = [
    ("parse", &["fuzz/corpus/parse", "tests/golden/parse", "tests/golden/format", "pipelines"]),
    ("format", &["fuzz/corpus/format", "tests/golden/parse", "tests/golden/format", "pipelines"]),
    ("definition", &["fuzz/corpus/definition", "tests/golden/catalog", "destinations"]),
    ("answer", &["fuzz/corpus/answer"]),
];

/// What damage is made of, besides what was damaged.
const BITS: [&str; 40] = [
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
    "{{ ",
    " }}",
    ": ",
    "- ",
    "  ",
    "&a ",
    "*a",
    "null",
    "true",
    "-1",
    "1e999",
    "\0",
    "\u{feff}",
    "body.",
];

#[test]
fn parse() {
    fuzz("parse");
}

#[test]
fn format() {
    fuzz("format");
}

#[test]
fn definition() {
    fuzz("definition");
}

#[test]
fn answer() {
    fuzz("answer");
}

/// Brackets nested far too deep are a problem, not a crash, and cost no more than the text's length in steps.
#[test]
fn depth_is_survived() {
    let started = Instant::now();
    for open in ["(", "{", "[", "{a ", "a {", "case "] {
        for head in ["activation a { map { ", "source a = b { x = ", "model a { from a where "] {
            for depth in [100, 120, 2_000] {
                targets::parse(format!("{head}{}", open.repeat(depth)).as_bytes());
            }
        }
    }
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("{\"a\":", "}")] {
        let deep = format!("{}{}", open.repeat(5_000), close.repeat(5_000));
        targets::definition(format!("# file: connection.yaml\ntitle: {deep}\n").as_bytes());
        targets::answer(format!("batch profiles update 202\n\n{deep}").as_bytes());
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

fn fuzz(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let seeds = seeds(name);
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| try_on(name, target, seed));
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2));
    let mut dice = Dice(number("SEED").unwrap_or(0).wrapping_add(88_172_645_463_325_252));
    let (begun, mut tried) = (Instant::now(), 0);
    while begun.elapsed() < time {
        let mut input = seeds[dice.roll(seeds.len())].clone();
        for _ in 0..1 + dice.roll(4) {
            damage(&mut input, &seeds, &mut dice);
        }
        try_on(name, target, &input);
        tried += 1;
    }
    println!("{name}: {} seeds and {tried} damaged inputs in {:.0?}", seeds.len(), begun.elapsed());
}

fn try_on(name: &str, target: Target, input: &[u8]) {
    let begun = Instant::now();
    let survived = catch_unwind(AssertUnwindSafe(|| target(input)));
    if survived.is_ok() && begun.elapsed() < SLOW {
        return;
    }
    let folder = root().join("fuzz/artifacts").join(name);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("found-{:016x}", digest(input)));
    fs::write(&path, input).unwrap();
    panic!("`{name}` fails after {:?} on {}", begun.elapsed(), path.display());
}

fn digest(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let (_, folders) = SEEDS.iter().find(|(known, _)| *known == name).unwrap();
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| collect(&root().join(folder), &mut paths));
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.iter().map(|path| written(name, path)).collect();
    if name == "answer" {
        seeds.extend(targets::answers().into_iter().map(String::into_bytes));
    }
    seeds
}

/// A definition's file stands alone; in the corpus and in the cases it says what it is called.
fn written(name: &str, path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    match (name, path.file_name().and_then(|name| name.to_str())) {
        ("definition", Some(file)) if !bytes.starts_with(b"# file: ") => {
            [format!("# file: {file}\n").into_bytes(), bytes].concat()
        }
        _ => bytes,
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        match path.extension().and_then(|kind| kind.to_str()) {
            _ if path.is_dir() => collect(&path, paths),
            Some("sendoff" | "yaml" | "txt") => paths.push(path),
            _ => {}
        }
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

fn damage(input: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let start = dice.roll(input.len() + 1);
    let end = (start + dice.roll(20)).min(input.len());
    let bit = BITS[dice.roll(BITS.len())].bytes();
    match dice.roll(8) {
        0 | 1 => drop(input.splice(start..start, bit)),
        2 => drop(input.drain(start..end)),
        3 => drop(input.splice(start..end, bit)),
        4 if start < input.len() => input[start] ^= 1 << dice.roll(8),
        // A piece of its own, or of another, in its place.
        5 => drop(input.splice(start..start, input[start..end].to_vec())),
        6 => input.truncate(start.max(input.len() / 2)),
        _ => {
            let other = &seeds[dice.roll(seeds.len())];
            let from = dice.roll(other.len() + 1);
            let to = (from + dice.roll(200)).min(other.len());
            drop(input.splice(start..end, other[from..to].iter().copied()));
        }
    }
}
