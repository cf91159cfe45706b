//! Calls that concern no row: what they list, what they create.

use super::batch::Load;
use super::call::CallPlan;
use super::lanes::Share;
use super::listing::Page;
use super::pace::{Credential, Limiters};
use super::program::{self, Ground, Prepared, Program, Setup};
use super::retry::{Exchange, Line};
use super::{Delivery, Journal, StopSignal};
use crate::ir::catalog::{Answer, Template};
use crate::ir::delivery::Halt;
use crate::ir::ident::CallName;
use crate::ir::mode::Verdict;
use crate::ir::secret::Redactor;
use crate::template::{Datum, Engine, Scope, Text};
use crate::world::World;

/// What such calls are made with, compiled without a row.
pub struct Desk<'a> {
    setup: &'a Setup<'a>,
    limiters: &'a Limiters,
    redactor: Redactor,
    base: String,
    credential: Credential,
    pub delivery: Delivery,
    /// Without `prepared`, of which nothing is known yet.
    pub scope: Scope,
}

impl<'a> Desk<'a> {
    pub fn new(setup: &'a Setup<'a>, limiters: &'a Limiters, redactor: Redactor) -> Result<Desk<'a>, Halt> {
        let scope = program::base_scope(setup, &Prepared::default());
        let base = program::base_url(setup, &scope).map_err(Halt::Refused)?;
        let credential = Credential::new(&base, setup.settings.secrets());
        let program = Program::bare(setup, &scope, limiters.token(credential), &redactor).map_err(Halt::Refused)?;
        let delivery = Delivery::of(program, redactor.clone(), 0);
        Ok(Desk { setup, limiters, redactor, base, credential, delivery, scope })
    }

    pub fn asker<'d>(&'d self, world: &'d dyn World, journal: &'d Journal, stop: &'d StopSignal) -> Asker<'d> {
        let Desk { setup, limiters, redactor, base, credential, delivery, .. } = self;
        Asker {
            line: Line { delivery, world, journal, stop, share: Share::WHOLE },
            ground: Ground { setup, limiters, credential: *credential, base, redactor },
        }
    }
}

pub struct Asker<'a> {
    pub line: Line<'a>,
    pub ground: Ground<'a>,
}

impl Asker<'_> {
    /// All items of a listing, page by page.
    pub async fn list(&self, name: &CallName, scope: &Scope) -> Result<Vec<Datum>, Halt> {
        let call = self.ground.setup.service.calls.get(name);
        let listing = call.and_then(|call| call.list.as_ref());
        let listing = listing.ok_or_else(|| Halt::Refused(format!("call `{name}` lists nothing")))?;
        let mut page = Page::default();
        let mut all = Vec::new();
        loop {
            let scope = scope.with("page", &page.facts());
            let (_, answer) = self.call(name, &scope).await?;
            let items = compiled(Engine::lenient(), &listing.items)?;
            let items = items.expression().map_or(Ok(Vec::new()), |items| items.items(&answer)).map_err(refused)?;
            let count = items.len();
            all.extend(items);
            if !page.turn(listing, count, &answer).map_err(Halt::Refused)? {
                return Ok(all);
            }
        }
    }

    /// Makes one call. Anything but success, or `relist`, ends the activation.
    pub async fn call(&self, name: &CallName, scope: &Scope) -> Result<(Answer, Scope), Halt> {
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
                    let told = whole.reason.unwrap_or_else(|| plan.judge.excerpt(&response));
                    Err(Halt::Refused(format!("call `{name}`: {told}")))
                }
            },
            Exchange::Lost(told) | Exchange::Failed(told) => Err(Halt::Unreachable(format!("call `{name}`: {told}"))),
            Exchange::Halted(halt) => Err(halt),
        }
    }
}

pub fn compiled(engine: Engine, template: &Template) -> Result<Text, Halt> {
    engine.text(template).map_err(|error| Halt::Refused(format!("`{}`: {error}", template.0)))
}

pub fn refused(error: crate::template::TemplateError) -> Halt {
    Halt::Refused(error.to_string())
}
