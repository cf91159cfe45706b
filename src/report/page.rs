//! A page of reference in parts, told on a terminal or as Markdown.

use super::paint::Paint;

/// Columns of a paragraph on a terminal.
const WIDTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Levels 1 to 3
    Heading(usize, String),
    Text(String),
    List(Vec<String>),
    /// The first column names what the line is about.
    Table {
        head: &'static [&'static str],
        rows: Vec<Vec<String>>,
    },
    /// A few lines of a language.
    Code(&'static str, String),
}

/// Sections with nothing in them are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page(pub Vec<Part>);

impl Page {
    pub fn heading(&mut self, level: usize, title: impl Into<String>) {
        self.0.push(Part::Heading(level, title.into()));
    }

    pub fn text(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Part::Text(text));
        }
    }

    pub fn code(&mut self, language: &'static str, text: impl Into<String>) {
        self.0.push(Part::Code(language, text.into()));
    }

    pub fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<String> = items.into_iter().collect();
        if !items.is_empty() {
            self.0.push(Part::List(items));
        }
    }

    pub fn table(&mut self, head: &'static [&'static str], rows: impl IntoIterator<Item = Vec<String>>) {
        let rows: Vec<Vec<String>> = rows.into_iter().collect();
        if !rows.is_empty() {
            self.0.push(Part::Table { head, rows });
        }
    }

    /// A heading and what `fill` writes below it; nothing where that is nothing.
    pub fn section(&mut self, level: usize, title: &str, fill: impl FnOnce(&mut Page)) {
        let mut inner = Page::default();
        fill(&mut inner);
        if !inner.0.is_empty() {
            self.heading(level, title);
            self.0.extend(inner.0);
        }
    }

    pub fn terminal(&self, paint: Paint) -> String {
        let mut out = String::new();
        for part in &self.0 {
            out += &match part {
                Part::Heading(1, title) => format!("{}\n", paint.bold(title)),
                Part::Heading(2, title) => format!("\n{}\n", paint.bold(title)),
                Part::Heading(_, title) => format!("\n  {}\n", paint.mark(&title.to_lowercase())),
                Part::Text(text) => format!("  {}\n", wrapped(text, 2)),
                Part::List(items) => items.iter().map(|item| format!("    - {}\n", wrapped(item, 6))).collect(),
                Part::Table { head: _, rows } => aligned(rows),
                Part::Code(_, text) => {
                    text.lines().map(|line| format!("    {line}").trim_end().to_string() + "\n").collect()
                }
            };
        }
        out
    }

    pub fn markdown(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Heading(level, title) => format!("{} {title}\n", "#".repeat(*level)),
            Part::Text(text) => format!("{}\n", folded(text)),
            Part::List(items) => items.iter().map(|item| format!("- {}\n", folded(item))).collect(),
            Part::Table { head, rows } => marked(head, rows),
            Part::Code(language, text) => format!("```{language}\n{}\n```\n", text.trim_end()),
        });
        parts.collect::<Vec<_>>().join("\n")
    }
}

/// Line breaks of a definition mean nothing.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A table of GitHub's Markdown, without the columns that are empty.
fn marked(head: &[&str], rows: &[Vec<String>]) -> String {
    let filled =
        |column: &usize| *column == 0 || rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()));
    let columns: Vec<usize> = (0..head.len()).filter(filled).collect();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(columns.iter().map(|column| head[*column].to_string()).collect());
    out += &line(columns.iter().map(|_| "---".to_string()).collect());
    for row in rows {
        let cells = columns.iter().map(|column| row.get(*column).map(|cell| folded(cell).replace('|', "\\|")));
        out += &line(cells.map(Option::unwrap_or_default).collect());
    }
    out
}

/// The first column by itself, the others as one sentence.
fn aligned(rows: &[Vec<String>]) -> String {
    let name = |row: &Vec<String>| row.first().map(|name| name.replace('`', "")).unwrap_or_default();
    let width = rows.iter().map(|row| name(row).chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|row| {
        let told: Vec<&str> = row.iter().skip(1).map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        let text = wrapped(&told.join(" · "), width + 6);
        format!("    {:<width$}  {text}", name(row)).trim_end().to_string() + "\n"
    });
    lines.collect()
}

/// Breaks at blanks; the lines after the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), indent);
    for word in text.split_whitespace() {
        let long = word.chars().count();
        if column > indent && column + 1 + long > WIDTH {
            out += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += long;
    }
    out
}
