//! What must exist before the first row: found in one of the account's listings, else created.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::batch::Load;
use super::call::{self, CallPlan};
use super::listing::Page;
use super::pace::{Credential, Limiter, Limiters};
use super::program::{self, Ground, Prepared, Program, Setup};
use super::retry::{Exchange, Line};
use super::{Delivery, Journal, StopSignal};
use crate::ir::catalog::{Answer, CustomType, Template};
use crate::ir::delivery::Halt;
use crate::ir::estimate::Span;
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::ir::secret::Redactor;
use crate::template::{Datum, Engine, Scope, Text};
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
    let scope = program::base_scope(setup, &Prepared::default());
    let base = program::base_url(setup, &scope).map_err(Halt::Refused)?;
    let credential = Credential::new(&base, setup.settings.secrets());
    let program = Program::bare(setup, &scope, limiters.token(credential)).map_err(Halt::Refused)?;
    let delivery = Delivery::of(program, redactor, 0);
    let mut preparer = Preparer {
        line: Line { delivery: &delivery, world, journal, stop },
        ground: Ground { setup, limiters, credential, base: &base },
        scope: match setup.identifiers.is_empty() {
            true => scope,
            false => scope.with("identifier", &program::identifier_facts(setup, 0)),
        },
        depth,
        listings: BTreeMap::new(),
        pages: BTreeMap::new(),
        made: Preparation::default(),
    };
    preparer.things().await?;
    preparer.attributes().await?;
    let mut made = preparer.made;
    made.prepared.requests = delivery.requests();
    Ok(made)
}

struct Preparer<'a> {
    line: Line<'a>,
    ground: Ground<'a>,
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
    gives: &'a [(String, Template)],
    create: Option<&'a CallName>,
}

impl<'a> Preparer<'a> {
    async fn things(&mut self) -> Result<(), Halt> {
        let setup = self.ground.setup;
        for thing in &setup.service.prepare {
            if !program::holds(thing.when.as_ref(), &self.scope).map_err(Halt::Refused)? {
                continue;
            }
            let want = compiled(Engine::strict(), &thing.want)?.value(&self.scope).map_err(refused)?;
            let named = want.as_str().map_or_else(|| want.to_string(), str::to_string);
            let found = self
                .ensure(Want {
                    label: format!("{} `{named}`", thing.name),
                    scope: self.scope.with("want", &want),
                    listing: &thing.listing,
                    by: &thing.by,
                    gives: &thing.gives,
                    create: thing.create.as_ref(),
                })
                .await?;
            self.made.prepared.things.insert(thing.name.clone(), Json::Object(found));
        }
        Ok(())
    }

    /// Custom attributes that live in the account.
    async fn attributes(&mut self) -> Result<(), Halt> {
        let setup = self.ground.setup;
        let Some((custom, known)) =
            setup.service.custom.as_ref().and_then(|custom| Some((custom, custom.known.as_ref()?)))
        else {
            return Ok(());
        };
        for field in setup.fields.iter().filter(|field| field.custom) {
            let native = field.placement.native.clone();
            let same =
                |kind: &&CustomType| kind.placement.native == native && kind.placement.wire == field.placement.wire;
            let word = custom.types.iter().find(same).map(|kind| kind.word.clone());
            let facts = json!({"name": field.name, "native": native, "type": word});
            let want = Want {
                label: format!("attribute `{}`", field.name),
                scope: self.scope.with("field", &facts),
                listing: &known.listing,
                by: &known.by,
                gives: &known.gives,
                create: known.create.as_ref().filter(|_| custom.create),
            };
            let found = self.ensure(want).await?;
            let id = found.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_string));
            self.made.prepared.known.insert(field.name.clone(), id.unwrap_or_else(|| field.name.clone()));
        }
        Ok(())
    }

    async fn ensure(&mut self, want: Want<'a>) -> Result<Map<String, Json>, Halt> {
        if !self.may_read(want.listing) {
            self.foresee(&want);
            self.made.unseen.push(want.label.clone());
            return Ok(placeholder(&want));
        }
        if let Some(found) = self.find(&want).await? {
            return Ok(found);
        }
        let Some(create) = want.create else {
            return Err(Halt::Refused(format!("the destination has no {}", want.label)));
        };
        self.made.created.push(want.label.clone());
        if self.depth != Depth::Create {
            self.foresee_creation(create, &want);
            return Ok(placeholder(&want));
        }
        if let Some(given) = self.create(create, &want).await? {
            return Ok(given);
        }
        self.listings.remove(want.listing);
        self.find(&want).await?.ok_or_else(|| Halt::Refused(format!("{} was created, and is not there", want.label)))
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
        let calls = &self.ground.setup.service.calls;
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
        let Some(call) = self.ground.setup.service.calls.get(name) else { return };
        self.made.asked.push(Asked {
            call: name.clone(),
            method: call.method.clone(),
            endpoint: call::endpoint(call, self.ground.setup, scope),
            requests,
            limiters: call::limiters(call, &self.ground).unwrap_or_default(),
        });
    }

    fn may_read(&self, listing: &CallName) -> bool {
        match self.depth {
            Depth::Offline => false,
            Depth::Look => self.ground.setup.service.calls.get(listing).is_some_and(|call| call.plan),
            Depth::Create => true,
        }
    }

    async fn find(&mut self, want: &Want<'_>) -> Result<Option<Map<String, Json>>, Halt> {
        if !self.listings.contains_key(want.listing) {
            let items = self.list(want.listing).await?;
            self.listings.insert(want.listing.clone(), items);
        }
        let by = compiled(Engine::lenient(), want.by)?;
        let Some(by) = by.expression() else { return Err(Halt::Refused("`by` is not one expression".to_string())) };
        for item in self.listings.get(want.listing).into_iter().flatten() {
            let scope = want.scope.with_datum("item", item.clone());
            if by.truth(&scope).unwrap_or(false) {
                return given(want.gives, &scope).map(Some);
            }
        }
        Ok(None)
    }

    async fn list(&mut self, name: &CallName) -> Result<Vec<Datum>, Halt> {
        let call = self.ground.setup.service.calls.get(name);
        let listing = call.and_then(|call| call.list.as_ref());
        let listing = listing.ok_or_else(|| Halt::Refused(format!("call `{name}` lists nothing")))?;
        let mut page = Page::default();
        let (mut all, mut pages) = (Vec::new(), 0);
        loop {
            let scope = self.scope.with("page", &page.facts());
            let (_, answer) = self.call(name, &scope).await?;
            let items = compiled(Engine::lenient(), &listing.items)?;
            let items = items.expression().map_or(Ok(Vec::new()), |items| items.items(&answer)).map_err(refused)?;
            let count = items.len();
            all.extend(items);
            pages += 1;
            if !page.turn(listing, count, &answer).map_err(Halt::Refused)? {
                self.pages.insert(name.clone(), pages);
                return Ok(all);
            }
        }
    }

    /// What the creation gives; `None` where the listing has to say.
    async fn create(&mut self, name: &CallName, want: &Want<'_>) -> Result<Option<Map<String, Json>>, Halt> {
        let (answer, scope) = self.call(name, &want.scope).await?;
        let gives = self.ground.setup.service.calls.get(name).map(|call| call.gives.as_slice()).unwrap_or_default();
        match answer {
            Answer::Relist => Ok(None),
            _ if gives.is_empty() => Ok(None),
            _ => given(gives, &scope).map(Some),
        }
    }

    /// Makes one call. Anything but success, or `relist`, ends the activation.
    async fn call(&mut self, name: &CallName, scope: &Scope) -> Result<(Answer, Scope), Halt> {
        self.count(name, &self.scope.clone(), Span::exactly(1));
        let call = self.ground.setup.service.calls.get(name);
        let call = call.ok_or_else(|| Halt::Refused(format!("there is no call `{name}`")))?;
        let plan = CallPlan::new(call, 0, scope, &self.ground, &self.line.delivery.program.fields);
        let plan = plan.map_err(|error| Halt::Refused(format!("call `{name}`: {error}")))?;
        match self.line.exchange(&plan, &plan.scope, &mut Load::new(0), &mut 0).await {
            Exchange::Answered { whole, scope, response } => match whole.is {
                Answer::Read | Answer::Every(Verdict::Accepted | Verdict::Found | Verdict::Exists) | Answer::Relist => {
                    Ok((whole.is, scope))
                }
                _ => {
                    let told = whole.reason.unwrap_or_else(|| super::judge::excerpt(&response));
                    Err(Halt::Refused(format!("call `{name}`: {}", self.line.delivery.redactor.scrub(&told))))
                }
            },
            Exchange::Lost(told) | Exchange::Failed(told) => Err(Halt::Unreachable(format!("call `{name}`: {told}"))),
            Exchange::Halted(halt) => Err(halt),
        }
    }
}

fn given(gives: &[(String, Template)], scope: &Scope) -> Result<Map<String, Json>, Halt> {
    let values = gives.iter().map(|(name, template)| {
        let value = compiled(Engine::lenient(), template)?.value(scope).map_err(refused)?;
        Ok((name.clone(), value))
    });
    values.collect()
}

/// Stands for what is not known before it is created: `(id of list VIP)`. Several things that are missing stay apart.
fn placeholder(want: &Want<'_>) -> Map<String, Json> {
    let label = want.label.replace('`', "");
    want.gives.iter().map(|(name, _)| (name.clone(), json!(format!("({name} of {label})")))).collect()
}

fn compiled(engine: Engine, template: &Template) -> Result<Text, Halt> {
    engine.text(template).map_err(|error| Halt::Refused(format!("`{}`: {error}", template.0)))
}

fn refused(error: crate::template::TemplateError) -> Halt {
    Halt::Refused(error.to_string())
}
