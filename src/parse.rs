//! Text to tree, with every problem of the text at once. Home of pest.
//!
//! The grammar reads any text: what no rule fits lands in one of its mistake rules. So there is one pass, the pairs are
//! walked once, well-formed entries become the tree, and mistakes become problems (`recover`).

mod blocks;
mod brackets;
mod depth;
mod entry;
mod error;
mod items;
mod mappings;
mod recover;
mod surplus;
mod test;
mod unclosed;
mod values;

use pest::Parser;
use pest::iterators::Pair;

use crate::diag::{Problem, Problems};
use crate::ir::ast::{Comment, File, Name};
use crate::ir::span::{FileId, Span, Spanned};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/sendoff.pest"]
struct Grammar;

/// Reads one file. The tree holds what could be read; with an error among the problems it is not the whole file.
pub fn parse(file: FileId, text: &str) -> (File, Problems) {
    let mut reader = Reader {
        file,
        text,
        problems: Problems::default(),
        blocks: Vec::new(),
        unread: Vec::new(),
        quotes: Vec::new(),
        torn: Vec::new(),
        headless: false,
        in_condition: false,
        told_to: 0,
    };
    if let Some(at) = depth::too_deep(text) {
        return (File::default(), error::unreadable(Span::new(file, at, at)).into());
    }
    let mut pairs = match Grammar::parse(Rule::file, text) {
        Ok(pairs) => pairs,
        Err(error) => return (File::default(), reader.too_deep(error).into()),
    };
    let comments = pairs.clone().flatten().filter(|pair| pair.as_rule() == Rule::COMMENT);
    let comments = comments.map(|pair| reader.comment(&pair)).collect();
    let items = pairs.next().map(|pair| reader.items(pair)).unwrap_or_default();
    reader.unclosed_blocks();
    reader.problems.sort();
    let torn = reader.tear();
    (File { items, comments, unread: reader.unread, torn }, reader.problems)
}

/// Walks the pairs of one file and collects what is wrong with them.
struct Reader<'t> {
    file: FileId,
    text: &'t str,
    problems: Problems,
    blocks: Vec<Bracketed>,
    unread: Vec<Name>,
    /// Quotes that nothing closes.
    quotes: Vec<Span>,
    /// Entries that were read in part.
    torn: Vec<Span>,
    /// A block lacks its `{`: what stands on the lines of it, up to the next item, is odd for no other reason.
    headless: bool,
    /// A condition goes on below the line of its `where`, which is told: so may further lines.
    in_condition: bool,
    /// Where a line ends of which enough was said.
    told_to: usize,
}

/// A block or list, from its opening bracket to where it ended: for telling which one lacks its closing bracket.
struct Bracketed {
    open: usize,
    end: usize,
    closed: bool,
}

impl<'t> Reader<'t> {
    /// Where a pair stands, without the blanks and comments that implicit skipping has added at its end.
    fn span(&self, pair: &Pair<'t, Rule>) -> Span {
        let start = pair.as_span().start();
        Span::new(self.file, start, trimmed_end(pair))
    }

    /// Where the line ends that a place stands on.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |len| at + len)
    }

    /// The condition of a `where` is on the next line.
    fn condition_below(&mut self, place: Span) {
        self.in_condition = true;
        self.told_to = self.line_end((self.line_end(place.end) + 1).min(self.text.len()));
        self.torn.push(place);
    }

    /// What is not to be judged: entries that were read in part, and what quotes that nothing closes have spoilt. Behind those,
    /// nothing more is said there.
    fn tear(&mut self) -> Vec<Span> {
        let quotes = std::mem::take(&mut self.quotes);
        let torn: Vec<Span> = quotes.iter().map(|quote| self.spoilt(*quote)).collect();
        self.problems.0.retain(|problem| {
            let place = problem.labels.first().map_or(0, |(span, _)| span.start);
            !quotes.iter().zip(&torn).any(|(quote, torn)| quote.start < place && place < torn.end)
        });
        torn.into_iter().chain(std::mem::take(&mut self.torn)).collect()
    }

    /// Text ends on its line, unless it has eaten brackets: then the blocks around it have come apart.
    fn spoilt(&self, quote: Span) -> Span {
        let stray = |problem: &Problem| {
            problem.code == "parse::stray_bracket"
                && problem.labels.first().is_some_and(|(span, _)| span.start > quote.start)
        };
        if self.problems.0.iter().any(stray) {
            return Span::new(self.file, 0, self.text.len());
        }
        let start = self.text[..quote.start].rfind('\n').map_or(0, |at| at + 1);
        Span::new(self.file, start, self.line_end(quote.end))
    }

    fn spanned(&self, pair: &Pair<'t, Rule>) -> Spanned<String> {
        Spanned::new(pair.as_str().to_string(), self.span(pair))
    }

    fn comment(&self, pair: &Pair<'t, Rule>) -> Comment {
        let span = Span::new(self.file, pair.as_span().start(), pair.as_span().end());
        let before = &self.text[..span.start];
        let line = &before[before.rfind(['\n', '\r']).map_or(0, |at| at + 1)..];
        Comment { span, text: pair.as_str().trim_end().to_string(), own_line: line.trim().is_empty() }
    }

    /// The grammar reads every text, so that only a stack that is nearly used up can end it early.
    fn too_deep(&self, error: pest::error::Error<Rule>) -> crate::diag::Problem {
        let at = match error.location {
            pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
        };
        error::unreadable(Span::new(self.file, at, at))
    }
}

fn trimmed_end(pair: &Pair<'_, Rule>) -> usize {
    let (start, mut end) = (pair.as_span().start(), pair.as_span().end());
    let text = pair.as_str();
    let mut inner = pair.clone().into_inner().rev();
    loop {
        end = start + text[..end - start].trim_end().len();
        match inner.next() {
            Some(last) if last.as_str().is_empty() => {}
            Some(last) if last.as_rule() == Rule::COMMENT && last.as_span().end() >= end => {
                end = last.as_span().start()
            }
            // What ends it may have a comment at its own end.
            Some(last) if last.as_span().end() >= end => return trimmed_end(&last),
            _ => return end,
        }
    }
}

fn children<'t>(pair: &Pair<'t, Rule>, rule: Rule) -> impl Iterator<Item = Pair<'t, Rule>> {
    pair.clone().into_inner().filter(move |inner| inner.as_rule() == rule)
}

fn child<'t>(pair: &Pair<'t, Rule>, rule: Rule) -> Option<Pair<'t, Rule>> {
    children(pair, rule).next()
}
