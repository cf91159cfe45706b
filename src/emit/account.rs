//! What an account says of fields that a pipeline maps: which of its own are meant, of what type, and what may be chosen.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::ask::{Asker, Desk, compiled, refused};
use super::pace::Limiters;
use super::program::Setup;
use super::{Journal, StopSignal};
use crate::ir::account::{Account, AccountField, Choice, Wanted};
use crate::ir::catalog::{AccountFields, Placement, Template};
use crate::ir::delivery::Halt;
use crate::ir::ident::CallName;
use crate::ir::secret::Redactor;
use crate::template::{Datum, Engine, Expression, Scope};
use crate::world::World;

/// Asks what is wanted and no more. What is not found is left out: whoever wanted it knows its place in the file.
pub async fn account(
    setup: &Setup<'_>,
    limiters: &Limiters,
    redactor: Redactor,
    world: &dyn World,
    journal: &Journal,
    stop: &StopSignal,
    wanted: &Wanted,
) -> Result<Account, Halt> {
    let desk = Desk::new(setup, limiters, redactor)?;
    let (asker, scope) = (desk.asker(world, journal, stop), desk.scope.clone());
    let mut reading = Reading { asker, scope, listing: BTreeMap::new(), account: Account::default() };
    reading.fields(wanted).await?;
    for name in &wanted.choosing {
        reading.choosing(name).await?;
    }
    Ok(reading.account)
}

struct Reading<'a> {
    asker: Asker<'a>,
    scope: Scope,
    listing: BTreeMap<CallName, Vec<Datum>>,
    account: Account,
}

impl Reading<'_> {
    async fn fields(&mut self, wanted: &Wanted) -> Result<(), Halt> {
        let service = self.asker.ground.setup.service;
        let Some(known) = service.account_fields.as_ref().filter(|_| !wanted.names.is_empty()) else { return Ok(()) };
        self.names(known).await?;
        for name in &wanted.names {
            let Some(field) = self.find(known, name).await? else { continue };
            let types = known.types.iter().find(|(word, _)| *word == field.kind);
            if let Some(listing) = types.and_then(|(_, placement)| placement.choices.as_ref()) {
                self.choices(name, &field.id, listing).await?;
            }
            self.account.fields.insert(name.clone(), field);
        }
        Ok(())
    }

    /// A field of the definition: its id stands there, or the account knows it by that name.
    async fn choosing(&mut self, name: &str) -> Result<(), Halt> {
        let service = self.asker.ground.setup.service;
        let Some(field) = service.field(name) else { return Ok(()) };
        let Placement { choices: Some(listing), .. } = &field.placement else { return Ok(()) };
        let id = match (field.extra.get("id"), &service.account_fields) {
            (Some(id), _) => Some(id.as_str().map_or_else(|| id.to_string(), str::to_string)),
            (None, Some(known)) => self.find(known, name).await?.map(|field| field.id),
            (None, None) => None,
        };
        match id {
            Some(id) => self.choices(name, &id, listing).await,
            None => Ok(()),
        }
    }

    async fn find(&mut self, known: &AccountFields, name: &str) -> Result<Option<AccountField>, Halt> {
        let (by, scope) = (expression(&known.by)?, self.scope.with("field", &json!({"name": name})));
        let items = self.items(&known.listing).await?;
        let scopes = items.iter().map(|item| scope.with_datum("item", item.clone()));
        let Some(found) = scopes.into_iter().find(|scope| by.truth(scope).unwrap_or(false)) else { return Ok(None) };
        Ok(Some(AccountField { id: text(&known.id, &found)?, kind: text(&known.kind, &found)? }))
    }

    async fn names(&mut self, known: &AccountFields) -> Result<(), Halt> {
        let (names, scope) = (expression(&known.names)?, self.scope.clone());
        let scopes: Vec<Scope> =
            self.items(&known.listing).await?.iter().map(|item| scope.with_datum("item", item.clone())).collect();
        for scope in scopes {
            let Ok(Json::Array(found)) = names.eval(&scope) else { continue };
            let found = found.iter().filter_map(Json::as_str).filter(|name| !name.is_empty());
            self.account.names.extend(found.map(str::to_string));
        }
        Ok(())
    }

    async fn items(&mut self, listing: &CallName) -> Result<&[Datum], Halt> {
        if !self.listing.contains_key(listing) {
            let items = self.asker.list(listing, &self.scope).await?;
            self.listing.insert(listing.clone(), items);
        }
        Ok(self.listing.get(listing).map(Vec::as_slice).unwrap_or_default())
    }

    async fn choices(&mut self, name: &str, id: &str, listing: &CallName) -> Result<(), Halt> {
        let call = self.asker.ground.setup.service.calls.get(listing);
        let choice = call.and_then(|call| call.list.as_ref()?.choice.as_ref());
        let Some((of_id, of_label)) = choice else { return Ok(()) };
        let scope = self.scope.with("field", &json!({"name": name, "id": id}));
        let mut choices = Vec::new();
        for item in self.asker.list(listing, &scope).await? {
            let scope = scope.with_datum("item", item);
            choices.push(Choice { id: text(of_id, &scope)?, label: text(of_label, &scope)? });
        }
        self.account.choices.insert(name.to_string(), choices);
        Ok(())
    }
}

fn expression(template: &Template) -> Result<Expression, Halt> {
    let text = compiled(Engine::lenient(), template)?;
    text.expression().cloned().ok_or_else(|| Halt::Refused(format!("`{}` is not one expression", template.0)))
}

fn text(template: &Template, scope: &Scope) -> Result<String, Halt> {
    let text = compiled(Engine::lenient(), template)?.text(scope).map_err(refused)?;
    Ok(text.unwrap_or_default())
}
