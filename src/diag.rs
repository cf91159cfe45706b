//! Problems found in what a person wrote: codes, places, help; collected, never thrown one at a time. Home of miette.
//!
//! Wording: one sentence, lower case, no full stop, user text in backticks, no "you"; advice goes into `help`.

mod draw;
mod fix;
mod words;

use sha1::{Digest, Sha1};

use crate::ir::span::{FileId, Span};

pub use draw::{Drawing, draw, visible, visible_line};
pub use fix::{Fix, Placed, fixed};
pub use words::{list, nearest, slip, suggestion};

/// The texts that spans point into.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of that name with the text that it has now, known before or not.
    pub fn put(&mut self, name: &str, text: &str) -> FileId {
        let Some(at) = self.files.iter().position(|(known, _)| known == name) else { return self.add(name, text) };
        self.files[at].1 = text.to_string();
        FileId(at as u32)
    }

    pub fn find(&self, name: &str) -> Option<FileId> {
        self.files.iter().position(|(known, _)| known == name).map(|at| FileId(at as u32))
    }

    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(name, _)| name)
    }

    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(_, text)| text)
    }

    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// A hash of all texts with their names: of a project and its definitions, in whatever order they were read.
    pub fn digest(&self) -> String {
        let mut files: Vec<&(String, String)> = self.files.iter().collect();
        files.sort();
        let mut hash = Sha1::new();
        for (name, text) in files {
            hash.update(format!("{} {name} {} {text}", name.len(), text.len()));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Line and column of a place, both counted from 1, columns in characters.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.file);
        let before = &text[..text.floor_char_boundary(span.start.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Advice,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        }
    }
}

/// One problem. `code` reads `stage::what` and has an entry in `docs/diagnostics.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    /// The first label is the place of the problem; further ones point at what it clashes with.
    pub labels: Vec<(Span, String)>,
    /// The first label's text is the cause, as someone else said it: it is told with the message where nothing is drawn.
    pub caused: bool,
    pub help: Option<String>,
    /// What mends it, where that is more than another word.
    pub fix: Option<Box<Fix>>,
}

impl Problem {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Problem {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            caused: false,
            help: None,
            fix: None,
        }
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(code, message) }
    }

    /// What nobody has to do anything about.
    pub fn advice(code: &'static str, message: impl Into<String>) -> Self {
        Problem { severity: Severity::Advice, ..Problem::error(code, message) }
    }

    pub fn at(self, span: Span) -> Self {
        self.label(span, "")
    }

    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// What a database or a server said of it, at the place.
    pub fn because(self, span: Span, cause: String) -> Self {
        Problem { caused: !cause.is_empty(), ..self.label(span, cause) }
    }

    /// The message and its cause, where no place is shown.
    pub fn told(&self) -> String {
        match self.labels.first() {
            Some((_, cause)) if self.caused => format!("{}: {cause}", self.message),
            _ => self.message.clone(),
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Help that names the nearest known word, or failing that lists them.
    pub fn suggest<'a>(self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match suggestion(wrong, known) {
            Some(help) => self.help(help),
            None => self,
        }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// What came of a test of an activation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub test: String,
    pub activation: String,
    /// Of its name.
    pub span: Span,
    /// What came out otherwise than expected; none where it passed.
    pub misses: Vec<Miss>,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    pub problem: Problem,
    /// What was expected and what was found, to be told apart line by line.
    pub difference: Option<(String, String)>,
}

impl From<Problem> for Miss {
    fn from(problem: Problem) -> Self {
        Miss { problem, difference: None }
    }
}

/// All problems of a stage, in the order found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    pub fn any_error(&self) -> bool {
        self.0.iter().any(Problem::is_error)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves out what has been said of a place already: of a model that several activations draw on.
    pub fn once(&mut self) {
        let place = |problem: &Problem| problem.labels.first().map(|(span, _)| *span);
        let mut said = Vec::new();
        self.0.retain(|problem| {
            let new = place(problem).is_none_or(|place| !said.contains(&(problem.code, place)));
            said.extend(place(problem).map(|place| (problem.code, place)));
            new
        });
    }

    /// In the order of the files, then of the places in them.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|problem| problem.labels.first().map(|(span, _)| *span));
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Problems(vec![problem])
    }
}

/// "1 row", "2 rows", "10,000 rows"
pub fn count(number: u64, noun: &str) -> String {
    let plural = match (number, noun.strip_suffix('y')) {
        (1, _) => noun.to_string(),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", thousands(number))
}

pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
