//! Which account each connection opens, asked of the destinations that can say it: a key may be swapped, and everything that a
//! ledger holds was acknowledged by one account.

use std::collections::BTreeMap;

use super::{Session, naming};
use crate::emit::{self, Journal, RunFacts, Setup, StopSignal};
use crate::engine::{deliver, run};
use crate::ir::delivery::Halt;
use crate::ir::ident::{CallName, DestinationName};
use crate::ir::run::Stopped;
use crate::ir::spec::{Activation, Connection, SettingValue};

/// What is known of a connection's account.
#[derive(Clone, Debug)]
pub enum Account {
    /// Its destination has no call that says it.
    Nameless,
    Told(Vec<(String, String)>),
    /// Nobody asked.
    Unasked,
    Failed(Stopped),
}

pub type Accounts = BTreeMap<DestinationName, Account>;

impl Account {
    /// Names of the facts that a destination tells of its accounts.
    pub fn facts(activation: &Activation) -> Vec<&str> {
        let call = activation.destination.account.as_ref().and_then(|name| activation.service.calls.get(name));
        call.into_iter().flat_map(|call| &call.gives).map(|(fact, _)| fact.as_str()).collect()
    }
}

impl<'a> Session<'a> {
    /// Asks once for each connection.
    pub async fn accounts(&self, chosen: &[&'a Activation], stop: &StopSignal) -> Accounts {
        let mut accounts = Accounts::new();
        for activation in chosen {
            let Some(connection) = self.spec.connections.get(&activation.connection) else { continue };
            if !accounts.contains_key(&activation.connection) {
                let account = self.account(activation, connection, stop).await;
                accounts.insert(activation.connection.clone(), account);
            }
        }
        accounts
    }

    async fn account(&self, activation: &Activation, connection: &Connection, stop: &StopSignal) -> Account {
        let Some(name) = &activation.destination.account else { return Account::Nameless };
        if self.options.offline || !keys_set(connection) {
            return Account::Unasked;
        }
        match self.ask(activation, connection, name, stop).await {
            Ok(told) => Account::Told(told),
            Err(halt) => Account::Failed(run::halted(self, halt)),
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
            emit::account(&setup, name, &self.limiters, redactor, self.world, &journal, stop).await
        };
        deliver::unheard(asking).await
    }
}

/// A destination can be asked only with all its secrets at hand.
pub fn keys_set(connection: &Connection) -> bool {
    !connection.settings.0.values().any(|value| matches!(value, SettingValue::Unset))
}
