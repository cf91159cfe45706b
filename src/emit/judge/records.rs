//! What an answer says of each record: complaints tied to their records, worst first; then what silence means.

use std::collections::HashMap;

use super::{EXCERPT, ItemRule, Judge, holds, id_of, reason_of, text_of, told};
use crate::emit::fields::Fields;
use crate::ir::catalog::{Reader, RecordVerdict};
use crate::ir::mode::Verdict;
use crate::ir::secret::{Redactor, cut};
use crate::template::{Datum, Engine, Scope, Text};

/// A verdict on one record of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub is: RecordVerdict,
    pub reason: Option<String>,
    pub remote_id: Option<String>,
    /// Positions of mapped fields that were refused alone.
    pub refused: Vec<usize>,
}

impl Judged {
    pub fn of(verdict: Verdict, reason: Option<String>) -> Judged {
        Judged { is: RecordVerdict::Is(verdict), reason, remote_id: None, refused: Vec::new() }
    }

    /// Accepted, with something to say.
    pub fn warning(reason: Option<String>) -> Judged {
        Judged { is: RecordVerdict::Warning, ..Judged::of(Verdict::Accepted, reason) }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One for each record, in the order sent.
    Records(Vec<Judged>),
    /// Nothing of this activation can go through.
    Stop(String),
}

/// The records of a request, in the order sent, by what an answer may name them.
#[derive(Clone, Debug, Default)]
pub struct Sent<'a> {
    pub identifiers: Vec<&'a str>,
    pub remote_ids: Vec<Option<&'a str>>,
}

#[derive(Clone, Debug)]
pub(super) enum Reads {
    Each {
        each: Text,
        index: Option<Text>,
        key: Option<Text>,
        remote_id: Option<Text>,
        fold_case: bool,
        rules: Vec<ItemRule>,
    },
    Others {
        is: RecordVerdict,
        reason: Option<Text>,
    },
}

impl Reads {
    pub(super) fn new(engine: Engine, reader: &Reader) -> Result<Reads, String> {
        let optional = |text: &Option<_>| text.as_ref().map(|text| text_of(engine, text)).transpose();
        Ok(match reader {
            Reader::Each { each, matching, rules } => Reads::Each {
                each: text_of(engine, each)?,
                index: optional(&matching.index)?,
                key: optional(&matching.key)?,
                remote_id: optional(&matching.remote_id)?,
                fold_case: matching.fold_case,
                rules: rules.iter().map(|rule| ItemRule::new(engine, rule)).collect::<Result<_, _>>()?,
            },
            Reader::Others { is, reason } => Reads::Others { is: *is, reason: optional(reason)? },
        })
    }
}

impl Judge {
    /// Judges the records of a request by the names they were sent with.
    pub fn records(&self, scope: &Scope, sent: &Sent<'_>, fields: &Fields) -> Reading {
        let slots = vec![None; sent.identifiers.len()];
        let mut sheet = Sheet { slots, stray: None, stray_warning: None, sent, fields, redactor: &self.redactor };
        for reader in &self.readers {
            let Reads::Each { each, index, key, remote_id, fold_case, rules } = reader else { continue };
            let (index, key, remote_id) = (index.as_ref(), key.as_ref(), remote_id.as_ref());
            let matching = Matching { index, key, remote_id, fold_case: *fold_case };
            let read = items(each, scope).and_then(|items| sheet.read(scope, items, matching, rules));
            match read {
                Ok(None) => {}
                Ok(Some(reason)) => return Reading::Stop(reason),
                Err(error) => sheet.stray = Some(format!("the answer cannot be read: {error}")),
            }
        }
        Reading::Records(sheet.fill(self.silence(scope)))
    }

    /// What holds for records the answer does not speak of.
    fn silence(&self, scope: &Scope) -> Judged {
        let others = self.readers.iter().find_map(|reader| match reader {
            Reads::Others { is, reason } => {
                Some((*is, reason.as_ref().and_then(|reason| reason_of(reason, scope, &self.redactor))))
            }
            Reads::Each { .. } => None,
        });
        let none = || match self.readers.is_empty() {
            true => (RecordVerdict::Is(Verdict::Accepted), None),
            false => (RecordVerdict::Is(Verdict::Failed), Some("the answer does not speak of this record".to_string())),
        };
        let (is, reason) = others.unwrap_or_else(none);
        if accepts(is) && !holds(self.holds.as_ref(), scope) {
            let reason = "the answer does not account for every record, so silence is not taken for success";
            return Judged::of(Verdict::Failed, Some(reason.to_string()));
        }
        Judged { is, ..Judged::of(Verdict::Accepted, reason) }
    }
}

fn items(each: &Text, scope: &Scope) -> Result<Vec<Datum>, String> {
    let expression = each.expression().ok_or("`each` is not one expression")?;
    expression.items(scope).map_err(|error| error.to_string())
}

#[derive(Clone, Copy)]
struct Matching<'a> {
    index: Option<&'a Text>,
    key: Option<&'a Text>,
    remote_id: Option<&'a Text>,
    fold_case: bool,
}

/// Positions of the records by what items may call them.
struct Known {
    by_key: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
}

/// The records of one request while their answer is read.
struct Sheet<'a> {
    slots: Vec<Option<Judged>>,
    /// A complaint that matched no record.
    stray: Option<String>,
    stray_warning: Option<String>,
    sent: &'a Sent<'a>,
    fields: &'a Fields,
    redactor: &'a Redactor,
}

impl Sheet<'_> {
    /// Reads the items of one reader; `Some` is the reason of a stop.
    fn read(
        &mut self,
        scope: &Scope,
        items: Vec<Datum>,
        matching: Matching<'_>,
        rules: &[ItemRule],
    ) -> Result<Option<String>, String> {
        if items.is_empty() {
            return Ok(None);
        }
        let known = self.known(matching);
        for item in items {
            let scope = scope.with_datum("item", item);
            let judged = self.judge(&scope, rules);
            if judged.is == RecordVerdict::Stop {
                return Ok(Some(judged.reason.unwrap_or_else(|| "the destination refuses the activation".to_string())));
            }
            match self.find(&scope, matching, &known) {
                Some(position) => add(&mut self.slots[position], judged),
                None => self.astray(judged),
            }
        }
        Ok(None)
    }

    fn judge(&self, scope: &Scope, rules: &[ItemRule]) -> Judged {
        let Some(rule) = rules.iter().find(|rule| holds(rule.when.as_ref(), scope)) else {
            return Judged::of(Verdict::Failed, Some("the answer says something that no rule reads".to_string()));
        };
        let field = rule.field.as_ref().and_then(|field| told(field, scope));
        Judged {
            is: rule.is,
            reason: rule.reason.as_ref().and_then(|reason| reason_of(reason, scope, self.redactor)),
            remote_id: rule.remote_id.as_ref().and_then(|text| id_of(text, scope, self.redactor)),
            refused: field.and_then(|field| self.fields.named(&field)).into_iter().collect(),
        }
    }

    fn known(&self, matching: Matching<'_>) -> Known {
        let keys = self.sent.identifiers.iter().enumerate().filter(|_| matching.key.is_some());
        let ids = self.sent.remote_ids.iter().enumerate().filter(|_| matching.remote_id.is_some());
        Known {
            by_key: keys.map(|(position, text)| (folded(text, matching.fold_case), position)).collect(),
            by_id: ids.filter_map(|(position, id)| Some(((*id)?.to_string(), position))).collect(),
        }
    }

    fn find(&self, scope: &Scope, matching: Matching<'_>, known: &Known) -> Option<usize> {
        let index = matching.index.and_then(|index| super::number(index, scope));
        let by_index = index.filter(|index| *index >= 0.0).map(|index| index as usize);
        let by_key = || known.by_key.get(&folded(&told(matching.key?, scope)?, matching.fold_case)).copied();
        let by_id = || known.by_id.get(&told(matching.remote_id?, scope)?).copied();
        by_index.filter(|index| *index < self.slots.len()).or_else(by_key).or_else(by_id)
    }

    /// A complaint without a record: someone was refused, and nobody can say who.
    fn astray(&mut self, judged: Judged) {
        let reason = judged.reason.unwrap_or_else(|| super::verdict_name(judged.is).to_string());
        match judged.is {
            RecordVerdict::Warning => self.stray_warning = Some(reason),
            is if accepts(is) => {}
            _ => self.stray = Some(format!("the answer complains of a record it does not name: {reason}")),
        }
    }

    fn fill(self, silence: Judged) -> Vec<Judged> {
        let silence = match (self.stray, self.stray_warning) {
            (Some(reason), _) if accepts(silence.is) => Judged::of(Verdict::Failed, Some(reason)),
            (None, Some(reason)) if accepts(silence.is) => {
                let reason = format!("the answer warns of a record it does not name: {reason}");
                Judged::warning(Some(reason))
            }
            _ => silence,
        };
        self.slots.into_iter().map(|slot| slot.unwrap_or_else(|| silence.clone())).collect()
    }
}

fn accepts(is: RecordVerdict) -> bool {
    matches!(is, RecordVerdict::Is(Verdict::Accepted | Verdict::Found | Verdict::Exists) | RecordVerdict::Warning)
}

fn folded(text: &str, fold: bool) -> String {
    if fold { text.to_lowercase() } else { text.to_string() }
}

/// Several items may speak of one record: the worst counts, and their reasons add up, as far as one reason may go.
fn add(slot: &mut Option<Judged>, new: Judged) {
    let Some(old) = slot else {
        *slot = Some(new);
        return;
    };
    if rank(new.is) > rank(old.is) {
        old.is = new.is;
    }
    old.reason = match (old.reason.take(), new.reason) {
        (Some(old), Some(new)) if !old.contains(&new) => Some(cut(format!("{old}; {new}"), EXCERPT)),
        (old, new) => old.or(new),
    };
    old.remote_id = old.remote_id.take().or(new.remote_id);
    old.refused.extend(new.refused);
    old.refused.sort_unstable();
    old.refused.dedup();
}

fn rank(is: RecordVerdict) -> u8 {
    match is {
        RecordVerdict::Is(Verdict::Accepted) => 0,
        RecordVerdict::Warning => 1,
        RecordVerdict::Is(Verdict::Found) => 2,
        RecordVerdict::Is(Verdict::Exists) => 3,
        RecordVerdict::Is(Verdict::Pending) => 4,
        RecordVerdict::Is(Verdict::Absent) => 5,
        RecordVerdict::Retry => 6,
        RecordVerdict::Is(Verdict::Rejected) => 7,
        RecordVerdict::Is(Verdict::Failed) => 8,
        RecordVerdict::Is(Verdict::Unclear) => 9,
        RecordVerdict::Stop => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_items_counts_and_reasons_add_up() {
        let item = |is, reason: &str, field| Judged {
            is,
            refused: vec![field],
            ..Judged::of(Verdict::Accepted, Some(reason.into()))
        };
        let mut slot = None;
        add(&mut slot, item(RecordVerdict::Warning, "too long", 3));
        add(&mut slot, item(RecordVerdict::Is(Verdict::Rejected), "no such country", 1));
        add(&mut slot, item(RecordVerdict::Warning, "too long", 3));
        let expected = Judged {
            is: RecordVerdict::Is(Verdict::Rejected),
            reason: Some("too long; no such country".to_string()),
            remote_id: None,
            refused: vec![1, 3],
        };
        assert_eq!(slot, Some(expected));
        let long = |letter: &str| item(RecordVerdict::Warning, &letter.repeat(EXCERPT), 3);
        (0..100).for_each(|at| add(&mut slot, long(&char::from(b'!' + at).to_string())));
        let reason = slot.and_then(|slot| slot.reason).unwrap_or_default();
        assert!(reason.starts_with("too long; no such country; !!!") && reason.ends_with("..."), "{reason}");
        assert_eq!(reason.chars().count(), EXCERPT + 3);
    }
}
