//! What must exist before the first row: found in one of the account's listings, else created.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::ask::{Asker, Desk, compiled, refused};
use super::call;
use super::pace::{Limiter, Limiters};
use super::program::{self, Prepared, Setup};
use super::{Journal, StopSignal};
use crate::ir::catalog::{Answer, Condition, CustomType, Template};
use crate::ir::delivery::Halt;
use crate::ir::estimate::Span;
use crate::ir::ident::CallName;
use crate::ir::plan::PlannedField;
use crate::ir::secret::Redactor;
use crate::template::{Datum, Engine, Scope};
use crate::world::World;

/// What preparation came to.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    pub prepared: Prepared,
    /// What was created, or would be, as a person calls it.
    pub created: Vec<String>,
    /// Not looked at: a plan may not make the calls it takes.
    pub unseen: Vec<String>,
    /// Requests that a run's preparation takes, by call.
    pub asked: Vec<Asked>,
}

/// Requests of one call.
#[derive(Clone, Debug)]
pub struct Asked {
    pub call: CallName,
    pub method: String,
    pub endpoint: String,
    pub requests: Span<u64>,
    pub limiters: Vec<Arc<Limiter>>,
}

/// How far preparation may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Make no call.
    Offline,
    /// Make the calls that a plan may make, and create nothing.
    Look,
    Create,
}

/// Finds or creates what the definition wants. Comes after the guards and before the first row.
pub async fn prepare(
    setup: &Setup<'_>,
    limiters: &Limiters,
    redactor: Redactor,
    world: &dyn World,
    journal: &Journal,
    stop: &StopSignal,
    depth: Depth,
) -> Result<Preparation, Halt> {
    let desk = Desk::new(setup, limiters, redactor)?;
    let scope = desk.scope.clone();
    let mut preparer = Preparer {
        asker: desk.asker(world, journal, stop),
        scope: match setup.identifiers.is_empty() {
            true => scope,
            false => scope.with("identifier", &program::identifier_facts(setup, 0)),
        },
        depth,
        listings: BTreeMap::new(),
        pages: BTreeMap::new(),
        made: Preparation::default(),
    };
    let (things, attributes) = (preparer.things()?, preparer.attributes());
    preparer.look(things.iter().chain(&attributes).map(|(_, want)| want)).await?;
    for (name, want) in things {
        let found = preparer.ensure(want).await?;
        preparer.made.prepared.things.insert(name, Json::Object(found));
    }
    for (name, want) in attributes {
        let id = attribute_id(&name, &preparer.ensure(want).await?);
        preparer.made.prepared.known.insert(name, id);
    }
    let mut made = preparer.made;
    made.prepared.requests = desk.delivery.requests();
    Ok(made)
}

struct Preparer<'a> {
    asker: Asker<'a>,
    scope: Scope,
    depth: Depth,
    listings: BTreeMap<CallName, Vec<Datum>>,
    /// Requests that reading a listing took.
    pages: BTreeMap<CallName, u64>,
    made: Preparation,
}

/// One thing wanted: where it would be found, and how it is made.
struct Want<'a> {
    /// As a person calls it.
    label: String,
    scope: Scope,
    listing: &'a CallName,
    by: &'a Template,
    fits: Option<&'a Condition>,
    gives: &'a [(String, Template)],
    create: Option<&'a CallName>,
}

impl<'a> Preparer<'a> {
    /// What the service itself asks for, by the names it goes by in templates.
    fn things(&self) -> Result<Vec<(String, Want<'a>)>, Halt> {
        let setup = self.asker.ground.setup;
        let mut wants = Vec::new();
        for thing in &setup.service.prepare {
            if !program::holds(thing.when.as_ref(), &self.scope).map_err(Halt::Refused)? {
                continue;
            }
            let want = compiled(Engine::strict(), &thing.want)?.value(&self.scope).map_err(refused)?;
            let named = want.as_str().map_or_else(|| want.to_string(), str::to_string);
            let want = Want {
                label: format!("{} `{named}`", thing.name),
                scope: self.scope.with("want", &want),
                listing: &thing.listing,
                by: &thing.by,
                fits: None,
                gives: &thing.gives,
                // A number is an id, and ids are given, not taken.
                create: thing.create.as_ref().filter(|_| !want.is_number()),
            };
            wants.push((thing.name.clone(), want));
        }
        Ok(wants)
    }

    /// Custom attributes that live in the account, by their names.
    fn attributes(&self) -> Vec<(String, Want<'a>)> {
        let setup = self.asker.ground.setup;
        let Some((custom, known)) =
            setup.service.custom.as_ref().and_then(|custom| Some((custom, custom.known.as_ref()?)))
        else {
            return Vec::new();
        };
        let want = |field: &PlannedField| {
            let native = field.placement.native.clone();
            let same =
                |kind: &&CustomType| kind.placement.native == native && kind.placement.wire == field.placement.wire;
            let word = custom.types.iter().find(same).map(|kind| kind.word.clone());
            let facts = json!({"name": field.name, "native": native, "type": word});
            Want {
                label: format!("attribute `{}`", field.name),
                scope: self.scope.with("field", &facts),
                listing: &known.listing,
                by: &known.by,
                fits: known.fits.as_ref(),
                gives: &known.gives,
                create: known.create.as_ref().filter(|_| custom.create && field.create),
            }
        };
        let fields = setup.fields.iter().filter(|field| field.custom);
        fields.map(|field| (field.name.clone(), want(field))).collect()
    }

    /// Everything is looked at before anything is made: much of what an account is given cannot be taken back, and all that is
    /// wrong is told at once.
    async fn look<'w>(&mut self, wants: impl Iterator<Item = &'w Want<'a>>) -> Result<(), Halt>
    where
        'a: 'w,
    {
        let mut wrong = Vec::new();
        for want in wants {
            if !self.may_read(want.listing) {
                continue;
            }
            self.read(want.listing).await?;
            match self.found(want) {
                Ok(None) if want.create.is_none() => wrong.push(format!("the destination has no {}", want.label)),
                Err(Halt::NotReady(why)) => wrong.push(why),
                Err(other) => return Err(other),
                Ok(_) => {}
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Halt::NotReady(wrong.join("; "))) }
    }

    async fn ensure(&mut self, want: Want<'a>) -> Result<Map<String, Json>, Halt> {
        if !self.may_read(want.listing) {
            self.foresee(&want);
            self.made.unseen.push(want.label.clone());
            return Ok(placeholder(want.gives));
        }
        let Some(create) = want.create else { return self.there(&want, "was there, and is not any more").await };
        if let Some(found) = self.found(&want)? {
            return Ok(found);
        }
        self.made.created.push(want.label.clone());
        if self.depth != Depth::Create {
            self.foresee_creation(create, &want);
            return Ok(placeholder(want.gives));
        }
        if let Some(given) = self.create(create, &want).await? {
            return Ok(given);
        }
        self.listings.remove(want.listing);
        self.there(&want, "was created, and is not there").await
    }

    async fn there(&mut self, want: &Want<'a>, otherwise: &str) -> Result<Map<String, Json>, Halt> {
        self.read(want.listing).await?;
        self.found(want)?.ok_or_else(|| Halt::Refused(format!("{} {otherwise}", want.label)))
    }

    /// What a run will ask where a plan may not: a listing of nobody knows how many pages, and perhaps a creation.
    fn foresee(&mut self, want: &Want<'_>) {
        if !self.made.asked.iter().any(|asked| asked.call == *want.listing) {
            self.count(want.listing, &want.scope, Span { from: 1, to: None });
        }
        if let Some(create) = want.create {
            self.count(create, &want.scope, Span::between(0, 1));
        }
    }

    fn foresee_creation(&mut self, create: &CallName, want: &Want<'_>) {
        self.count(create, &want.scope, Span::exactly(1));
        let calls = &self.asker.ground.setup.service.calls;
        if calls.get(create).is_some_and(|call| call.gives.is_empty()) {
            // It is found where it was missed.
            let pages = self.pages.get(want.listing).copied().unwrap_or(1);
            self.count(want.listing, &want.scope, Span::exactly(pages));
        }
    }

    fn count(&mut self, name: &CallName, scope: &Scope, requests: Span<u64>) {
        if let Some(known) = self.made.asked.iter_mut().find(|asked| asked.call == *name) {
            known.requests += requests;
            return;
        }
        let Some(call) = self.asker.ground.setup.service.calls.get(name) else { return };
        self.made.asked.push(Asked {
            call: name.clone(),
            method: call.method.clone(),
            endpoint: call::endpoint(call, self.asker.ground.setup, scope),
            requests,
            limiters: call::limiters(call, &self.asker.ground).unwrap_or_default(),
        });
    }

    fn may_read(&self, listing: &CallName) -> bool {
        match self.depth {
            Depth::Offline => false,
            Depth::Look => self.asker.ground.setup.service.calls.get(listing).is_some_and(|call| call.plan),
            Depth::Create => true,
        }
    }

    async fn read(&mut self, listing: &CallName) -> Result<(), Halt> {
        if self.listings.contains_key(listing) {
            return Ok(());
        }
        let before = self.asker.line.delivery.requests();
        let items = self.asker.list(listing, &self.scope).await?;
        let pages = self.asker.line.delivery.requests() - before;
        self.pages.insert(listing.clone(), pages);
        self.count(listing, &self.scope.clone(), Span::exactly(pages));
        self.listings.insert(listing.clone(), items);
        Ok(())
    }

    /// In a listing that was read.
    fn found(&self, want: &Want<'_>) -> Result<Option<Map<String, Json>>, Halt> {
        let by = compiled(Engine::lenient(), want.by)?;
        let Some(by) = by.expression() else { return Err(Halt::Refused("`by` is not one expression".to_string())) };
        for item in self.listings.get(want.listing).into_iter().flatten() {
            let scope = want.scope.with_datum("item", item.clone());
            if by.truth(&scope).unwrap_or(false) {
                let found = given(want.gives, &scope)?;
                return self.fitting(want, &scope, &found).map(|()| Some(found));
            }
        }
        Ok(None)
    }

    /// What is there under the name may be something else: another type, for which the mapping has no values.
    fn fitting(&self, want: &Want<'_>, scope: &Scope, found: &Map<String, Json>) -> Result<(), Halt> {
        let Some(fits) = want.fits else { return Ok(()) };
        let fits = Engine::lenient().expression(&fits.0).map_err(refused)?;
        if fits.truth(scope).unwrap_or(false) {
            return Ok(());
        }
        let told = found.iter().map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or(&value.to_string())));
        let told: Vec<String> = told.collect();
        let kind = found.get("type").and_then(Json::as_str);
        let types = self.asker.ground.setup.service.account_fields.iter().flat_map(|known| &known.types);
        let mapped = types.into_iter().any(|(word, _)| Some(word.as_str()) == kind);
        let advice = if mapped { "; `map` writes it as what it is" } else { "" };
        Err(Halt::NotReady(format!("{} is there as something else ({}){advice}", want.label, told.join(", "))))
    }

    /// What the creation gives; `None` where the listing has to say.
    async fn create(&mut self, name: &CallName, want: &Want<'_>) -> Result<Option<Map<String, Json>>, Halt> {
        self.count(name, &want.scope, Span::exactly(1));
        let (answer, scope) = self.asker.call(name, &want.scope).await?;
        let gives =
            self.asker.ground.setup.service.calls.get(name).map(|call| call.gives.as_slice()).unwrap_or_default();
        match answer {
            Answer::Relist => Ok(None),
            _ if gives.is_empty() => Ok(None),
            _ => given(gives, &scope).map(Some),
        }
    }
}

/// What an attribute is known by in the account: its id, or else its name.
fn attribute_id(name: &str, found: &Map<String, Json>) -> String {
    match found.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_string)) {
        // Two that are still to be created are two.
        Some(id) if id == unknown("id") => unknown(name),
        Some(id) => id,
        None => name.to_string(),
    }
}

pub fn given(gives: &[(String, Template)], scope: &Scope) -> Result<Map<String, Json>, Halt> {
    let values = gives.iter().map(|(name, template)| {
        let value = compiled(Engine::lenient(), template)?.value(scope).map_err(refused)?;
        Ok((name.clone(), value))
    });
    values.collect()
}

/// Stands for what is not known before it is created.
fn placeholder(gives: &[(String, Template)]) -> Map<String, Json> {
    gives.iter().map(|(name, _)| (name.clone(), json!(unknown(name)))).collect()
}

fn unknown(name: &str) -> String {
    format!("({name})")
}
