//! Which account each connection opens, asked of the destinations that can say it: a key may be swapped, and everything that a
//! ledger holds was acknowledged by one account.

use std::collections::BTreeMap;

use super::{Session, naming};
use crate::emit::{self, Journal, RunFacts, Setup, StopSignal};
use crate::engine::{deliver, tell};
use crate::ir::delivery::Halt;
use crate::ir::ident::{CallName, DestinationName};
use crate::ir::run::Stopped;
use crate::ir::spec::{Activation, Connection, SettingValue};

/// What is known of a connection's account.
#[derive(Clone, Debug)]
pub enum Owner {
    /// Its destination has no call that says it.
    Nameless,
    Told(Vec<(String, String)>),
    /// Nobody asked.
    Unasked,
    Failed(Stopped),
}

pub type Owners = BTreeMap<DestinationName, Owner>;

impl Owner {
    /// Names of the facts that a destination tells of its accounts.
    pub fn facts(activation: &Activation) -> Vec<&str> {
        let call = activation.destination.account.as_ref().and_then(|name| activation.service.calls.get(name));
        call.into_iter().flat_map(|call| &call.gives).map(|(fact, _)| fact.as_str()).collect()
    }
}

impl<'a> Session<'a> {
    /// Asks once for each connection.
    pub async fn owners(&self, chosen: &[&'a Activation], stop: &StopSignal) -> Owners {
        let mut owners = Owners::new();
        for activation in chosen {
            let Some(connection) = self.spec.connections.get(&activation.connection) else { continue };
            if !owners.contains_key(&activation.connection) {
                let owner = self.owner(activation, connection, stop).await;
                owners.insert(activation.connection.clone(), owner);
            }
        }
        owners
    }

    async fn owner(&self, activation: &Activation, connection: &Connection, stop: &StopSignal) -> Owner {
        let Some(name) = &activation.destination.account else { return Owner::Nameless };
        if self.options.offline || !keys_set(connection) {
            return Owner::Unasked;
        }
        match self.ask(activation, connection, name, stop).await {
            Ok(told) => Owner::Told(told),
            Err(halt) => Owner::Failed(tell::stopped(&self.redactor, halt)),
        }
    }

    async fn ask(
        &self,
        activation: &Activation,
        connection: &Connection,
        name: &CallName,
        stop: &StopSignal,
    ) -> Result<Vec<(String, String)>, Halt> {
        let base_url = naming::base_url(connection, self.options.sandbox.as_ref());
        let setup = Setup {
            destination: &activation.destination,
            service: &activation.service,
            settings: &connection.settings,
            base_url: base_url.as_deref(),
            stand_in: base_url.as_deref().filter(|_| self.options.sandbox.is_some()),
            options: &activation.options,
            mode: activation.mode,
            identifiers: &[],
            identify_all: false,
            fields: &[],
            run: RunFacts {
                id: self.run.clone(),
                full: self.options.full,
                remapped: false,
                rows: 0,
                now: self.world.now(),
            },
        };
        let asking = async |journal: Journal| {
            let redactor = self.redactor.clone();
            emit::owner(&setup, name, &self.limiters, redactor, self.world, &journal, stop).await
        };
        deliver::unheard(asking).await
    }
}

/// A destination can be asked only with all its secrets at hand.
pub fn keys_set(connection: &Connection) -> bool {
    !connection.settings.0.values().any(|value| matches!(value, SettingValue::Unset))
}
