//! What is wrong with the text that no rule reads: the pieces of a mistake are looked at in turn, the most telling first.

use pest::iterators::Pair;

use super::entry::bad_entry;
use super::{Reader, Rule, error};
use crate::diag::{Problem, nearest};
use crate::ir::span::{Span, Spanned};

/// What kind of entries stood around the mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Model,
    Activation,
    Test,
    Table,
    Settings,
    Mappings,
    List,
}

pub(super) struct Piece<'t> {
    pub rule: Rule,
    pub text: &'t str,
    pub span: Span,
}

impl Piece<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(super) fn is_braced(&self) -> bool {
        self.rule == Rule::balanced && self.text.starts_with('{')
    }

    pub(super) fn is_word(&self) -> bool {
        self.rule == Rule::name
    }
}

impl<'t> Reader<'t> {
    /// An entry that cannot be read.
    pub(super) fn bad(&mut self, place: Place, before: Option<&Pair<'t, Rule>>, pair: &Pair<'t, Rule>) {
        let pieces = self.pieces(pair);
        let whole = self.span(pair);
        match place {
            // Who is named there is not unknown.
            Place::File => self.unread.extend(pieces.iter().skip(1).take(2).filter_map(head_name)),
            Place::Settings => self.unread.extend(meant_key(&pieces)),
            _ => self.unread.extend(pieces.first().and_then(|first| meant(place, first))),
        }
        let first = pieces.first().map_or("", |first| first.text);
        let mapping = || pieces.len() == 1 || pieces.iter().any(|piece| piece.rule == Rule::arrow || piece.is_braced());
        if self.headless && !error::known_words(place).contains(&first) && (place == Place::File || mapping()) {
            return;
        }
        if self.in_condition && error::goes_on(first) || whole.start < self.told_to {
            return;
        }
        self.in_condition = first == "where" || error::goes_on(first);
        if self.in_condition && place == Place::File || first.starts_with('{') {
            self.torn.extend(before.map(|before| self.span(before)));
        }
        if matches!(place, Place::Model | Place::Activation) {
            self.lost(whole);
        }
        self.headless &= place != Place::File;
        let problem = comment(&pieces).or_else(|| self.ill_opened(place, &pieces)).or_else(|| match place {
            Place::File => Some(bad_item(&pieces, whole)),
            Place::Model | Place::Activation | Place::Test => bad_entry(place, &pieces, whole),
            Place::Table => Some(error::bad_row(whole)),
            Place::Settings => Some(bad_setting(&pieces, whole, self.text)),
            Place::Mappings => Some(bad_mapping(&pieces, whole, self.text)),
            Place::List => Some(error::not_a_value(whole, pair.as_str())),
        });
        let opens = pieces.first().is_some_and(opens);
        self.headless |= problem
            .as_ref()
            .is_some_and(|problem| problem.code == error::NO_BLOCK || opens && problem.code == error::MALFORMED);
        // Which name it is that nothing has, nobody knows.
        let nameless = problem.as_ref().is_some_and(|problem| problem.code == error::NAME);
        self.unread.extend(nameless.then(|| Spanned::new(String::new(), whole)));
        self.problems.0.extend(problem);
    }

    fn ill_opened(&mut self, place: Place, pieces: &[Piece<'t>]) -> Option<Problem> {
        let told = match place {
            Place::Mappings => self.open_case(pieces),
            Place::File => self.wrong_open(pieces),
            _ => None,
        };
        told.or_else(|| self.unclosed(place, pieces))
    }

    pub(super) fn pieces(&self, pair: &Pair<'t, Rule>) -> Vec<Piece<'t>> {
        let inner = pair.clone().into_inner();
        inner.map(|piece| Piece { rule: piece.as_rule(), text: piece.as_str(), span: self.span(&piece) }).collect()
    }
}

/// A setting whose value cannot be read is given all the same; so is `project-key`.
fn meant_key(pieces: &[Piece<'_>]) -> Option<Spanned<String>> {
    let first = pieces.first().filter(|first| first.is_word())?;
    let key: String = pieces.iter().take_while(|piece| !piece.is("=")).map(|piece| piece.text).collect();
    let key = if key.contains('-') { key.replace('-', "_") } else { first.text.to_string() };
    Some(Spanned::new(key, first.span))
}

/// What the entry would have been: a misspelt one is there.
fn meant(place: Place, first: &Piece<'_>) -> Option<Spanned<String>> {
    let word = match place {
        Place::Mappings => return Some(Spanned::new(first.text.to_string(), first.span)),
        Place::Model | Place::Activation if first.is("file") => Some("from"),
        _ => error::ours(place, first.text).or_else(|| nearest(first.text, error::known_words(place).iter().copied())),
    };
    word.filter(|_| first.is_word()).map(|word| Spanned::new(word.to_string(), first.span))
}

/// A name in the head of an item that cannot be read, in quotes or without.
fn head_name(piece: &Piece<'_>) -> Option<Spanned<String>> {
    let name = piece.text.trim_matches(['"', '\'']);
    let is_name = piece.is_word() || name.len() < piece.text.len();
    is_name.then(|| Spanned::new(name.to_string(), piece.span))
}

pub(super) fn comment(pieces: &[Piece<'_>]) -> Option<Problem> {
    let first = pieces.first().filter(|first| first.rule == Rule::foreign_comment)?;
    Some(error::comment(first.span, first.text))
}

fn bad_item(pieces: &[Piece<'_>], whole: Span) -> Problem {
    let Some(first) = pieces.first() else { return error::no_item(whole, "") };
    if !first.is_word() {
        return error::no_item(first.span, first.text);
    }
    if !error::known_words(Place::File).contains(&first.text) {
        return error::unknown_item(first.span, first.text);
    }
    let head = |count: usize| first.span.to(pieces[count.min(pieces.len()) - 1].span);
    if let Some(sign) = pieces[1..].iter().take(2).find(|piece| piece.is(":") || piece.is("=")) {
        let is_due = sign.is("=") && matches!(first.text, "source" | "destination" | "segment" | "test");
        if !is_due {
            return error::item_sign(sign.span, first.text, sign.text);
        }
    }
    if let ("project", Some(name)) = (first.text, pieces.get(1).filter(|piece| piece.is_word())) {
        return error::named_project(name.span, name.text);
    }
    if let Some(number) = pieces.get(1).filter(|piece| piece.rule == Rule::loose_number) {
        return error::odd_name(number.span, &pieces[1..2]);
    }
    if let Some(kind) =
        pieces.get(3).filter(|piece| piece.rule == Rule::text && matches!(first.text, "source" | "destination"))
    {
        return error::quoted_kind(kind.span, kind.text);
    }
    if let Some(name) = odd_name(pieces) {
        return error::odd_name(name, &pieces[1..]);
    }
    let name = pieces.get(1).filter(|piece| piece.is_word());
    let connection = matches!(first.text, "source" | "destination");
    match (first.text, name) {
        ("project", _) => error::no_block(head(1), first.text),
        (_, None) => error::no_name(first, pieces.get(1)),
        ("segment" | "test", Some(_)) if !pieces.get(2).is_some_and(|piece| piece.is("of")) => {
            let other =
                pieces.get(2).filter(|piece| matches!(piece.text, "from" | "for" | "in" | "on" | "off" | "over"));
            other.map_or_else(
                || error::missing_word(head(2), "of", first.text),
                |other| error::word_due(other.span, other.text, "of"),
            )
        }
        ("segment", Some(_)) => error::missing_word(head(3), "NAME", first.text),
        ("test", Some(_)) if !pieces.get(3).is_some_and(|piece| piece.is_word()) => {
            error::missing_word(head(3), "ACTIVATION", first.text)
        }
        ("test", Some(_)) if !pieces.iter().any(|piece| piece.rule == Rule::open_brace) => {
            error::no_block(head(4), first.text)
        }
        (_, Some(_)) if connection && !pieces.get(2).is_some_and(|piece| piece.is("=")) => {
            error::missing_word(head(2), "=", first.text)
        }
        (_, Some(_)) if connection => error::missing_word(head(3), "KIND", first.text),
        (_, Some(_)) if pieces.iter().any(|piece| piece.rule == Rule::open_brace) => {
            error::unclosed_block(head(2), '{')
        }
        (_, Some(_)) => error::no_block(head(2), first.text),
    }
}

/// A name with a sign in it that no name has: `club-vips`.
fn odd_name(pieces: &[Piece<'_>]) -> Option<Span> {
    let [_, name, rest @ ..] = pieces else { return None };
    let mut end = name.span;
    for piece in rest.iter().take_while(|piece| !piece.is("=") && piece.rule != Rule::balanced) {
        if piece.span.start != end.end || piece.is("{") {
            break;
        }
        end = piece.span;
    }
    (name.is_word() && end != name.span).then(|| name.span.to(end))
}

fn bad_setting(pieces: &[Piece<'_>], whole: Span, text: &str) -> Problem {
    let Some(key) = pieces.first() else { return error::no_setting(whole, "") };
    if key.rule == Rule::single_quoted {
        return error::single_quotes(key.span, key.text);
    }
    if !key.is_word() && key.rule != Rule::text {
        return error::no_setting(key.span, key.text);
    }
    match (pieces.get(1), pieces.get(2)) {
        (None, _) => error::no_value(key.span, key.text),
        (Some(sign), None) if sign.is("=") => error::no_value(key.span.to(sign.span), key.text),
        (Some(sign), Some(value)) if sign.is("=") => {
            let in_pieces = value.is("$") || value.text.starts_with(error::is_bent);
            let written = if in_pieces { &text[value.span.start..whole.end] } else { value.text };
            error::not_a_value(value.span.to(whole_end(whole)), written)
        }
        (Some(sign), _) if sign.is(":") || sign.rule == Rule::arrow => {
            let equals = if sign.span.start == key.span.end { " =" } else { "=" };
            error::wrong_equals(sign.span, sign.text).mended(sign.span, equals)
        }
        (Some(dash), _) if dash.text.starts_with('-') && dash.span.start == key.span.end => {
            let end = pieces.iter().position(|piece| piece.is("=")).map_or(whole.end, |at| pieces[at - 1].span.end);
            error::dashed_key(Span { end, ..key.span }, text)
        }
        (Some(second), _) => error::no_equals(key.span.to(second.span), key.text),
    }
}

/// Whether a block of mappings or rows is due behind it.
pub(super) fn opens(first: &Piece<'_>) -> bool {
    matches!(first.text, "map" | "custom" | "identify" | "rows" | "before")
}

pub(super) fn whole_end(whole: Span) -> Span {
    Span { start: whole.end, ..whole }
}

fn bad_mapping(pieces: &[Piece<'_>], whole: Span, text: &str) -> Problem {
    let written = &text[whole.start..whole.end];
    if let Some(at) = pieces.iter().position(Piece::is_braced).filter(|at| *at > 0) {
        return behind_braces(&pieces[at..], whole);
    }
    let arrows: Vec<usize> = (0..pieces.len()).filter(|at| pieces[*at].rule == Rule::arrow).collect();
    match arrows[..] {
        [] => no_arrow(pieces, whole, written),
        [0, ..] => error::no_expression(pieces[0].span),
        [.., last] if last + 1 == pieces.len() => error::no_target(pieces[last].span),
        [at] if pieces[at + 1].rule == Rule::single_quoted => error::text_target(pieces[at + 1].span, written),
        [at] => match pieces[..at].iter().find(|piece| matches!(piece.text, ")" | "]")) {
            Some(bracket) => error::stray_bracket(bracket.span, bracket.text),
            None => error::quoted_name(pieces[at + 1].span.to(whole_end(whole)), text),
        },
        [first, ..] => error::json_arrow(pieces[first].span, written),
    }
}

/// Braces behind something, and then more: options too early, or another mapping.
fn behind_braces(pieces: &[Piece<'_>], whole: Span) -> Problem {
    match pieces {
        [options, arrow, ..] if arrow.rule == Rule::arrow => error::options_before(options.span),
        [_, next, ..] => error::no_comma(next.span.to(whole_end(whole))),
        [options] => error::options_alone(options.span),
        [] => error::no_target(whole),
    }
}

/// Other languages' arrows are named as such; without any, what was meant is shown with the arrow in place.
fn no_arrow(pieces: &[Piece<'_>], whole: Span, written: &str) -> Problem {
    let sign = pieces.windows(2).find(|pair| matches!(pair[0].text, "=" | "-") && pair[1].is(">"));
    if let Some([shaft, more]) = sign {
        let span = shaft.span.to(more.span);
        return error::wrong_arrow(span, &written[span.start - whole.start..span.end - whole.start]);
    }
    if let Some(sign) = pieces.iter().find(|piece| error::is_arrow(piece.text)) {
        return error::wrong_arrow(sign.span, sign.text);
    }
    match pieces {
        [field, less, minus, column] if less.is("<") && minus.is("-") => {
            error::no_arrow(whole, written, &format!("{} -> {}", column.text, field.text))
        }
        [.., before, alias, name]
            if alias.text.eq_ignore_ascii_case("as") && (name.is_word() || name.rule == Rule::text) =>
        {
            let expr = &written[..before.span.end - whole.start];
            error::no_arrow(whole, written, &format!("{expr} -> {}", name.text))
        }
        [case, name] if case.rule == Rule::whole_case && name.is_word() => error::no_arrow_behind(name.span, name.text),
        [.., call, sign, name] if name.is_word() && call.text.ends_with(')') && matches!(sign.text, ":" | "=") => {
            let arrow = if sign.span.start == call.span.end { " ->" } else { "->" };
            error::wrong_arrow(sign.span, sign.text).mended(sign.span, arrow)
        }
        [star] if star.is("*") => error::all_columns(star.span),
        [_, options] if options.text.starts_with('[') && options.text.contains('=') => {
            error::wrong_open(options.span.part(0, 1), "[")
        }
        [field, sign, call, .., last] if sign.is("=") && call.is_word() && last.text.starts_with('(') => {
            let expr = written[sign.span.end - whole.start..].trim();
            error::no_arrow(whole, written, &format!("{expr} -> {}", field.text))
        }
        [field, colon, _, _, ..] if colon.is(":") => {
            let expr = written[colon.span.end - whole.start..].trim();
            error::no_arrow(whole, written, &format!("{expr} -> {}", field.text))
        }
        [column, .., option, sign, value] if sign.is("=") && option.is_word() && column.span != option.span => {
            error::no_arrow(whole, written, &format!("{} {{ {} = {} }}", column.text, option.text, value.text))
        }
        [_, sign, _] if matches!(sign.text, "=" | ":") => error::wrong_arrow(sign.span, sign.text),
        [column, name] if column.is_word() && name.is_word() => {
            error::no_arrow(whole, written, &format!("{} -> {}", column.text, name.text))
        }
        [.., before, name] if name.is_word() && before.text.ends_with([')', ']', '\'']) => {
            let expr = &written[..name.span.start - whole.start];
            error::no_arrow(whole, written, &format!("{} -> {}", expr.trim_end(), name.text))
        }
        _ => error::no_arrow(whole, written, &format!("{written} -> FIELD")),
    }
}
