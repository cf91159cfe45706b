//! Which calls an activation can come to make, as far as that is known before a run.

use serde_json::Value as Json;

use crate::ir::catalog::{Call, Route, StepAction};
use crate::ir::mode::{ChangeKind, Mode};
use crate::ir::spec::Activation;
use crate::template::{Engine, Scope};

/// The calls of a mode that change something.
pub fn writing_calls(activation: &Activation, mode: Mode) -> Vec<&Call> {
    let routes = activation.service.routes(mode).unwrap_or_default();
    let scopes = scopes(activation, mode);
    let taken = scopes.iter().flat_map(|scope| ChangeKind::ALL.map(|kind| open(routes, kind, scope))).flatten();
    let steps = taken.flat_map(|route| &route.steps);
    let calls = steps.filter_map(|step| match &step.action {
        StepAction::Call(name) => activation.service.calls.get(name),
        StepAction::Scan(_) => None,
    });
    calls.filter(|call| call.writes).collect()
}

/// One for each identifier in use: each has routes of its own.
fn scopes(activation: &Activation, mode: Mode) -> Vec<Scope> {
    let scope = Scope::new()
        .with("setting", &Json::Object(Default::default()))
        .with("option", &activation.options.known(&activation.service.options))
        .with("mode", &mode.name().into());
    let facts = activation.identify.iter().map(|mapping| activation.service.identifier_facts(&mapping.name));
    facts.map(|facts| scope.with("identifier", &facts)).collect()
}

/// Routes that may be taken: those before the first that is taken for certain, and that one. What a condition says of the run
/// or of the connection is not known yet.
fn open<'a>(routes: &'a [Route], kind: ChangeKind, scope: &Scope) -> Vec<&'a Route> {
    let mut found = Vec::new();
    for route in routes.iter().filter(|route| route.rows.contains(&kind)) {
        let truth = route.when.as_ref().map_or(Some(true), |when| {
            let expression = Engine::strict().expression(&when.0).ok()?;
            let known = expression.names().iter().all(|name| name != "run" && name != "setting");
            expression.truth(scope).ok().filter(|_| known)
        });
        if truth != Some(false) {
            found.push(route);
        }
        if truth == Some(true) {
            break;
        }
    }
    found
}
