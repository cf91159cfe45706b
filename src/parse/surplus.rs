//! What follows a whole entry on its line.

use pest::iterators::Pair;

use super::recover::{Piece, Place, comment};
use super::{Reader, Rule, child, error};
use crate::diag::{Problem, nearest};
use crate::ir::span::{Span, Spanned};

impl<'t> Reader<'t> {
    /// What follows a whole entry on its line. Says whether the entry is another one than it seems.
    pub(super) fn surplus(&mut self, place: Place, before: Option<&Pair<'t, Rule>>, pair: &Pair<'t, Rule>) -> bool {
        if self.headless || self.span(pair).start < self.told_to {
            return false;
        }
        let pieces = self.pieces(pair);
        let whole = self.span(pair);
        let entry = before.map_or(Span { end: whole.start, ..whole }, |before| self.span(before));
        let told =
            self.semicolon(&pieces).or_else(|| comment(&pieces)).or_else(|| self.opened_by(place, &pieces, entry));
        let told = told.or_else(|| self.unclosed(place, &pieces));
        let problem = told.unwrap_or_else(|| match place {
            Place::Mappings => {
                let arrow = before.and_then(|before| child(before, Rule::arrow)).map(|arrow| self.span(&arrow));
                self.surplus_mapping(&pieces, entry, arrow, whole)
            }
            Place::Settings | Place::List => self.surplus_value(&pieces, entry, whole),
            Place::File | Place::Model | Place::Activation | Place::Test | Place::Table => {
                self.surplus_entry(place, &pieces, entry, whole)
            }
        });
        if problem.code == error::WHERE && pieces.len() == 1 {
            self.condition_below(entry);
        }
        if matches!(place, Place::Model | Place::Activation) && problem.code != error::COMMENT {
            self.lost(whole);
        }
        let mistaken = self.mistaken(place, &problem, entry, whole);
        self.problems.push(problem);
        mistaken
    }

    /// What it parts can be entries, or an entry and a comment: of the rest of the line, nothing more is said.
    fn semicolon(&mut self, pieces: &[Piece<'t>]) -> Option<Problem> {
        let sign = pieces.first().filter(|first| first.rule == Rule::semicolon)?.span;
        let end = self.line_end(sign.end);
        let line = self.text[sign.end..end].trim_start();
        if line.is_empty() || line.starts_with(['#', '}']) {
            return Some(error::semicolon(sign));
        }
        self.told_to = end;
        Some(error::semicolon_between(sign))
    }

    /// `destination crm = batch (`, over several lines, up to a bracket of either kind.
    fn opened_by(&mut self, place: Place, pieces: &[Piece<'t>], entry: Span) -> Option<Problem> {
        let open = pieces.first().filter(|first| place == Place::File && first.rule == Rule::open_bracket)?;
        let head = self.text[entry.start..entry.end].starts_with(['s', 'd']);
        let over_lines = open.text.trim_end().len() == 1;
        (head && over_lines).then(|| {
            self.headless = true;
            error::wrong_open(open.span.part(0, 1), &open.text[..1])
        })
    }

    /// Whether the entry is another one than it seems, or only a part of one: what it lacks or has wrong is not to be told then.
    fn mistaken(&mut self, place: Place, problem: &Problem, entry: Span, whole: Span) -> bool {
        let word =
            self.text[entry.start..entry.end].split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
        let other = match place {
            Place::Model | Place::Activation if problem.code == error::INPUT_FORM => Some("from"),
            Place::Model | Place::Activation if matches!(word, "key" | "mode" | "to") => Some(word),
            Place::Test if word == "expect" && problem.code == error::LEFT_OVER => Some(word),
            Place::Settings if entry.end == whole.start => Some(word),
            _ => None,
        };
        if let Some(other) = other {
            self.unread.push(Spanned::new(other.into(), entry));
            return true;
        }
        let in_part = match place {
            _ if problem.code == error::COMMENT => false,
            Place::File => matches!(word, "source" | "destination" | "segment"),
            Place::Model | Place::Activation => word == "from",
            Place::Mappings => true,
            Place::Test | Place::Table | Place::Settings | Place::List => false,
        };
        self.torn.extend(in_part.then(|| entry.to(whole)));
        false
    }

    fn surplus_mapping(&self, pieces: &[Piece<'t>], entry: Span, arrow: Option<Span>, whole: Span) -> Problem {
        let full = entry.to(whole);
        let first_arrow = pieces.iter().position(|piece| piece.rule == Rule::arrow);
        if first_arrow == Some(0) {
            return error::json_arrow(arrow.unwrap_or(full), &self.text[full.start..full.end]);
        }
        if entry.end == whole.start {
            return error::quoted_name(self.run(entry, whole), self.text);
        }
        if first_arrow.is_none() && arrow.is_some() {
            return error::after_target(whole, &self.text[whole.start..whole.end]);
        }
        error::no_comma(whole)
    }

    fn surplus_value(&self, pieces: &[Piece<'t>], entry: Span, whole: Span) -> Problem {
        if entry.end == whole.start {
            return error::quoted_text(self.run(entry, whole), self.text);
        }
        match pieces {
            [_, second, ..] if second.is("=") || second.is_braced() => error::no_comma(whole),
            [one] if one.rule == Rule::text => error::no_comma(whole),
            _ => error::after_value(whole, &self.text[whole.start..whole.end]),
        }
    }

    fn surplus_entry(&self, place: Place, pieces: &[Piece<'t>], entry: Span, whole: Span) -> Problem {
        let written = &self.text[entry.start..entry.end];
        let keyword = written.split_whitespace().next().unwrap_or_default();
        if keyword == "from" && written.contains(" where ") && pieces.iter().any(Piece::is_braced) {
            return error::options_behind(whole);
        }
        let all = entry.to(whole);
        let rest = self.text[entry.start + keyword.len()..whole.end].trim();
        let odd = match keyword {
            "mode" | "to" if !pieces.iter().any(Piece::is_braced) => error::plain_form(keyword, rest, all),
            "key" if place != Place::Test && entry.end == whole.start => Some(error::key_expression(all, rest)),
            "segment" => self.surplus_condition(pieces),
            "from" => self.surplus_input(pieces, entry, whole),
            "source" | "destination" => self.surplus_kind(pieces, entry, whole),
            "expect" => match written.split_whitespace().collect::<Vec<_>>()[..] {
                [_, word] => Some(error::after_expected(word, whole, &self.text[whole.start..whole.end])),
                _ => None,
            },
            _ => None,
        };
        odd.unwrap_or_else(|| match pieces.first() {
            Some(first) if first.is("where") && pieces.iter().any(Piece::is_braced) => error::options_behind(whole),
            Some(first) if first.is("where") && matches!(keyword, "from" | "segment") => {
                error::no_condition(first.span)
            }
            Some(first) if error::known_words(place).contains(&first.text) => error::no_comma(whole),
            _ => error::left_over(whole, &self.text[whole.start..whole.end], keyword),
        })
    }

    /// Another word where a segment's `where` is due.
    fn surplus_condition(&self, pieces: &[Piece<'t>]) -> Option<Problem> {
        let first = pieces.first().filter(|first| matches!(first.text, "when" | "if" | "filter" | "having"))?;
        Some(error::misspelt_input(first.span, first.text, "where"))
    }

    /// Behind `from NAME`, or what looks like one.
    fn surplus_input(&self, pieces: &[Piece<'t>], entry: Span, whole: Span) -> Option<Problem> {
        let first = pieces.first()?;
        if let Some(text) = pieces.iter().take(2).find(|piece| piece.rule == Rule::single_quoted) {
            return Some(error::single_quotes(text.span, text.text));
        }
        let name = self.text[entry.start..entry.end].split_whitespace().nth(1)?;
        let place = Span { start: entry.end - name.len().min(entry.end), ..entry };
        if let ("segment" | "model", [name]) = (name, pieces) {
            return Some(error::kind_before(place.to(name.span), name.text));
        }
        if let (true, Some(path)) = (first.is("file"), pieces.get(1)) {
            return Some(error::sql_file(whole, name, path.text));
        }
        if let (true, Some(query)) = (first.is("query"), pieces.get(1)) {
            return Some(error::misspelt_input(first.span, first.text, if query.is_word() { "table" } else { "sql" }));
        }
        let due = match first.text {
            "if" | "filter" | "having" | "when" => Some("where"),
            "sql_file" | "sqlfile" => Some("sql file"),
            word => nearest(word, ["table", "sql", "where"]),
        };
        if let Some(due) = due.filter(|due| first.is_word() && !first.is(due)) {
            return Some(error::misspelt_input(first.span, first.text, due));
        }
        match first.rule {
            _ if first.is("sql") || first.is("table") => Some(error::input_form(first.span, first.text)),
            Rule::text | Rule::triple_text => Some(error::input_word(place, name, first.text)),
            Rule::sign if first.span.start == entry.end => {
                let run = self.run(entry, whole);
                let text = &self.text[run.start..run.end];
                let words =
                    text.split_once('.').filter(|(_, word)| matches!(*word, "sql" | "table") && pieces.len() > 2);
                Some(match words {
                    Some((source, word)) => error::input_with_dot(run, source, word),
                    None => error::bare_input(run, text),
                })
            }
            _ => None,
        }
    }

    /// Behind `destination NAME = KIND`.
    fn surplus_kind(&self, pieces: &[Piece<'t>], entry: Span, whole: Span) -> Option<Problem> {
        let first = pieces.first()?;
        if first.text.starts_with('(') {
            return Some(error::settings_in_parentheses(first.span, &self.text[entry.start..entry.end]));
        }
        if first.span.start != entry.end {
            return None;
        }
        let run = self.run(entry, whole);
        Some(error::odd_kind(run, &self.text[run.start..run.end]))
    }

    /// The unbroken run of signs that goes over the end of the entry.
    fn run(&self, entry: Span, whole: Span) -> Span {
        let before = self.text[entry.start..entry.end].rfind(char::is_whitespace).map_or(entry.start, |at| {
            entry.start + at + self.text[entry.start + at..].chars().next().map_or(1, char::len_utf8)
        });
        let rest = &self.text[whole.start..whole.end];
        let len = rest.find(|c: char| c.is_whitespace() || ",]".contains(c)).unwrap_or(rest.len());
        Span { start: before, end: whole.start + len, ..whole }
    }
}
