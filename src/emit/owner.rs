//! Which account a key opens, as the destination itself says it.

use super::ask::Desk;
use super::pace::Limiters;
use super::prepare::given;
use super::program::Setup;
use super::{Journal, StopSignal};
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
    let desk = Desk::new(setup, limiters, redactor)?;
    let asker = desk.asker(world, journal, stop);
    let (_, answer) = asker.call(name, &desk.scope).await?;
    let gives = setup.service.calls.get(name).map(|call| call.gives.as_slice()).unwrap_or_default();
    let told = given(gives, &answer)?.into_iter().map(|(fact, value)| match value {
        serde_json::Value::String(text) if !text.trim().is_empty() => Ok((fact, text)),
        serde_json::Value::Number(number) => Ok((fact, number.to_string())),
        _ => Err(Halt::Refused(format!("the answer to `{name}` does not say the {fact}"))),
    });
    told.collect()
}
