//! Which account a key opens, as the destination itself says it.

use super::ask::Asker;
use super::pace::{Credential, Limiters};
use super::prepare::given;
use super::program::{self, Ground, Prepared, Program, Setup};
use super::retry::Line;
use super::{Delivery, Journal, StopSignal};
use crate::ir::delivery::Halt;
use crate::ir::ident::CallName;
use crate::ir::secret::Redactor;
use crate::world::World;

/// Makes the call that tells it, and gives what it tells by name.
pub async fn owner(
    setup: &Setup<'_>,
    name: &CallName,
    limiters: &Limiters,
    redactor: Redactor,
    world: &dyn World,
    journal: &Journal,
    stop: &StopSignal,
) -> Result<Vec<(String, String)>, Halt> {
    let scope = program::base_scope(setup, &Prepared::default());
    let base = program::base_url(setup, &scope).map_err(Halt::Refused)?;
    let credential = Credential::new(&base, setup.settings.secrets());
    let program = Program::bare(setup, &scope, limiters.token(credential), &redactor).map_err(Halt::Refused)?;
    let delivery = Delivery::of(program, redactor.clone(), 0);
    let asker = Asker {
        line: Line { delivery: &delivery, world, journal, stop },
        ground: Ground { setup, limiters, credential, base: &base, redactor: &redactor },
    };
    let (_, answer) = asker.call(name, &scope).await?;
    let gives = setup.service.calls.get(name).map(|call| call.gives.as_slice()).unwrap_or_default();
    let told = given(gives, &answer)?.into_iter().map(|(fact, value)| match value {
        serde_json::Value::String(text) if !text.trim().is_empty() => Ok((fact, text)),
        serde_json::Value::Number(number) => Ok((fact, number.to_string())),
        _ => Err(Halt::Refused(format!("the answer to `{name}` does not say the {fact}"))),
    });
    told.collect()
}
