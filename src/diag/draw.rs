//! One problem with its source, as a person sees it.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, NamedSource, SourceCode,
    SourceSpan, SpanContents,
};

use super::{Problem, Severity, Sources};
use crate::ir::span::FileId;

/// How problems are drawn on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    pub color: bool,
    pub width: usize,
}

/// Text from outside that does nothing to a terminal, a browser or a reader's eye: control characters, and signs that turn or hide
/// what stands beside them, as Rust would write them.
pub fn visible(text: &str) -> String {
    quieted(text, |c| !acts(c) || matches!(c, '\n' | '\t'))
}

/// The same on one line.
pub fn visible_line(text: &str) -> String {
    quieted(text, |c| !acts(c))
}

fn quieted(text: &str, quiet: impl Fn(char) -> bool) -> String {
    let shown = |c: char| if quiet(c) { c.to_string() } else { c.escape_default().to_string() };
    if text.chars().all(&quiet) { text.to_string() } else { text.chars().map(shown).collect() }
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A file's text as it can be shown: each sign in as many bytes, so that places stay.
fn shown_text(text: &str) -> String {
    let stands_in = |c: char| match c.len_utf8() {
        1 => '?',
        2 => '\u{bf}',
        _ => '\u{fffd}',
    };
    text.chars().map(|c| if acts(c) && !matches!(c, '\n' | '\r' | '\t') { stands_in(c) } else { c }).collect()
}

/// Draws one problem with its source, underlined.
pub fn draw(problem: &Problem, sources: &Sources, drawing: Drawing) -> String {
    let theme = if drawing.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(drawing.width).with_context_lines(1);
    let mut out = String::new();
    let drawn = Drawn { problem, source: problem.labels.first().map(|(span, _)| named(sources, span.file)), sources };
    match handler.render_report(&mut out, &drawn) {
        Ok(()) => out + &drawn.elsewhere(),
        Err(_) => format!("{}: {}\n", problem.code, problem.message),
    }
}

fn named(sources: &Sources, file: FileId) -> Shown {
    Shown(NamedSource::new(visible_line(sources.name(file)), shown_text(sources.text(file))))
}

/// A file whose columns are characters, as in all other forms; miette counts bytes.
struct Shown(NamedSource<String>);

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.0.read_span(span, before, after)?;
        let start = read.span().offset();
        let text = &self.0.inner()[..start];
        let column = text[text.len() - read.column().min(text.len())..].chars().count();
        let name = self.0.name().to_string();
        let (line, lines) = (read.line(), read.line_count());
        Ok(Box::new(MietteSpanContents::new_named(name, read.data(), *read.span(), line, column, lines)))
    }
}

struct Drawn<'a> {
    problem: &'a Problem,
    source: Option<Shown>,
    sources: &'a Sources,
}

impl Drawn<'_> {
    /// miette draws one file a report: labels elsewhere are told in words.
    fn elsewhere(&self) -> String {
        let home = self.problem.labels.first().map(|(span, _)| span.file);
        let others = self.problem.labels.iter().filter(|(span, _)| Some(span.file) != home);
        others
            .map(|(span, text)| {
                let (line, column) = self.sources.position(*span);
                format!("  see {}:{line}:{column}: {text}\n", self.sources.name(span.file))
            })
            .collect()
    }
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.problem.message))
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Advice => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(visible(help)) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let home = self.problem.labels.first().map(|(span, _)| span.file)?;
        let labels = self.problem.labels.iter().filter(move |(span, _)| span.file == home);
        Some(Box::new(labels.map(|(span, text)| {
            let text = if text.is_empty() { None } else { Some(visible(text)) };
            LabeledSpan::new(text, span.start, span.end - span.start)
        })))
    }
}
