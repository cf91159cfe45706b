//! What has to hold, in a storm and after it.

use std::collections::{BTreeMap, BTreeSet};

use sendoff::ir::mode::Mode;
use sendoff::sandbox::Holdings;

use super::storm::{PEOPLE, Storm};
use crate::compare::{differences, shows};
use crate::people::{self, Person};
use crate::pipeline::TELLING;
use crate::play::Played;
use crate::service::Word;
use crate::wanted::{self, Memory, Wanted, identifier};

impl Storm {
    /// Whatever happens, at every moment.
    pub fn always(&mut self) -> Played {
        let held = self.held();
        self.nothing_older(&held)?;
        self.nobody_created(&held)?;
        self.fired_once(&held)
    }

    fn held(&self) -> Holdings {
        self.stage.remote(|remote| remote.holdings())
    }

    fn id(&self, number: usize) -> String {
        let column = &self.case.identify()[0].written.column;
        identifier(&Person::new(number), column).unwrap_or_default()
    }

    /// Something may never be done twice.
    fn fires(&self) -> bool {
        self.case.mode == Mode::Insert || !self.case.can(Word::Repeat)
    }

    /// No field goes back to a value that it had before.
    fn nothing_older(&mut self, held: &Holdings) -> Played {
        let name = self.case.identify()[0].target.clone();
        for (number, newest) in self.ages.clone() {
            let id = self.id(number);
            let Some(contact) = held.contacts.iter().find(|contact| contact.identifiers.get(&name) == Some(&id)) else {
                continue;
            };
            for field in self.case.fields() {
                // Values of other columns come round again.
                if !TELLING.contains(&field.written.column.as_str()) {
                    continue;
                }
                let Some(value) = contact.fields.get(&field.name()) else { continue };
                let fits = |age: &usize| {
                    wanted::shown(&Person::aged(number, *age), &field).is_some_and(|wanted| shows(&wanted, value))
                };
                let Some(age) = (0..=newest).rev().find(fits) else { continue };
                let seen = self.seen.entry((number, field.name())).or_insert(0);
                if age < *seen {
                    return Err(format!("{id} {}: an older value over a newer one", field.name()));
                }
                *seen = age;
            }
        }
        Ok(())
    }

    fn nobody_created(&self, held: &Holdings) -> Played {
        if self.case.mode.creates() && self.case.service.event.is_none() {
            return Ok(());
        }
        let count = |holdings: &Holdings| holdings.contacts.iter().filter(|contact| !contact.unsubscribed).count();
        match count(held) == count(&self.before) {
            true => Ok(()),
            false => Err("somebody was created, or is gone".into()),
        }
    }

    /// Nobody meets the same event twice in a row.
    fn fired_once(&self, held: &Holdings) -> Played {
        let mut last = BTreeMap::new();
        for event in &held.events {
            if last.insert(&event.contact, &event.name) == Some(&event.name) {
                return Err(format!("{}: `{}` happened twice", event.contact, event.name));
            }
        }
        Ok(())
    }

    /// Of people who left nobody can say what the vendor should hold: they may have left before they were delivered. Nor of
    /// those whom something may have happened to that may not happen twice; they are listed.
    pub fn desired(&self) -> Played {
        let unclear: BTreeSet<String> =
            if self.fires() { self.unclear()?.into_iter().collect() } else { BTreeSet::new() };
        if self.case.mode == Mode::Insert {
            return self.inserted(&unclear);
        }
        let gone = |number: &&usize| !self.source.contains_key(number);
        let left = !self.case.mode.is_set() || self.case.service.left.is_some();
        let gone = self.ages.keys().filter(gone).filter(|_| left).map(|number| self.id(*number));
        let apart: BTreeSet<String> = gone.chain(unclear).collect();
        let mut wanted = Wanted::default();
        if !matches!(self.case.mode, Mode::Upsert | Mode::Mirror) {
            wanted.meet(&self.case, &people::people(PEOPLE));
        }
        wanted.run(&self.case, &self.turns, &mut Memory::default(), &self.people(), &[]);
        let mut held = self.held();
        held.events.clear();
        wanted.contacts.retain(|id, _| !apart.contains(id));
        let name = &self.case.identify()[0].target;
        held.contacts.retain(|contact| contact.identifiers.get(name).is_none_or(|id| !apart.contains(id)));
        differences(&self.case, &wanted, &held, &self.before)
    }

    /// Everybody who is there was told, or is listed as one who may have been.
    fn inserted(&self, unclear: &BTreeSet<String>) -> Played {
        let held = self.held();
        let name = &self.case.identify()[0].target;
        let there: BTreeSet<&String> = match self.case.service.event {
            Some(_) => held.events.iter().map(|event| &event.contact).collect(),
            None => held.contacts.iter().filter_map(|contact| contact.identifiers.get(name)).collect(),
        };
        let missed = self.source.keys().find(|number| {
            let person = Person::new(**number);
            !there.contains(&self.id(**number)) && !unclear.contains(person.key())
        });
        match missed {
            None => Ok(()),
            Some(number) => Err(format!("{}: lost, and not listed as unclear", self.id(*number))),
        }
    }

    pub fn silent_since(&self, mark: usize) -> Played {
        let reads = |path: &str| self.case.service.reads.iter().any(|part| path.contains(part.as_str()));
        let received = self.stage.remote(|remote| remote.received(mark));
        match received.iter().find(|one| one.method != "GET" && !reads(&one.path)) {
            None => Ok(()),
            Some(one) => {
                Err(format!("nothing should be sent any more, but: {} {} {:?}", one.method, one.path, one.body))
            }
        }
    }

    /// Limits were kept, but for what comes closer on its way than it left; and no request was one that a client who knows the
    /// vendor does not make.
    pub fn well_behaved(&self) -> Played {
        let spoilt: BTreeSet<usize> = self.stage.spoilt().into_iter().collect();
        let received = self.stage.remote(|remote| remote.received(0));
        let own = received.iter().enumerate().filter(|(at, _)| !spoilt.contains(at)).map(|(_, one)| one);
        if let Some(one) = own.clone().find(|one| one.unexpected && !(self.untimely && one.status == 401)) {
            return Err(format!(
                "nobody who knows the vendor asks so: {} {}?{} -> {}: {:?}",
                one.method, one.path, one.query, one.status, one.body
            ));
        }
        let too_fast = own.filter(|one| one.status == 429).count();
        match too_fast > 1 + received.len() / 20 {
            true => Err(format!("{too_fast} of {} requests were too fast", received.len())),
            false => Ok(()),
        }
    }
}
