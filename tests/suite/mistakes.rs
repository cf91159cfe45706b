//! `tests/golden/mistakes/<name>.mistake` -> `<name>.out`: what a person meant in a word (`#`), the lines of a sound project that
//! they got wrong (`@ file`, `-` what should be there, `+` what is), and the command that has to find it (`$`): all it prints,
//! and how it ends. One mistake has one message, unless the case says how many (`= 3`).

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::cli::plain;
use crate::common;
use crate::shop::{Shop, execute};

#[test]
fn mistakes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mistakes");
    assert!(common::cases(&root, "mistake").len() >= 80 || std::env::var_os("CASE").is_some());
    let shop = Shop::filled();
    let sound = shop.copied();
    let said = execute("sendoff check --env staging --online", sound.path());
    assert!(said.status.success(), "{}", plain(&said.stdout, sound.path()));
    common::golden("mistakes", "mistake", "out", |_, case| Mistake::read(case).told(&shop));
}

struct Mistake<'a> {
    hunks: Vec<Hunk<'a>>,
    command: &'a str,
    messages: usize,
}

/// What stands in a file in place of what should.
#[derive(Default)]
struct Hunk<'a> {
    file: &'a str,
    right: Vec<&'a str>,
    wrong: Vec<&'a str>,
}

impl<'a> Mistake<'a> {
    fn read(case: &'a str) -> Mistake<'a> {
        let mut mistake = Mistake { hunks: Vec::new(), command: "", messages: 1 };
        for line in case.split_terminator('\n') {
            let (sign, rest) = line.split_at(1);
            let last = mistake.hunks.last_mut();
            match (sign, last) {
                ("#", _) => {}
                ("@", _) => mistake.hunks.push(Hunk { file: rest.trim(), ..Hunk::default() }),
                ("-", Some(hunk)) => hunk.right.push(rest),
                ("+", Some(hunk)) => hunk.wrong.push(rest),
                ("$", _) => mistake.command = rest,
                ("=", _) => mistake.messages = rest.trim().parse().unwrap(),
                _ => panic!("`{line}` is no line of a mistake"),
            }
        }
        mistake
    }

    fn told(&self, shop: &Shop) -> String {
        let folder = shop.copied();
        self.hunks.iter().for_each(|hunk| hunk.make(folder.path()));
        let output = execute(self.command, folder.path());
        let said = [&output.stdout, &output.stderr].map(|bytes| plain(bytes, folder.path())).concat();
        let code = Regex::new(r"(?m)^[a-z]+::[a-z_]+$").unwrap();
        let found = code.find_iter(&said).count();
        assert!(found == self.messages || std::env::var_os("UPDATE").is_some(), "messages of this:\n{said}");
        format!("{said}exit code {}\n", output.status.code().unwrap_or(-1))
    }
}

impl Hunk<'_> {
    fn make(&self, folder: &Path) {
        let path: PathBuf = folder.join(self.file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", self.file));
        let mut right = self.right.join("\n");
        if self.wrong.is_empty() {
            right.push('\n');
        }
        assert_eq!(text.matches(&right).count(), 1, "in {} there has to stand once: {right}", self.file);
        fs::write(path, text.replace(&right, &self.wrong.join("\n"))).unwrap();
    }
}
