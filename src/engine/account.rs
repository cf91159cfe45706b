//! Before anything is compared: what accounts have to say of the fields that activations map.

use std::collections::BTreeMap;

use super::deliver;
use super::session::{base_url, chosen, keys_set, redactor, run_id};
use super::tell::stopped;
use super::{Options, StopSignal, Trouble};
use crate::emit::{self, Journal, Limiters, RunFacts, Setup};
use crate::ir::account::{Account, Wanted};
use crate::ir::catalog::ANY;
use crate::ir::ident::ActivationName;
use crate::ir::run::Stopped;
use crate::ir::spec::{Activation, Connection, FieldTarget, Spec};
use crate::world::World;

/// What accounts said, and the limiters and tokens that asking them used.
#[derive(Default)]
pub struct Accounts {
    pub limiters: Limiters,
    said: BTreeMap<ActivationName, Said>,
}

/// What came of asking for one activation.
#[derive(Clone, Debug)]
pub enum Said {
    Told(Account),
    /// Not asked; fields and identifiers that nobody has verified.
    Unasked(Vec<String>),
    Failed(Stopped),
}

impl Accounts {
    pub fn said(&self, activation: &Activation) -> Option<&Said> {
        self.said.get(&activation.name)
    }
}

/// Whether everything may be asked, or only what a plan may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    Plan,
    Run,
}

pub async fn ask(
    world: &dyn World,
    spec: &Spec,
    options: &Options,
    asking: Asking,
    stop: &StopSignal,
) -> Result<Accounts, Trouble> {
    let mut accounts = Accounts::default();
    let asker = Asker { world, spec, options, stop };
    for activation in chosen(spec, options)? {
        let wanted = wanted(activation);
        let Some(connection) = spec.connections.get(&activation.connection).filter(|_| !wanted.is_empty()) else {
            continue;
        };
        let may = !options.offline && (asking == Asking::Run || keys_set(connection) && plan_may(activation));
        let said = match may {
            true => asker.ask(activation, connection, &accounts.limiters, &wanted).await,
            false => Said::Unasked(wanted.all().map(str::to_string).collect()),
        };
        accounts.said.insert(activation.name.clone(), said);
    }
    Ok(accounts)
}

fn wanted(activation: &Activation) -> Wanted {
    let service = &activation.service;
    let names = activation.identify.iter().filter(|one| {
        service.account_fields.is_some() && service.identifier(&one.name).is_some_and(|known| known.name == ANY)
    });
    let mut wanted = Wanted { names: names.map(|one| one.name.clone()).collect(), choosing: Vec::new() };
    for field in &activation.fields {
        match &field.target {
            FieldTarget::Account => wanted.names.push(field.name.to_string()),
            FieldTarget::Known(placement) if placement.choices.is_some() => {
                wanted.choosing.push(field.name.to_string())
            }
            FieldTarget::Known(_) | FieldTarget::CustomTyped { .. } | FieldTarget::CustomByFamily => {}
        }
    }
    wanted
}

/// Every listing that this may take is one that a plan may make.
fn plan_may(activation: &Activation) -> bool {
    let service = &activation.service;
    let account = service.account_fields.iter();
    let fields = account.clone().flat_map(|account| &account.types).map(|(_, placement)| placement);
    let placements = fields.chain(service.fields.iter().map(|field| &field.placement));
    let mut calls = account.map(|account| &account.listing).chain(placements.filter_map(|one| one.choices.as_ref()));
    calls.all(|name| service.calls.get(name).is_some_and(|call| call.plan))
}

struct Asker<'a> {
    world: &'a dyn World,
    spec: &'a Spec,
    options: &'a Options,
    stop: &'a StopSignal,
}

impl Asker<'_> {
    async fn ask(
        &self,
        activation: &Activation,
        connection: &Connection,
        limiters: &Limiters,
        wanted: &Wanted,
    ) -> Said {
        let (world, sandbox) = (self.world, self.options.sandbox.as_ref());
        let base_url = base_url(connection, sandbox);
        let run = RunFacts { id: run_id(world), full: self.options.full, remapped: false, rows: 0, now: world.now() };
        let setup = Setup {
            destination: &activation.destination,
            service: &activation.service,
            settings: &connection.settings,
            base_url: base_url.as_deref(),
            stand_in: base_url.as_deref().filter(|_| sandbox.is_some()),
            options: &activation.options,
            mode: activation.mode,
            identifiers: &[],
            identify_all: activation.identify_all,
            fields: &[],
            run,
        };
        let redactor = redactor(self.spec);
        let asking = async |journal: Journal| {
            emit::account(&setup, limiters, redactor.clone(), world, &journal, self.stop, wanted).await
        };
        match deliver::unheard(asking).await {
            Ok(account) => Said::Told(account),
            Err(halt) => Said::Failed(stopped(&redactor, halt)),
        }
    }
}
