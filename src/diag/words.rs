//! Words that are alike, and lists of them.

use std::fmt;

/// "did you mean `x`?" when a known word is near, else the list of known words when it is short.
pub fn suggestion<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(wrong, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.len() {
        0 => None,
        1..=12 => Some(format!("known here: {}", list(&known))),
        _ => None,
    }
}

/// The known word most like the wrong one, when it is alike enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(wrong);
    // Of a short word one slip is already a third.
    let enough = if folded.chars().count() <= 4 { 0.66 } else { 0.74 };
    known
        .into_iter()
        .map(|word| (fold(word), word))
        // A word of more than twice as many letters is no slip, unless the wrong one cuts it short.
        .filter(|(known, _)| known.chars().count() <= 2 * folded.chars().count() || known.starts_with(&folded))
        .map(|(known, word)| (score(&folded, &known), word))
        .filter(|(score, _)| *score >= enough)
        // Of equals the first: a name comes before its label.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, word)| word)
}

/// The one known word that is a slip of the finger away: of hundreds, some are alike by chance.
pub fn slip<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = if wrong.chars().count() < 8 { 1 } else { 2 };
    let away = known.into_iter().map(|word| (strsim::damerau_levenshtein(wrong, word), word));
    let mut near: Vec<(usize, &str)> = away.filter(|(slips, _)| *slips <= most).collect();
    near.sort_unstable();
    match near[..] {
        [(_, word)] => Some(word),
        [(first, word), (second, _), ..] if first < second => Some(word),
        _ => None,
    }
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn score(wrong: &str, word: &str) -> f64 {
    if wrong == word {
        1.0
    } else {
        strsim::jaro_winkler(wrong, word).max(strsim::normalized_damerau_levenshtein(wrong, word))
    }
}

/// "`a`, `b` and `c`"
pub fn list<T: fmt::Display>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", head.join(", "))
        }
    }
}
